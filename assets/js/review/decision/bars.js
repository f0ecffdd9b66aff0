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

/** @param {(index: number, finding: string) => void} choose */
export const barsView = (choose) => {
  /** @type {Case | null} */
  let opened = null;
  /** @type {{ node: HTMLElement, fill: HTMLElement, value: HTMLElement, then: HTMLElement | null }[]} */
  let rows = [];
  const list = el("div.bl-bars", { role: "radiogroup", ...labelled("bars.label") });
  const ghost = el("span.bl-bar-then", { hidden: true }, el("i.bl-ghost"), phrase("span", "bars.then"));
  /** @param {string} kind @param {...HTMLElement} mark */
  const column = (kind, ...mark) => el(`span.bl-bar-${kind}`, ...mark, phrase("span", `bars.${kind}`));
  const node = el(
    "section.bl-bars-section",
    el(
      "header.bl-bar-head",
      phrase("h3", "bars.title"),
      el("span", ghost),
      column("report_alone", el("i.bl-mark.bl-mark-report")),
      column("fused"),
      column("image_alone", el("i.bl-mark.bl-mark-image")),
    ),
    list,
  );

  /** @param {Case} given */
  const load = (given) => {
    opened = given;
    const both = given.modalities.length === 2;
    node.classList.toggle("bl-one", !both);
    ghost.hidden = !given.original;
    rows = given.findings.map((finding, index) => {
      const fill = el("span.bl-bar-fill");
      const value = el("span.bl-bar-value.bl-num");
      const then = given.original && el("i.bl-ghost");
      /** @param {Modality} kind */
      const of = (kind) => given.probability(ALONE[kind], index);
      /** @param {Modality} kind */
      const mark = (kind) => both && el(`i.bl-mark.bl-mark-${kind}`, { style: `left:${100 * of(kind)}%` });
      /** @param {Modality} kind */
      const alone = (kind) => both && el("span.bl-bar-alone.bl-num", probability(of(kind)));
      const node = el(
        "button.bl-bar",
        {
          role: "radio",
          "data-finding": finding,
          "aria-checked": String(index === given.index),
          tabindex: index === given.index ? 0 : -1,
          onclick: () => choose(index, finding),
        },
        el("span.bl-bar-name", { text: findingName(finding), title: finding }),
        el("span.bl-bar-track", fill, then, mark("report"), mark("image"), el("span.bl-bar-half")),
        alone("report"),
        value,
        alone("image"),
      );
      node.classList.toggle("bl-recorded", Boolean(given.labels?.includes(finding)));
      return { node, fill, value, then };
    });
    const focused = list.contains(document.activeElement);
    list.replaceChildren(...rows.map((row) => row.node));
    if (focused) rows[given.index].node.focus();
  };

  /** @param {number} beta */
  const move = (beta) =>
    rows.forEach(({ node, fill, value, then }, index) => {
      const p = opened.probability(beta, index);
      let said = probability(p);
      fill.style.width = `${100 * p}%`;
      value.textContent = said;
      node.classList.toggle("bl-positive", p >= 0.5);
      if (then) {
        const before = opened.original.probability(beta, index);
        then.style.left = `${100 * before}%`;
        said = `${probability(before)} → ${said}`;
      }
      node.ariaLabel = `${findingName(opened.findings[index])} ${said}`;
      node.title = then ? said : "";
    });

  list.addEventListener("keydown", (event) => {
    const step = stepOf(event.key);
    if (!step) return;
    event.preventDefault();
    const next = rows[rows.findIndex(({ node }) => node === event.target) + step];
    next?.node.focus();
    next?.node.click();
  });
  on("truth", (on) => list.classList.toggle("bl-show-truth", on));

  return { node, load, move };
};
