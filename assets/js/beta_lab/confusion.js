// Decisions on one finding at a beta and a threshold: the four cells, and the studies behind the one that is chosen.
import { el } from "../lib/dom.js";
import { Fetched } from "../lib/fetched.js";
import { number, percent, probability } from "../lib/format.js";
import { ifDefined, labelled, phrase, t } from "../lib/i18n.js";
import { panelHead, toggle } from "../lib/parts.js";

/** @import { Cell, Member, OpenCell, Scores } from "../lib/types.d.ts" */
/** @import { LabData } from "./lab_data.js" */

/** @type {Cell[]} */
const CELLS = ["tp", "fn", "fp", "tn"]; // rows: has it, has it not; columns: called, not called
const PAGE = 24;
/** @param {number} part @param {number} whole */
const share = (part, whole) => ifDefined(whole ? part / whole : null, (known) => number(known, 3));

// ask: called with the ids whose films are missing; open: with the id of a study, and the cell it was chosen in.
/** @param {(ids: string[]) => void} ask @param {(study: string, from: OpenCell) => void} open */
export const confusionView = (ask, open) => {
  /** @type {Fetched<string, string>} */
  const films = new Fetched(ask);
  /** @type {LabData | null} */
  let lab = null;
  let place = 0;
  let index = 0;
  /** @type {Scores | null} */
  let scores = null;
  /** @type {Record<Cell, Member[]>} */
  let members = { tp: [], fn: [], fp: [], tn: [] };
  /** @type {Cell | null} */
  let chosen = null;
  /** @type {number | null} */
  let own = null; // the threshold that was chosen, if any
  let most = PAGE; // studies that are shown
  let awaited = ""; // the study that gets the focus once it is listed

  /** @param {Cell} name */
  const cell = (name) => {
    const count = el("b.bl-num");
    const part = el("span.bl-muted.bl-num");
    const choose = () => {
      chosen = name;
      most = PAGE;
      fill();
    };
    const node = el(
      `button.bl-cell.bl-cell-${name}`,
      { "data-cell": name, "aria-pressed": "false", onclick: choose },
      count,
      phrase("span", `lab.cell.${name}`),
      part,
    );
    return { name, node, count, part };
  };
  const cells = CELLS.map(cell);
  const [tp, fn, fp, tn] = cells.map(({ node }) => node);
  const rates = el("p.bl-muted.bl-num.bl-rates");
  const reading = el("output.bl-num", { for: "bl-lab-threshold" });
  const range = el("input", {
    type: "range",
    id: "bl-lab-threshold",
    min: 0,
    max: 1,
    step: 0.001,
    oninput: () => set(Number(range.value)),
  });
  const youden = toggle("lab.youden", "", () => set(null));
  const half = toggle("lab.half", "", () => set(0.5));
  /** @param {string} key */
  const head = (key) => phrase("span.bl-cell-head.bl-muted", key);
  const grid = el(
    "div.bl-confusion",
    { role: "group", ...labelled("lab.confusion") },
    el("span"),
    head("lab.called"),
    head("lab.not_called"),
    head("lab.has"),
    tp,
    fn,
    head("lab.has_not"),
    fp,
    tn,
  );
  const label = phrase("label", "lab.threshold_label", { for: "bl-lab-threshold" });
  const body = el("div", el("div.bl-lab-threshold", label, range, reading, youden, half), grid, rates);
  const subject = el("span.bl-muted");
  const title = el("h2");
  const order = el("span.bl-muted");
  const list = el("div.bl-lab-cases");
  const more = el("button.bl-toggle.bl-lab-more", {
    hidden: true,
    onclick: () => {
      most += PAGE;
      fill();
    },
  });
  const node = el(
    "div.bl-lab-decisions",
    el("section.bl-panel", panelHead("lab.confusion", subject), body),
    el("section.bl-panel", { "aria-live": "polite" }, el("header.bl-panel-head", title, order), list, more),
  );

  // given: of the finding at the place, or null while none is chosen or they are on their way.
  /** @param {LabData} data @param {number} at @param {Scores | null} given */
  const load = (data, at, given) => {
    if (at !== place) {
      own = null;
      most = PAGE;
    }
    lab = data;
    place = at;
    scores = given;
    node.hidden = !place; // decisions are made on one finding
    body.hidden = !scores;
    subject.textContent = place ? lab.label(place) : "";
    point(index);
  };

  /** @param {number} at */
  const point = (at) => {
    index = at;
    if (!scores) return fill();
    const best = lab.at(place, "threshold", index).value;
    const threshold = own ?? best ?? 0.5;
    range.value = String(threshold);
    reading.textContent = number(threshold, 3);
    youden.ariaPressed = String(own === null);
    youden.disabled = best === null;
    half.ariaPressed = String(own === 0.5);
    sort(threshold);
    const n = { tp: 0, fn: 0, fp: 0, tn: 0 };
    for (const { name, count, part } of cells) {
      n[name] = members[name].length;
      count.textContent = String(n[name]);
      part.textContent = percent(n[name] / scores.ids.length);
    }
    rates.textContent = t("lab.rates", {
      sensitivity: share(n.tp, n.tp + n.fn),
      specificity: share(n.tn, n.tn + n.fp),
      ppv: share(n.tp, n.tp + n.fp),
      npv: share(n.tn, n.tn + n.fn),
    });
    fill();
  };

  /** @param {number} threshold */
  const sort = (threshold) => {
    const { values, labels, ids } = scores;
    members = { tp: [], fn: [], fp: [], tn: [] };
    ids.forEach((id, i) => {
      const p = values[index * ids.length + i];
      const called = p >= threshold;
      members[called ? (labels[i] ? "tp" : "fp") : labels[i] ? "fn" : "tn"].push({ id, p });
    });
    // Errors: the most wrong first. Right ones: those nearest to the threshold.
    for (const of of [members.tp, members.fn]) of.sort((a, b) => a.p - b.p);
    for (const of of [members.fp, members.tn]) of.sort((a, b) => b.p - a.p);
  };

  /** @param {number | null} threshold */
  const set = (threshold) => {
    own = threshold;
    point(index);
  };

  const fill = () => {
    for (const { name, node } of cells) node.ariaPressed = String(name === chosen);
    const all = scores && chosen ? members[chosen] : null;
    const wrong = chosen === "fp" || chosen === "fn";
    title.textContent = all ? `${t(`lab.cell.${chosen}`)} · ${all.length}` : t("lab.cases");
    order.textContent = all?.length ? t(wrong ? "lab.order.wrong" : "lab.order.near") : "";
    const shown = (all ?? []).slice(0, most);
    const focused = list.contains(document.activeElement)
      ? /** @type {HTMLElement} */ (document.activeElement).dataset.study
      : awaited;
    list.classList.toggle("bl-lab-cases-none", !shown.length);
    list.replaceChildren(...shown.map(card));
    if (!shown.length) list.append(el("p.bl-muted.bl-lab-none", t(all ? "lab.cases_none" : "lab.cases_help")));
    more.hidden = !all || all.length <= most;
    more.textContent = all ? t("lab.more", { n: Math.min(PAGE, all.length - most) }) : "";
    films.want(shown.map(({ id }) => id));
    if (!focused || !all) return;
    cardOf(focused)?.focus();
    awaited = "";
  };

  const opened = () => ({ cell: chosen, count: members[chosen].length, threshold: own, most });
  // What was open when a study was chosen, which gets the focus again.
  /** @param {number} at @param {OpenCell} was @param {string} study */
  const reopen = (at, was, study) => {
    place = at;
    chosen = was.cell;
    own = was.threshold;
    most = was.most;
    awaited = study;
  };

  /** @param {string | null | undefined} film */
  const picture = (film) =>
    film ? el("img", { src: film, alt: "" }) : el("span.bl-lab-blank", film === null && t("cases.no_film"));
  /** @param {Member} given */
  const card = ({ id, p }) =>
    el(
      "button.bl-lab-case",
      { "data-study": id, title: t("lab.open", { study: id }), onclick: () => open(id, opened()) },
      picture(films.get(id)),
      el("span.bl-lab-id", id),
      el("span.bl-num.bl-muted", probability(p)),
    );

  /** @param {string} id @returns {HTMLElement | null} */
  const cardOf = (id) => list.querySelector(`[data-study="${CSS.escape(id)}"]`);
  /** @param {Record<string, string | null>} found */
  const show = (found) => {
    films.take(Object.entries(found));
    for (const [id, film] of Object.entries(found))
      cardOf(id)?.querySelector(".bl-lab-blank")?.replaceWith(picture(film));
  };

  return { node, load, point, show, reopen };
};
