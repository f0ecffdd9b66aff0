// Decisions on one finding at a beta and a threshold: the four cells, and the studies behind the one that is chosen.
import { el } from "../lib/dom.js";
import { number, percent, probability } from "../lib/format.js";
import { ifDefined, labelled, phrase, t } from "../lib/i18n.js";
import { panelHead, toggle } from "../lib/parts.js";

/** @import { Cell, Member, Scores } from "../lib/types.d.ts" */
/** @import { LabData } from "./lab_data.js" */

/** @type {Cell[]} */
const CELLS = ["tp", "fn", "fp", "tn"]; // rows: has it, has it not; columns: called, not called
const PAGE = 24; // dashboard/beta_lab/service.py reads as many films at once
/** @param {number} part @param {number} whole */
const share = (part, whole) => ifDefined(whole ? part / whole : null, (known) => number(known, 3));

export class ConfusionView {
  // ask: called with the ids whose films are missing; open: with the id of a study.
  /** @param {(ids: string[]) => void} ask @param {(study: string) => void} open */
  constructor(ask, open) {
    this.ask = ask;
    this.open = open;
    /** @type {Map<string, string | null>} */
    this.films = new Map();
    /** @type {Cell | null} */
    this.cell = null;
    /** @type {number | null} */
    this.own = null;
    this.shown = PAGE;
    this.place = 0;
    /** @param {string} key */
    const head = (key) => phrase("span.bl-cell-head.bl-muted", key);
    const cells = CELLS.map((name) => [name, this.button(name)]);
    /** @type {Record<Cell, ReturnType<ConfusionView["button"]>>} */
    this.cells = Object.fromEntries(cells);
    this.rates = el("p.bl-muted.bl-num.bl-rates");
    this.number = el("output.bl-num", { for: "bl-lab-threshold" });
    this.range = el("input", {
      type: "range",
      id: "bl-lab-threshold",
      min: 0,
      max: 1,
      step: 0.001,
      oninput: () => this.set(Number(this.range.value)),
    });
    this.youden = toggle("lab.youden", "", () => this.set(null));
    this.half = toggle("lab.half", "", () => this.set(0.5));
    this.grid = el(
      "div.bl-confusion",
      { role: "group", ...labelled("lab.confusion") },
      el("span"),
      head("lab.called"),
      head("lab.not_called"),
      head("lab.has"),
      this.cells.tp.node,
      this.cells.fn.node,
      head("lab.has_not"),
      this.cells.fp.node,
      this.cells.tn.node,
    );
    this.choose_first = phrase("p.bl-muted.bl-lab-none", "lab.choose");
    this.body = el(
      "div",
      el(
        "div.bl-lab-threshold",
        phrase("label", "lab.threshold_label", { for: "bl-lab-threshold" }),
        this.range,
        this.number,
        this.youden,
        this.half,
      ),
      this.grid,
      this.rates,
    );
    this.title = el("h3");
    this.order = el("span.bl-muted");
    this.list = el("div.bl-lab-cases");
    this.more = el("button.bl-toggle.bl-lab-more", {
      hidden: true,
      onclick: () => {
        this.shown += PAGE;
        this.fill();
      },
    });
    this.subject = el("span.bl-muted");
    this.node = el(
      "div.bl-lab-decisions",
      el("section.bl-panel", panelHead("lab.confusion", this.subject), this.choose_first, this.body),
      el(
        "section.bl-panel",
        { "aria-live": "polite" },
        el("header.bl-panel-head", this.title, this.order),
        this.list,
        this.more,
      ),
    );
  }

  /** @param {Cell} name */
  button(name) {
    const count = el("b.bl-num");
    const part = el("span.bl-muted.bl-num");
    const node = el(
      `button.bl-cell.bl-cell-${name}`,
      {
        "data-cell": name,
        "aria-pressed": "false",
        onclick: () => this.choose(name),
      },
      count,
      phrase("span", `lab.cell.${name}`),
      part,
    );
    return { node, count, part };
  }

  // scores: { values (betas by studies), labels, ids }, or null while no finding is chosen or they are on their way.
  /** @param {LabData} lab @param {number} place @param {Scores | null} scores */
  load(lab, place, scores) {
    if (place !== this.place) {
      this.own = null;
      this.shown = PAGE;
    }
    /** @type {LabData | null} */
    this.lab = lab;
    this.place = place;
    /** @type {Scores | null} */
    this.scores = scores;
    this.choose_first.hidden = place > 0;
    this.body.hidden = !scores;
    this.subject.textContent = place ? lab.label(place) : "";
    this.point(this.index ?? 0);
  }

