// What the reviewer thinks of the decision on screen. Only the reviewer's own words travel from here: what was
// decided is kept by the server, and in blind mode it has not even been sent.
import { el } from "../lib/dom.js";
import { emit, on } from "../lib/events.js";
import { findingName, labelled, phrase, t } from "../lib/i18n.js";
import { panelHead, toggle } from "../lib/parts.js";
import { setBlind } from "./blind.js";
import { onShortcut, shortcutHelp } from "./shortcuts.js";

/** @import * as m from "../lib/messages.d.ts" */
/** @import { Box, Mount } from "../lib/types.d.ts" */

/** @type {Mount} */
export const mount = ({ element, trigger, value, watch }) => {
  /** @type {m.Form} */
  const setup = value();
  let state = setup;
  let changed = false;
  /** @type {{ case?: string, model?: string }} */
  let opened = {};
  /** @type {{ regions: Box[], words: number[] }} */
  const marks = { regions: [], words: [] };
  let busy = false;

  const blind = toggle("flag.blind", ".bl-compact", () => trigger("blind", { on: !state.blind }));
  const shortcuts = shortcutHelp();
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
  const details = el(
    "div",
    field("flag.evidence", evidence, ".bl-flag-line"),
    field("flag.comment", comment),
    field("flag.reviewer", reviewer, ".bl-flag-line"),
  );
  const more = phrase("button.bl-toggle.bl-compact.bl-flag-more", "flag.more", {
    "aria-expanded": "false",
    onclick: () => {
      unfolded = !unfolded;
      update();
    },
  });
  const marked = el("span.bl-muted.bl-num");
  const markline = el(
    "p.bl-flag-marks",
    { hidden: true },
    marked,
    phrase("button.bl-toggle.bl-compact", "flag.clear_marks", { onclick: () => emit("clear-marks") }),
  );
  const save = phrase("button.bl-button.bl-primary", "flag.save", { type: "submit", "aria-keyshortcuts": "s" });
  const undo = phrase("button.bl-toggle", "flag.undo", {
    "aria-keyshortcuts": "z",
    onclick: () => trigger("undo"),
  });
  const next = phrase("button.bl-toggle", "flag.next", {
    "aria-keyshortcuts": "n",
    onclick: () => emit("next-case"),
  });
  const outcome = el("p.bl-outcome", { role: "status" });
  const said = el("p.bl-muted.bl-flag-note");
  const form = el(
    "form.bl-panel.bl-flag",
    labelled("flag.title"),
    panelHead("flag.title", el("span", shortcuts.button, shortcuts.list), el("span.bl-push", more, " ", blind)),
    el("div.bl-flag-says", { role: "group", ...labelled("flag.verdict") }, ...buttons),
    said,
    corrected,
    markline,
    details,
    el("div.bl-flag-foot", save, undo, next),
    outcome,
  );
  element.replaceChildren(form);

  let attempt = ""; // until it is answered
  let verdict = "";
  let kept = "";
  let named = "";
  let unfolded = false;

  // A verdict is about a case as it came; the server refuses any other.
  on("changed", (now) => {
    if (changed !== now) say(now ? "flag.changed" : null, {}, now);
    changed = now;
    update();
  });
  // Whether it was saved nobody can tell; sent again, it is kept once.
  on("unanswered", (asked) => {
    if (!busy || !asked.includes('"wrong_words"')) return;
    busy = false;
    say("flag.unanswered", {}, true);
    update();
  });
  on("opened", (now) => (opened = now));
  on("no-next", () => say("flag.no_next", {}));
  on("regions", (regions) => {
    marks.regions = regions;
    update();
  });
  on("wrong-words", (words) => {
    marks.words = words;
    update();
  });

  const update = () => {
    const { veiled } = state;
    const count = marks.regions.length + marks.words.length;
    const lists = veiled || verdict === "disagree";
    const open = unfolded || verdict === "disagree";
    const locked = changed || busy || !state.may;
    more.ariaExpanded = String(unfolded);
    blind.ariaPressed = String(state.blind);
    for (const button of buttons) {
      button.hidden = veiled && button.dataset.verdict !== "unsure";
      button.disabled = locked;
      button.ariaPressed = String(button.dataset.verdict === verdict);
    }
    corrected.hidden = !lists;
    details.hidden = !open;
    form.classList.toggle("bl-open", open);
    form.dataset.veiled = String(veiled);
    save.hidden = !lists;
    save.disabled = locked;
    undo.hidden = !state.undoable;
    markline.hidden = !count;
    marked.textContent = t("flag.marks", { regions: marks.regions.length, words: marks.words.length });
    legend.textContent = t(veiled ? "flag.findings_blind" : "flag.corrected");
    said.hidden = !veiled && state.may;
    said.textContent = t(state.may ? "flag.blind_note" : "flag.viewer");
    reviewer.disabled = state.login;
  };
  /** @param {string | null} key @param {Record<string, unknown>} [values] @param {boolean} [bad] */
  const say = (key, values, bad = false) => {
    outcome.textContent = key ? t(key, values) : "";
    outcome.classList.toggle("bl-bad", bad);
  };
  /** @param {string[] | undefined} labels */
  const tick = (labels) => {
    for (const box of boxes) box.checked = (labels || []).includes(box.value);
  };
  /** @param {string} now */
  const send = (now) => {
    if (busy || changed) return;
    busy = true;
    attempt ||= `${Date.now()}-${Math.random()}`;
    say("flag.saving");
    update();
    trigger("submit", {
      attempt,
      case: opened.case,
      model: opened.model,
      verdict: now,
      wrong_evidence: evidence.value,
      comment: comment.value,
      reviewer: reviewer.value,
      wrong_regions: marks.regions,
      wrong_words: marks.words,
      corrected_labels:
        now === "disagree" || now === "findings" ? boxes.filter((box) => box.checked).map((box) => box.value) : [],
    });
  };
  // Agreeing and being unsure need no more; who disagrees says what it really is. A second click on what is
  // saved already is no second verdict.
  /** @param {string} now */
  const choose = (now) => {
    if (changed || busy || (now === kept && now !== "disagree")) return;
    verdict = now;
    update();
    if (now !== "disagree") send(now);
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!save.hidden) send(state.veiled ? "findings" : "disagree");
  });

  onShortcut(form, {
    a: () => !state.veiled && choose("agree"),
    d: () => !state.veiled && choose("disagree"),
    u: () => choose("unsure"),
    s: () => !save.hidden && form.requestSubmit(),
    n: () => emit("next-case"),
    z: () => !undo.hidden && trigger("undo"),
    b: () => blind.click(),
    m: () => emit("mark-region"),
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
    busy = false;
    if (now) attempt = "";
    if (state.reviewer !== named) reviewer.value = named = state.reviewer; // what is typed meanwhile stays
    if (now?.fresh) {
      comment.value = "";
      evidence.value = "neither";
      verdict = kept = "";
      unfolded = false;
      emit("clear-marks");
      tick(now.labels);
      say(null);
    } else if (now) {
      if (now.lifted) {
        tick(now.labels);
        trigger("lift");
      }
      if (now.bad && verdict !== "disagree") verdict = "";
      if (now.flag_id) kept = verdict = now.key === "flag.undone" ? "" : verdict;
      if (kept === "disagree") verdict = "";
      form.dataset.flag = now.flag_id || "";
      outcome.title = now.flag_id || "";
      say(now.key, now.values, now.bad);
    }
    setBlind(state.blind);
    update();
  };
  watch(load);
  on("language", update);
  update();
};
