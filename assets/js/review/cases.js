// The stories of the table, then every study of it, a page of cards at a time: searched, filtered, put in an order, or
// queued by what is most worth a look; or, when another case asks for a report, to take it from. In blind mode nothing
// here says what a study has.
import { el } from "../lib/dom.js";
import { emit, on } from "../lib/events.js";
import { joined } from "../lib/format.js";
import { findingName, findingNames, labelled, phrase, t } from "../lib/i18n.js";
import { walkByArrows } from "../lib/keys.js";
import { offer, panelHead, toggle } from "../lib/parts.js";
import { reason } from "../lib/reasons.js";
import { debounce } from "../lib/timing.js";
import { storiesView } from "./stories.js";

/** @import * as m from "../lib/messages.d.ts" */
/** @import { Mount } from "../lib/types.d.ts" */

/** @type {Mount} */
export const mount = ({ element, trigger, value, watch }) => {
  /** @type {m.CaseList} */
  let shown = value();
  /** @type {m.Offered[]} */
  let studies = []; // of every page that came
  let number = 0; // of the question that was asked last
  /** @type {string | null} */
  let current = null;
  let picking = false;
  let blind = false;
  let opensFirst = false; // once the answer is there
  let step = 0; // to the case after the last card, once it is there

  const text = el("input.bl-input.bl-case-search", { type: "search", ...labelled("cases.search") });
  text.addEventListener(
    "input",
    debounce(() => ask(), 300),
  );
  /** @param {string} key @param {() => void} [does] */
  const select = (key, does = () => ask()) => el("select.bl-select", { ...labelled(key), onchange: does });
  const queue = select("cases.queue", () => {
    opensFirst = queue.value !== "";
    ask();
  });
  const order = select("cases.order");
  const finding = select("cases.finding");
  const split = select("cases.split");
  const judged = select("cases.judged");
  const isPressed = () => discordant.ariaPressed === "true";
  const discordant = toggle("cases.discordant", ".bl-only-discordant", () => {
    discordant.ariaPressed = String(!isPressed());
    ask();
  });
  const filters = el(
    "details.bl-case-filters",
    phrase("summary", "cases.filters"),
    el("div.bl-case-filter", finding, split, judged, discordant),
  );

  const stories = storiesView();
  const list = el("div.bl-case-list", { role: "listbox", ...labelled("cases.label") });
  const more = el("span.bl-case-more", { "aria-hidden": "true" });
  const scrolled = el("div.bl-case-scroll", stories.node, el("div.bl-case-strip", list, more));
  const count = el("span.bl-muted.bl-num", { role: "status" });
  const purpose = el("p.bl-muted.bl-case-purpose", { hidden: true });
  const none = phrase("p.bl-muted.bl-case-purpose", "cases.nothing", { hidden: true });
  const hint = el(
    "p.bl-pick-hint",
    { role: "status", hidden: true },
    phrase("span", "swap.hint"),
    " ",
    phrase("button.bl-toggle", "swap.cancel", { onclick: () => emit("pick", false) }),
  );
  const panel = el(
    "section.bl-panel.bl-cases",
    panelHead("cases.title", count),
    hint,
    el("div.bl-case-filter", text, queue, order),
    filters,
    purpose,
    none,
    scrolled,
  );
  element.replaceChildren(panel);

  /** @param {number} [offset] */
  const ask = (offset = 0) => {
    if (!offset) number += 1;
    panel.ariaBusy = "true";
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
  const askForMore = () => panel.ariaBusy !== "true" && studies.length < shown.total && ask(studies.length);
  // Of the list that is scrolled, or on a narrow page of its strip: a margin of the page ends at their edge.
  const near = { root: scrolled, rootMargin: "200px", scrollMargin: "200px" };
  new IntersectionObserver((seen) => seen.at(-1).isIntersecting && askForMore(), near).observe(more);

  const cards = () => /** @type {HTMLElement[]} */ ([...list.children]);
  const place = () => studies.findIndex((study) => study.id === current);
  // What is known here of the open case, for whoever names it.
  const tell = () => {
    const index = place();
    const story = stories.storyOf(current);
    emit("case-place", {
      study: current,
      index,
      total: shown.total,
      queue: shown.question.queue,
      reasons: studies[index]?.reasons ?? [],
      judged: studies[index]?.judged ?? story?.judged ?? "",
      story: story ?? null,
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
      card.ariaSelected = String(card.dataset.study === study);
      card.tabIndex = i === first ? 0 : -1;
    });
    stories.show(study);
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
  const across = () => getComputedStyle(list).gridTemplateColumns.split(" ").length;
  walkByArrows(list, cards, across, () => askForMore());

  /** @param {m.Offered} study */
  const card = (study) => {
    const labels = study.labels && findingNames(study.labels);
    const why = study.reasons.length ? t(`queue.short.${study.reasons[0].kind}`) : labels;
    const said = study.judged && t("cases.said", { verdict: t(`verdict.${study.judged}`) });
    return el(
      "button.bl-case",
      {
        role: "option",
        "data-study": study.id,
        "aria-selected": String(study.id === current),
        tabindex: -1,
        title: joined([study.id, labels, ...study.reasons.map(reason), said]),
        onclick: () => open(study.id),
      },
      study.thumb
        ? el("img", { src: study.thumb, alt: "", loading: "lazy" })
        : phrase("span.bl-case-blank.bl-muted", "cases.no_film"),
      el("span.bl-case-name", study.id),
      why && el("span.bl-case-why.bl-muted", why),
      study.discordant && el("span.bl-case-flag", { text: "≠", role: "img", "aria-label": t("cases.discordant") }),
      said && el("span.bl-case-judged", { text: "✓", role: "img", "aria-label": said }),
    );
  };

  const drawChoices = () => {
    const { question, findings, splits, has_discordant } = shown;
    /** @param {HTMLSelectElement} box @param {string} name @param {string[]} values @param {string} chosen */
    const choices = (box, name, values, chosen) => {
      offer(box, values, (one) => t(`${name}.${one || "none"}`));
      box.value = chosen;
    };
    choices(queue, "cases.queue", ["", "evaluation", "training"], question.queue);
    choices(order, "cases.order", blind ? ["mixed", "id"] : ["mixed", "id", "likely", "uncertain"], question.order);
    choices(judged, "cases.judged", ["", "no", "yes"], question.judged);
    choices(split, "lab.split", [...splits, "all"], question.split || (splits.includes("test") ? "test" : "all"));
    offer(finding, findings, findingName, phrase("option", "cases.any", { value: "" }));
    finding.value = question.finding;
    discordant.ariaPressed = String(question.discordant);
    const queued = question.queue !== "";
    order.hidden = split.hidden = queued;
    finding.hidden = blind || queued;
    discordant.hidden = blind || queued || !has_discordant;
    filters.classList.toggle(
      "bl-narrowed",
      Boolean(question.finding || question.judged || question.discordant || question.split),
    );
    purpose.hidden = !queued;
    purpose.textContent = queued ? t(`cases.purpose.${question.queue}`) : "";
  };
  const draw = () => {
    text.placeholder = t("cases.search");
    drawChoices();
    none.hidden = shown.total > 0;
    count.textContent = t("cases.count", { shown: studies.length, all: shown.total });
    stories.load(shown);
    list.replaceChildren(...studies.map(card));
    mark(current);
  };
  const load = () => {
    /** @type {m.CaseList | null} */
    const now = value();
    if (now?.question.number !== number) return; // something else was asked since
    panel.ariaBusy = "false";
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
  watch(load);
  on("language", draw);
  on("opened", (now) => mark(now.case));
  on("blind", (on) => on !== blind && ask());
  on("use-queue", (which) => {
    queue.value = which;
    ask();
  });
  on("saved", ({ study, verdict }) => {
    stories.judge(study, verdict);
    studies = studies.map((one) => (one.id === study ? { ...one, judged: verdict } : one));
    const at = studies.findIndex((one) => one.id === study);
    if (at < 0) return tell();
    const { tabIndex } = cards()[at];
    const now = card(studies[at]);
    now.tabIndex = tabIndex;
    cards()[at].replaceWith(now);
    tell();
  });
  load();
};