  /** @param {number} index */
  point(index) {
    this.index = index;
    if (!this.scores) return this.fill();
    const youden = this.lab.at(this.place, "threshold", index).value;
    this.threshold = this.own ?? youden ?? 0.5;
    this.range.value = String(this.threshold);
    this.number.textContent = number(this.threshold, 3);
    this.youden.ariaPressed = String(this.own === null);
    this.youden.disabled = youden === null;
    this.half.ariaPressed = String(this.own === 0.5);
    this.sort();
    const n = Object.fromEntries(CELLS.map((name) => [name, this.members[name].length]));
    for (const name of CELLS) {
      this.cells[name].count.textContent = String(n[name]);
      this.cells[name].part.textContent = percent(n[name] / this.scores.ids.length);
    }
    this.rates.textContent = t("lab.rates", {
      sensitivity: share(n.tp, n.tp + n.fn),
      specificity: share(n.tn, n.tn + n.fp),
      ppv: share(n.tp, n.tp + n.fp),
      npv: share(n.tn, n.tn + n.fn),
    });
    this.fill();
  }

  sort() {
    const { values, labels, ids } = this.scores;
    const from = this.index * ids.length;
    /** @type {Record<Cell, Member[]>} */
    this.members = { tp: [], fn: [], fp: [], tn: [] };
    ids.forEach((id, i) => {
      const p = values[from + i];
      const called = p >= this.threshold;
      this.members[called ? (labels[i] ? "tp" : "fp") : labels[i] ? "fn" : "tn"].push({ id, p });
    });
    // Errors: the most wrong first. Right ones: those nearest to the threshold.
    /** @param {Member} a @param {Member} b */
    const rising = (a, b) => a.p - b.p;
    for (const name of /** @type {Cell[]} */ (["tp", "fn"])) this.members[name].sort(rising);
    for (const name of /** @type {Cell[]} */ (["fp", "tn"])) this.members[name].sort((a, b) => rising(b, a));
  }

  /** @param {number | null} threshold */
  set(threshold) {
    this.own = threshold;
    this.point(this.index);
  }

  /** @param {Cell} name */
  choose(name) {
    this.cell = name;
    this.shown = PAGE;
    this.fill();
  }

  fill() {
    for (const name of CELLS) this.cells[name].node.ariaPressed = String(name === this.cell);
    const members = this.scores && this.cell ? this.members[this.cell] : null;
    this.title.textContent = members ? `${t(`lab.cell.${this.cell}`)} · ${members.length}` : t("lab.cases");
    this.order.textContent = members?.length
      ? t(this.cell === "fp" || this.cell === "fn" ? "lab.order.wrong" : "lab.order.near")
      : "";
    const shown = (members || []).slice(0, this.shown);
    this.list.classList.toggle("bl-lab-cases-none", !shown.length);
    this.list.replaceChildren(
      ...(shown.length
        ? shown.map((member) => this.card(member))
        : [el("p.bl-muted.bl-lab-none", t(members ? "lab.cases_none" : "lab.cases_help"))]),
    );
    this.more.hidden = !members || members.length <= this.shown;
    this.more.textContent = members ? t("lab.more", { n: Math.min(PAGE, members.length - this.shown) }) : "";
    this.fetch();
  }

  // One request at a time: of two answers in one frame a widget would see the second alone.
  fetch() {
    const cards = /** @type {HTMLElement[]} */ ([...this.list.children]);
    const missing = cards.map((card) => card.dataset.study).filter((id) => id && !this.films.has(id));
    if (this.asking || !missing.length) return;
    this.asking = missing.slice(0, PAGE);
    this.ask(this.asking);
  }

  /** @param {Member} given */
  card({ id, p }) {
    const film = this.films.get(id);
    return el(
      "button.bl-lab-case",
      {
        "data-study": id,
        title: t("lab.open", { study: id }),
        onclick: () => this.open(id),
      },
      film ? el("img", { src: film, alt: "" }) : el("span.bl-lab-blank", film === null ? t("cases.no_film") : ""),
      el("span.bl-lab-id", id),
      el("span.bl-num.bl-muted", probability(p)),
    );
  }

  /** @param {Record<string, string | null>} films */
  show(films) {
    for (const id of this.asking || []) this.films.set(id, null);
    this.asking = null;
    for (const [id, film] of Object.entries(films)) {
      this.films.set(id, film);
      const blank = this.list.querySelector(`[data-study="${CSS.escape(id)}"] .bl-lab-blank`);
      if (!blank) continue;
      if (film) blank.replaceWith(el("img", { src: film, alt: "" }));
      else blank.textContent = t("cases.no_film");
    }
    this.fetch();
  }
}
