// What the reviewer thinks of the decision on screen. Only the reviewer's own words travel from here: what was
// decided is kept by the server, and in blind mode it has not even been sent. From the click that opens another case
// until it stands there, and while none does, no verdict is taken. What is asked in addition stands above the buttons,
// and what they came to below them in a place of its own, so that nothing moves under the pointer.
import { el, put } from "../lib/dom.js";
import { emit, on } from "../lib/events.js";
import { findingName, labelled, phrase, t } from "../lib/i18n.js";
import { panelHead, toggle } from "../lib/parts.js";
import { setBlind } from "./blind.js";
import { HERE, toggleMarking, WRONG } from "./marking.js";
import { readerName, rememberName } from "./reader.js";
import { lettersSave, onShortcut, shortcutHelp } from "./shortcuts.js";

/** @import * as m from "../lib/messages.d.ts" */
/** @import { Boxed, Mount } from "../lib/types.d.ts" */

const PATIENCE_MS = 5000; // after which a verdict without an answer is said not to be saved

/** @type {Mount} */
export const mount = ({ element, trigger, value, watch }) => {
  /** @type {m.Form} */
  const setup = value();
  let state = setup;
  let changed = false;
  let told = ""; // the reader's name as the server last said it
  /** @type {{ case?: string, model?: string }} */
  let opened = {};
  /** @type {{ boxes: Boxed[], words: number[] }} */
  const marks = { boxes: [], words: [] };
  let busy = false;
  let isKeptBack = false; // the model's answer: there is nothing to agree with

  const blind = toggle("flag.blind", ".bl-compact", () => trigger("blind", { on: !state.blind }));
  const shortcuts = shortcutHelp(() => update());
  const buttons = ["agree", "disagree", "unsure"].map((verdict) =>
    toggle(`verdict.${verdict}`, `.bl-say.bl-say-${verdict}`, () => choose(verdict), {
      "data-verdict": verdict,
      "aria-keyshortcuts": verdict[0],
    }),
  );
  const findings = setup.findings.map((finding, place) => {
    const text = el("span", findingName(finding));
    on("language", () => (text.textContent = findingName(finding)));
    return el(
      "label.bl-choice",
      { "aria-keyshortcuts": place < 9 ? String(place + 1) : null },
      el("input", { type: setup.single ? "radio" : "checkbox", name: "bl-flag-finding", value: finding }),
      text,
    );
  });
  const legend = phrase("legend", "flag.corrected");
  const corrected = el("fieldset.bl-field.bl-flag-findings", legend, el("div.bl-choices", ...findings));
  const boxes = [...corrected.querySelectorAll("input")];
  const evidence = el(
    "select.bl-select",
    { id: "bl-flag-evidence" },
    ...["neither", "image", "text", "both"].map((name) => phrase("option", `evidence.${name}`, { value: name })),
  );
  const comment = el("textarea.bl-input", { rows: 2, maxlength: 4000, id: "bl-flag-comment" });
  const reviewer = el("input.bl-input", { maxlength: 120, id: "bl-flag-reviewer", autocomplete: "name" });
  /** @param {string} key @param {HTMLElement} input @param {string} [extra] */
  const field = (key, input, extra = "") => el(`div.bl-field${extra}`, phrase("label", key, { for: input.id }), input);
  const details = el("div", field("flag.evidence", evidence, ".bl-flag-line"), field("flag.comment", comment));
  const nameless = phrase("button.bl-toggle.bl-compact", "flag.nameless", {
    onclick: () => {
      knows = true;
      giveAsked();
    },
  });
  const named = phrase("button.bl-toggle.bl-compact.bl-primary", "flag.named", { onclick: () => giveAsked() });
  const who = el(
    "div.bl-field.bl-flag-line.bl-flag-who",
    phrase("label", "flag.reviewer", { for: reviewer.id }),
    reviewer,
    named,
    nameless,
  );
  const more = phrase("button.bl-toggle.bl-compact.bl-flag-more", "flag.more", {
    "aria-expanded": "false",
    onclick: () => {
      unfolded = !unfolded;
      update();
    },
  });
  const marked = el("span.bl-muted.bl-num");
  const found = el("ul.bl-flag-found", labelled("flag.found"));
  const markline = el(
    "div.bl-flag-marks",
    { hidden: true },
    el("div", marked, found),
    phrase("button.bl-toggle.bl-compact", "flag.clear_marks", { onclick: () => emit("clear-marks") }),
  );
  const save = phrase("button.bl-button.bl-primary", "flag.save", { type: "submit", "aria-keyshortcuts": "s" });
  const undo = phrase("button.bl-toggle", "flag.undo", {
    "aria-keyshortcuts": "z",
    disabled: true,
    onclick: () => trigger("undo"),
  });
  const next = phrase("button.bl-toggle", "flag.next", {
    "aria-keyshortcuts": "n",
    onclick: () => emit("next-case"),
  });
  const outcome = el("p.bl-outcome", { role: "status" });
  const retry = phrase("button.bl-toggle.bl-compact.bl-flag-retry", "flag.retry", {
    hidden: true,
    onclick: () => pending && send(pending),
  });
  const said = el("p.bl-muted.bl-flag-note");
  const form = el(
    "form.bl-panel.bl-flag",
    labelled("flag.title"),
    panelHead("flag.title", el("span", shortcuts.button, shortcuts.list), el("span.bl-push", more, " ", blind)),
    said,
    el("div.bl-flag-asked", corrected, markline, details, save),
    who,
    el("div.bl-flag-says", { role: "group", ...labelled("flag.verdict") }, ...buttons),
    el("div.bl-flag-foot", undo, next),
    el("div.bl-outcome-line", outcome, retry),
  );
  element.replaceChildren(form);

  let attempt = ""; // until it is answered
  /** @type {Record<string, unknown> | null} */
  let pending = null; // what was sent and has no answer
  let patience = 0;
  let locked = true; // no case stands on the stage, or another is being opened
  let writing = false; // what a disagreement is about
  /** @type {m.Offered["judged"]} */
  let saved = ""; // the verdict of this case that is safe
  let asked = ""; // the verdict that waits for a name
  let knows = state.login || readerName() !== null; // who the reader is, or that they will not say
  let unfolded = false;
  /** @type {string[]} */
  let ticked = []; // as the form came

  // A verdict is about a case as it came; the server refuses any other.
  on("changed", (now) => {
    if (changed !== now) say(now ? "flag.changed" : null, {}, now);
    changed = now;
    update();
  });
  /** @param {boolean} now */
  const lock = (now) => {
    locked = now;
    update();
  };
  on("opening", () => lock(true));
  on("not-opened", () => {
    say(null);
    lock(true);
  });
  on("opened", (now) => {
    opened = now;
    lock(false);
  });
  // Whether it was saved nobody can tell; sent again, it is kept once.
  const unanswered = () => {
    clearTimeout(patience);
    if (!busy) return;
    busy = false;
    say("flag.unanswered", {}, true);
    retry.hidden = false;
    update();
  };
  on("unanswered", (body) => body.includes('"wrong_words"') && unanswered());
  on("no-next", (by) => say(by > 0 ? "flag.no_next" : "flag.no_previous", {}));
  on("boxes", (drawn) => {
    // Who says where a finding is says that it is there.
    const fresh = drawn.filter((boxed) => boxed.finding && !marks.boxes.includes(boxed));
    for (const box of boxes) if (fresh.some(({ finding }) => finding === box.value)) box.checked = true;
    marks.boxes = drawn;
    update();
  });
  on("wrong-words", (words) => {
    marks.words = words;
    update();
  });

  const isMarked = () => marks.boxes.length + marks.words.length > 0;
  const wrong = () => marks.boxes.filter(({ finding }) => !finding).map(({ box }) => box);
  // Each is named, and a button takes it away again.
  const drawFound = () => {
    const all = marks.boxes.map(({ finding }, place) => {
      if (!finding) return null;
      const name = findingName(finding);
      const remove = el("button.bl-toggle.bl-compact.bl-flag-here", {
        "aria-label": t("flag.remove_box", { finding: name }),
        title: t("flag.remove_box", { finding: name }),
        text: `${name} ×`,
        onclick: () => emit("remove-box", place),
      });
      return el("li", remove);
    });
    put(found, ...all);
    found.hidden = !found.childElementCount;
  };

  const update = () => {
    const { veiled } = state;
    const lists = veiled || writing;
    const open = unfolded || writing;
    const shut = changed || busy || locked || !state.may;
    more.ariaExpanded = String(unfolded);
    blind.ariaPressed = String(state.blind);
    for (const button of buttons) {
      button.hidden = veiled && button.dataset.verdict !== "unsure";
      const isUnanswered = isKeptBack && button.dataset.verdict === "agree";
      button.disabled = shut || isUnanswered;
      button.title = isUnanswered ? t("flag.kept") : "";
      const lit = writing ? "disagree" : asked || saved;
      button.ariaPressed = String(button.dataset.verdict === lit);
    }
    corrected.hidden = !lists;
    details.hidden = !open;
    form.classList.toggle("bl-open", open);
    form.classList.toggle("bl-letters", lettersSave());
    form.dataset.veiled = String(veiled);
    save.hidden = !lists;
    save.disabled = shut;
    undo.disabled = !state.undoable;
    markline.hidden = !isMarked();
    const regions = wrong().length;
    marked.hidden = !(regions + marks.words.length);
    marked.textContent = t("flag.marks", { regions, words: marks.words.length });
    drawFound();
    legend.textContent = t(veiled ? "flag.findings_blind" : "flag.corrected");
    said.hidden = !veiled && state.may;
    said.textContent = t(state.may ? "flag.blind_note" : "flag.viewer");
    reviewer.disabled = state.login;
    who.classList.toggle("bl-asked", Boolean(asked));
    named.hidden = nameless.hidden = !asked;
  };
  /** @param {string | null} key @param {Record<string, unknown>} [values] @param {boolean} [bad] */
  const say = (key, values, bad = false) => {
    retry.hidden = true;
    outcome.textContent = key ? t(key, values) : "";
    outcome.classList.toggle("bl-bad", bad);
  };
  /** @param {string[] | undefined} labels */
  const tick = (labels) => {
    ticked = labels || [];
    for (const box of boxes) box.checked = ticked.includes(box.value);
  };
  const labels = () => boxes.filter((box) => box.checked).map((box) => box.value);
  // A disagreement says what differs.
  const differs = () =>
    isMarked() ||
    comment.value.trim() !== "" ||
    evidence.value !== "neither" ||
    labels().join() !==
      boxes
        .map((box) => box.value)
        .filter((name) => ticked.includes(name))
        .join();
  /** @param {Record<string, unknown>} what */
  const send = (what) => {
    if (busy || changed || locked) return;
    busy = true;
    pending = what;
    say("flag.saving");
    update();
    clearTimeout(patience);
    patience = setTimeout(unanswered, PATIENCE_MS);
    trigger("submit", what);
  };
  /** @param {string} now */
  const give = (now) => {
    if (busy || changed || locked) return;
    if (now === "disagree" && !differs()) return say("flag.say_what", {}, true);
    if (!knows && !reviewer.value.trim()) {
      asked = now;
      update();
      reviewer.focus();
      return;
    }
    asked = "";
    if (!state.login) rememberName(reviewer.value.trim());
    attempt ||= `${Date.now()}-${Math.random()}`;
    send({
      attempt,
      case: opened.case,
      model: opened.model,
      verdict: now,
      wrong_evidence: evidence.value,
      comment: comment.value,
      reviewer: reviewer.value,
      wrong_regions: wrong(),
      wrong_words: marks.words,
      finding_boxes: marks.boxes.filter(({ finding }) => finding).map(({ finding, box }) => [finding, ...box]),
      corrected_labels: now === "disagree" || now === "findings" ? labels() : [],
    });
  };
  const giveAsked = () => asked && give(asked);
  reviewer.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    if (reviewer.value.trim()) giveAsked();
  });
  // Agreeing and being unsure need no more; who disagrees says what it really is. A second click on what is
  // saved already is no second verdict.
  /** @param {string} now */
  const choose = (now) => {
    if (changed || busy || locked || (now === "agree" && isKeptBack) || (now === saved && now !== "disagree")) return;
    writing = now === "disagree" && !writing;
    asked = "";
    say(null);
    update();
    if (now !== "disagree") give(now);
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!save.hidden) give(state.veiled ? "findings" : "disagree");
  });

  onShortcut(form, {
    a: () => lettersSave() && !state.veiled && choose("agree"),
    d: () => !state.veiled && choose("disagree"),
    u: () => lettersSave() && choose("unsure"),
    s: () => lettersSave() && !save.hidden && form.requestSubmit(),
    n: () => emit("next-case"),
    p: () => emit("previous-case"),
    z: () => lettersSave() && !undo.disabled && trigger("undo"),
    b: () => blind.click(),
    m: () => toggleMarking(WRONG),
    l: () => toggleMarking(HERE),
    w: () => emit("to-words"),
    "?": () => shortcuts.list.togglePopover(),
    ...Object.fromEntries(
      findings
        .slice(0, 9)
        .map((label, place) => [String(place + 1), () => !corrected.hidden && label.querySelector("input").click()]),
    ),
  });

  const load = () => {
    state = value();
    const now = state.outcome;
    if (now) {
      busy = false;
      clearTimeout(patience);
      attempt = "";
      pending = null;
    }
    // What is typed meanwhile stays.
    if (state.reviewer && state.reviewer !== told) reviewer.value = told = state.reviewer;
    if (now?.fresh) {
      comment.value = "";
      evidence.value = "neither";
      saved = asked = "";
      writing = unfolded = false;
      emit("clear-marks");
      tick(now.labels);
      say(null);
    } else if (now) {
      if (now.lifted) {
        tick(now.labels);
        if (now.answered) emit("answered", { case: opened.case, said: now.answered, decided: now.labels });
        trigger("lift");
      }
      if (now.flag_id) {
        saved = now.key === "flag.undone" ? "" : now.verdict;
        writing = false;
        emit("saved", { study: now.study, verdict: saved });
      }
      form.dataset.flag = now.flag_id || "";
      outcome.title = now.flag_id || "";
      say(now.key, now.values, now.bad);
    }
    setBlind(state.blind);
    update();
  };
  watch(load);
  on("language", update);
  on("kept", (on) => {
    isKeptBack = on;
    update();
  });
  const name = readerName();
  if (name && !state.login) {
    reviewer.value = name;
    trigger("named", { name }); // the page was loaded anew
  }
  update();
};
