// Every study of the table, a page of cards at a time: searched, filtered, put in an order, or queued by what is most
// worth a look; or, when another case asks for a report, to take it from. In blind mode nothing here says what a study
// has.
import { el } from "../lib/dom.js";
import { emit, on } from "../lib/events.js";
import { findingName, phrase, t } from "../lib/i18n.js";
import { reason } from "../lib/reasons.js";
import { debounce } from "../lib/timing.js";

/** @import * as m from "../lib/messages.d.ts" */
/** @import { Mount } from "../lib/types.d.ts" */

/** @type {Mount} */
export const mount = ({ element, trigger, props, watch }) => {
  /** @type {m.CaseList} */
  let shown = JSON.parse(props.value);
  /** @type {m.Offered[]} */
  let studies = []; // of every page that came
  let number = 0; // of the question that was asked last
  /** @type {string | null} */
  let current = null;
  let picking = false;
  let blind = false;
  let opensFirst = false; // once the answer is there
  let step = 0; // to the case after or before the last card, once it is there

  const text = el("input", {
    type: "search",
    class: "bl-input bl-case-search",
    "data-i18n-label": "cases.search",
    "aria-label": t("cases.search"),
    placeholder: t("cases.search"),
  });
  text.addEventListener(
    "input",
    debounce(() => ask(), 300),
  );
  /** @param {string} key @param {() => void} [does] */
  const select = (key, does = () => ask()) =>
    el("select", { class: "bl-select", "data-i18n-label": key, "aria-label": t(key), onchange: does });
  const queue = select("cases.queue", () => {
    opensFirst = queue.value !== "";
    ask();
  });
  const order = select("cases.order");
  const finding = select("cases.finding");
  const split = select("cases.split");
  const judged = select("cases.judged");
  const discordant = phrase("button", "cases.discordant", {
    type: "button",
    class: "bl-toggle bl-only-discordant",
    "aria-pressed": "false",
    onclick: () => {
      discordant.setAttribute("aria-pressed", String(!isPressed()));
      ask();
    },
  });
  const isPressed = () => discordant.getAttribute("aria-pressed") === "true";
  const filters = el(
    "details",
    { class: "bl-case-filters" },
    phrase("summary", "cases.filters"),
    el("div", { class: "bl-case-filter" }, finding, split, judged, discordant),
  );

  const list = el("div", {
    class: "bl-case-list",
    role: "listbox",
    "data-i18n-label": "cases.label",
    "aria-label": t("cases.label"),
  });
  const more = el("span", { class: "bl-case-more", "aria-hidden": "true" });
  const scrolled = el("div", { class: "bl-case-scroll" }, list, more);
  const count = el("span", { class: "bl-muted bl-num", role: "status" });
  const purpose = el("p", { class: "bl-muted bl-case-purpose", hidden: true });
  const none = phrase("p", "cases.nothing", { class: "bl-muted bl-case-purpose", hidden: true });
  const hint = el(
    "p",
    { class: "bl-pick-hint", role: "status", hidden: true },
    phrase("span", "swap.hint"),
    " ",
    phrase("button", "swap.cancel", { type: "button", class: "bl-toggle", onclick: () => emit("pick", false) }),
  );
  const panel = el(
    "section",
    { class: "bl-panel bl-cases" },
    el("header", { class: "bl-panel-head" }, phrase("h3", "cases.title"), count),
    hint,
    el("div", { class: "bl-case-filter" }, text, queue, order),
    filters,
    purpose,
    none,
    scrolled,
  );
  element.replaceChildren(panel);

  /** @param {number} [offset] */
  const ask = (offset = 0) => {
    if (!offset) number += 1;
    panel.setAttribute("aria-busy", "true");
    trigger("filter", {
      text: text.value,
      finding: finding.value,
      discordant: isPressed(),
      split: split.value,
      judged: judged.value,
      order: order.value,
      queue: queue.value,
      offset,
      number,
    });
  };
  const isBusy = () => panel.getAttribute("aria-busy") === "true";
  const askForMore = () => !isBusy() && studies.length < shown.total && ask(studies.length);
  new IntersectionObserver((seen) => seen.at(-1).isIntersecting && askForMore(), { rootMargin: "200px" }).observe(more);

  const cards = () => /** @type {HTMLElement[]} */ ([...list.children]);
  const place = () => studies.findIndex((study) => study.id === current);
  // What is known here of the open case, for whoever names it.
  const tell = () => {
    const index = place();
    emit("case-place", {
      study: current,
      index,
      total: shown.total,
      queue: shown.question.queue,
      reasons: studies[index]?.reasons ?? [],
      judged: studies[index]?.judged ?? "",
    });
  };
  /** @param {string} study */
  const open = (study) => {
    if (picking) {
      emit("pick", false);
      emit("changing");
      trigger("pick", { value: study });
      return;
    }
    emit("opening", study);
    mark(study);
    trigger("select", { index: place(), value: study });
  };
  // One card can be reached by Tab: the open one, or the first.
  /** @param {string | null} study */
  const mark = (study) => {
    current = study;
    const first = Math.max(place(), 0);
    cards().forEach((card, i) => {
      card.setAttribute("aria-selected", String(card.dataset.study === study));
      card.tabIndex = i === first ? 0 : -1;
    });
    tell();
  };
  // The case before or after the open one; from a case that is not on the list, its first.
  /** @param {number} by */
  const go = (by) => {
    const next = studies[place() < 0 ? 0 : place() + by];
    if (next) {
      open(next.id);
      cards()[place()].scrollIntoView({ block: "nearest" });
    } else if (by > 0 && studies.length < shown.total) {
      step = by;
      askForMore();
    } else emit("no-next", by);
  };
  on("next-case", () => go(1));
  on("previous-case", () => go(-1));
  on("pick", (on) => {
    picking = on;
    hint.hidden = !on;
    panel.classList.toggle("bl-picking", on);
  });
  document.addEventListener("keydown", (event) => event.key === "Escape" && picking && emit("pick", false));
  list.addEventListener("keydown", (event) => {
    const all = cards();
    const at = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const across = getComputedStyle(list).gridTemplateColumns.split(" ").length;
    const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: across, ArrowUp: -across }[event.key];
    const to = event.key === "Home" ? 0 : event.key === "End" ? all.length - 1 : by && at + by;
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    if (to >= all.length) askForMore();
    if (!all[to]) return;
    all[at].tabIndex = -1;
    all[to].tabIndex = 0;
    all[to].focus();
  });

  /** @param {m.Offered} study */
  const card = (study) => {
    const labels = study.labels && (study.labels.map(findingName).join(", ") || t("cases.none"));
    const why = study.reasons.length ? t(`queue.short.${study.reasons[0].kind}`) : labels;
    const said = study.judged && t("cases.said", { verdict: t(`verdict.${study.judged}`) });
    return el(
      "button",
      {
        type: "button",
        role: "option",
        class: "bl-case",
        "data-study": study.id,
        "aria-selected": String(study.id === current),
        tabindex: -1,
        title: [study.id, labels, ...study.reasons.map(reason), said].filter(Boolean).join(" · "),
        onclick: () => open(study.id),
      },
      study.thumb
        ? el("img", { src: study.thumb, alt: "", loading: "lazy" })
        : phrase("span", "cases.no_film", { class: "bl-case-blank bl-muted" }),
      el("span", { class: "bl-case-name", text: study.id }),
      why ? el("span", { class: "bl-case-why bl-muted", text: why }) : null,
      study.discordant
        ? el("span", { class: "bl-case-flag", text: "≠", role: "img", "aria-label": t("cases.discordant") })
        : null,
      said ? el("span", { class: "bl-case-judged", text: "✓", role: "img", "aria-label": said }) : null,
    );
  };

  /** @param {HTMLSelectElement} box @param {string} chosen @param {[string, string][]} choices */
  const offer = (box, chosen, choices) => {
    box.replaceChildren(...choices.map(([value, said]) => el("option", { value, text: said })));
    box.value = chosen;
  };
  const drawChoices = () => {
    const { question, findings, splits, has_discordant } = shown;
    /** @param {string} name @param {string[]} values @returns {[string, string][]} */
    const named = (name, values) => values.map((value) => [value, t(`${name}.${value || "none"}`)]);
    offer(queue, question.queue, named("cases.queue", ["", "evaluation", "training"]));
    offer(
      order,
      question.order,
      named("cases.order", blind ? ["mixed", "id"] : ["mixed", "id", "likely", "uncertain"]),
    );
    offer(finding, question.finding, [
      ["", t("cases.any")],
      ...findings.map((name) => /** @type {[string, string]} */ ([name, findingName(name)])),
    ]);
    const whole = splits.map((name) => /** @type {[string, string]} */ ([name, t(`lab.split.${name}`)]));
    offer(split, question.split || (splits.includes("test") ? "test" : "all"), [...whole, ["all", t("lab.split.all")]]);
    offer(judged, question.judged, named("cases.judged", ["", "no", "yes"]));
    order.hidden = Boolean(question.queue);
    for (const box of [finding, discordant]) box.hidden = blind || Boolean(question.queue);
    split.hidden = Boolean(question.queue);
    discordant.hidden ||= !has_discordant;
    discordant.setAttribute("aria-pressed", String(question.discordant));
    const narrowed = [finding.value, judged.value, discordant.ariaPressed === "true", question.split].filter(
      Boolean,
    ).length;
    filters.classList.toggle("bl-narrowed", narrowed > 0);
    purpose.hidden = !question.queue;
    if (question.queue) purpose.textContent = t(`cases.purpose.${question.queue}`);
  };
  const draw = () => {
    drawChoices();
    none.hidden = shown.total > 0;
    count.textContent = t("cases.count", { shown: studies.length, all: shown.total });
    list.replaceChildren(...studies.map(card));
    mark(current);
  };
  const load = () => {
    if (!props.value) return;
    /** @type {m.CaseList} */
    const now = JSON.parse(props.value);
    if (now.question.number !== number) return; // something else was asked since
    panel.removeAttribute("aria-busy");
    shown = now;
    studies = now.question.offset ? [...studies.slice(0, now.question.offset), ...now.studies] : now.studies;
    blind = now.blind;
    draw();
    if (!now.question.offset) scrolled.scrollTop = 0;
    if (opensFirst && studies.length) open(studies[0].id);
    else if (step) go(step);
    opensFirst = false;
    step = 0;
  };
  watch("value", load);
  on("language", () => {
    text.placeholder = t("cases.search");
    draw();
  });
  on("opened", (now) => mark(now.case));
  on("blind", (on) => on !== blind && ask());
  on("use-queue", (which) => {
    queue.value = which;
    ask();
  });
  on("saved", ({ study, verdict }) => {
    studies = studies.map((one) => (one.id === study ? { ...one, judged: verdict } : one));
    const at = studies.findIndex((one) => one.id === study);
    if (at < 0) return;
    const { tabIndex } = cards()[at];
    const now = card(studies[at]);
    now.tabIndex = tabIndex;
    cards()[at].replaceWith(now);
    tell();
  });
  load();
};
