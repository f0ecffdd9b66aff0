// The probability of every finding, as bar and as number. A row is a button that asks for that finding's explanation.
// Beside the fused decision stands what the report alone (square) and the image alone (circle) would decide; a tick
// says what was decided before the case was changed.
import { el } from "../../lib/dom.js";
import { on } from "../../lib/events.js";
import { probability } from "../../lib/format.js";
import { findingName, labelled, phrase } from "../../lib/i18n.js";
import { stepOf } from "../../lib/keys.js";

/** @import { Modality } from "../../lib/types.d.ts" */
/** @import { Case } from "../case/case.js" */

/** @type {Record<Modality, number>} */
const ALONE = { report: 0, image: 1 }; // the beta that leaves the other one out

export class BarsView {
  /** @param {(index: number, finding: string) => void} choose */
  constructor(choose) {
    this.choose = choose;
    this.list = el("div.bl-bars", {
      role: "radiogroup",
      ...labelled("bars.label"),
    });
    /** @param {string} kind @param {...HTMLElement} mark */
    const column = (kind, ...mark) => el(`span.bl-bar-${kind}`, ...mark, phrase("span", `bars.${kind}`));
    this.ghost = el("span.bl-bar-then", { hidden: true }, el("i.bl-ghost"), phrase("span", "bars.then"));
    this.node = el(
      "section.bl-bars-section",
      el(
        "header.bl-bar-head",
        phrase("h3", "bars.title"),
        el("span.bl-bar-key", this.ghost),
        column("report_alone", el("i.bl-mark.bl-mark-report")),
        column("fused"),
        column("image_alone", el("i.bl-mark.bl-mark-image")),
      ),
      this.list,
    );
    this.list.addEventListener("keydown", (event) => this.walk(event));
    on("truth", (on) => this.list.classList.toggle("bl-show-truth", on));
  }

  /** @param {Case} opened */
  load(opened) {
    this.opened = opened;
    const both = opened.modalities.length === 2;
    this.node.classList.toggle("bl-one", !both);
    this.ghost.hidden = !opened.original;
    this.rows = opened.findings.map((finding, index) => {
      const fill = el("span.bl-bar-fill");
      const value = el("span.bl-bar-value.bl-num");
      const ghost = opened.original && el("i.bl-ghost");
      /** @param {Modality} kind */
      const mark = (kind) =>
        both && el(`i.bl-mark.bl-mark-${kind}`, { style: `left:${100 * opened.probability(ALONE[kind], index)}%` });
      /** @param {Modality} kind */
      const alone = (kind) =>
        both && el("span.bl-bar-alone.bl-num", probability(opened.probability(ALONE[kind], index)));
      const recorded = opened.labels?.includes(finding);
      const node = el(
        "button",
        {
          role: "radio",
          class: `bl-bar${recorded ? " bl-recorded" : ""}`,
          "data-finding": finding,
          "aria-checked": String(index === opened.index),
          tabindex: index === opened.index ? 0 : -1,
          onclick: () => this.choose(index, finding),
        },
        el("span.bl-bar-name", { text: findingName(finding), title: finding }),
        el("span.bl-bar-track", fill, ghost, mark("report") || null, mark("image") || null, el("span.bl-bar-half")),
        alone("report") || null,
        value,
        alone("image") || null,
      );
      return { fill, value, ghost, node };
    });
    const focused = this.list.contains(document.activeElement);
    this.list.replaceChildren(...this.rows.map((row) => row.node));
    if (focused) this.rows[opened.index].node.focus();
  }

  /** @param {number} beta */
  move(beta) {
    const { opened } = this;
    this.rows.forEach((row, index) => {
      const p = opened.probability(beta, index);
      const then = opened.original?.probability(beta, index);
      row.fill.style.width = `${100 * p}%`;
      row.value.textContent = probability(p);
      row.node.classList.toggle("bl-positive", p >= 0.5);
      if (row.ghost) row.ghost.style.left = `${100 * then}%`;
      const said = row.ghost ? `${probability(then)} → ${probability(p)}` : probability(p);
      row.node.ariaLabel = `${findingName(opened.findings[index])} ${said}`;
      row.node.title = row.ghost ? said : "";
    });
  }

  /** @param {KeyboardEvent} event */
  walk(event) {
    const step = stepOf(event.key);
    if (!step) return;
    event.preventDefault();
    const next = this.rows[this.rows.findIndex((row) => row.node === event.target) + step];
    next?.node.focus();
    next?.node.click();
  }
}
