// The decision on every finding, as bar and as number. A row is a button that asks for that finding's explanation.
// Beside the fused decision stands what the report alone (square) and the image alone (circle) would decide; where it
// is shown beside another, what is decided there (dotted) and by how much that differs. After a verdict that was given
// blind the row says whether the reader had answered as the model did (✓) or not (✗).
import { el, put, write } from "../../lib/dom.js";
import { on } from "../../lib/events.js";
import { joined } from "../../lib/format.js";
import { findingName, labelled, phrase, t } from "../../lib/i18n.js";
import { stepOf } from "../../lib/keys.js";
import { isKept } from "../cannot_tell.js";
import { AXES, foldable, placeIn, sidesOf } from "./scale.js";

/** @import { Beside, Modality } from "../../lib/types.d.ts" */
/** @import { Case } from "../case/case.js" */
/** @import { Axis } from "./scale.js" */

/** @typedef {{ node: HTMLElement, fill: HTMLElement, value: HTMLElement, name: string }} Row */
/** @typedef {Row & { ghost: HTMLElement | false, before: HTMLElement, change: HTMLElement }} ComparedRow */

/** @type {Record<Modality, number>} */
const ALONE = { report: 0, image: 1 }; // the beta that leaves the other one out

/** @param {(index: number, finding: string) => void} choose */
export const barsView = (choose) => {
  /** @type {Case | null} */
  let opened = null;
  let axis = AXES.probability;
  /** @type {[number, number]} */
  let range = [0, 1];
  /** @type {(Row | ComparedRow)[]} */
  let rows = [];
  /** @type {HTMLElement[]} */
  let folded = [];
  let unfolded = false;
  /** @type {import("../../lib/types.d.ts").Events["answered"] | null} */
  let answered = null;
  const list = el("div.bl-bars", { role: "radiogroup", ...labelled("bars.label") });
  const head = el("header.bl-bar-head");
  const legend = el("p.bl-bar-key.bl-muted");
  const more = el("button.bl-bars-more", {
    hidden: true,
    onclick: () => {
      unfolded = !unfolded;
      drawFold();
    },
  });
  const node = el("section.bl-bars-section", head, list, more, legend);

  const drawFold = () => {
    more.hidden = !folded.length;
    more.ariaExpanded = String(unfolded);
    more.textContent = `${unfolded ? "▾" : "▸"} ${t("bars.rare", { n: folded.length })}`;
    for (const row of folded) row.hidden = !unfolded;
  };

  /** @param {string} kind @param {HTMLElement} mark */
  const key = (kind, mark) => el(`span.bl-key-${kind}`, mark, phrase("span", `bars.${kind}`));
  /** @param {boolean} both @param {Beside | null} beside */
  const drawHead = (both, beside) => {
    const [then, now] = beside?.isPinned ? ["a", "b"] : ["then", "now"];
    const columns = beside ? [then, now, "change"] : both ? ["report_alone", "fused", "image_alone"] : [];
    put(head, phrase("h3", "bars.title"), ...columns.map((kind) => phrase(`span.bl-bar-${kind}`, `bars.${kind}`)));
    put(
      legend,
      both && key("report_alone", el("i.bl-mark.bl-mark-report")),
      both && key("image_alone", el("i.bl-mark.bl-mark-image")),
      beside && key(then, el("i.bl-ghost")),
      key("half", el("i.bl-key-tick")),
      key("truth", el("i", { text: "●" })),
    );
  };

  /** @param {number} value */
  const left = (value) => `${(100 * placeIn(value, range)).toFixed(2)}%`;

  // What the reader had said of a finding before they saw the answer.
  /** @param {Case} given @param {string} finding */
  const answerOn = (given, finding) => {
    if (answered?.case !== given.case || given.original || given.cannot_tell.length) return null;
    const said = answered.said.includes(finding);
    const same = said === answered.decided.includes(finding);
    const told = t(`bars.own_${same ? "same" : "other"}`, { said: t(`verdict.${said ? "present" : "absent"}`) });
    return { kind: same ? "same" : "other", sign: same ? "✓ " : "✗ ", told };
  };

  /** @param {Case} given @param {number} index @param {boolean} both @returns {Row | ComparedRow} */
  const rowOf = (given, index, both) => {
    const finding = given.findings[index];
    const { beside } = given;
    const fill = el("span.bl-bar-fill");
    const value = el("span.bl-bar-value.bl-num");
    /** @param {Modality} kind */
    const of = (kind) => axis.of(given, ALONE[kind], index);
    /** @param {Modality} kind */
    const mark = (kind) =>
      both && !isKept(given) && el(`i.bl-mark.bl-mark-${kind}`, { style: `left:${left(of(kind))}` });
    /** @param {Modality} kind */
    const alone = (kind) => both && el("span.bl-bar-alone.bl-num", axis.say(of(kind)));
    const half = el("span.bl-bar-half", { style: `left:${left(axis.half)}` });
    const ghost = beside && !isKept(beside.side) && el("i.bl-ghost");
    const before = beside && el("span.bl-bar-before.bl-num");
    const change = beside && el("span.bl-bar-change.bl-num");
    const own = answerOn(given, finding);
    const node = el(
      "button.bl-bar",
      {
        role: "radio",
        "data-finding": finding,
        "aria-checked": String(index === given.index),
        tabindex: index === given.index ? 0 : -1,
        onclick: () => choose(index, finding),
      },
      el(
        "span.bl-bar-name",
        { title: own?.told ?? finding },
        own && el(`b.bl-own-${own.kind}`, own.sign),
        findingName(finding),
      ),
      el("span.bl-bar-track", fill, ghost, mark("report"), mark("image"), half),
      ...(beside ? [before, value, change] : [alone("report"), value, alone("image")]),
    );
    node.classList.toggle("bl-recorded", Boolean(given.labels?.includes(finding)));
    return { node, fill, value, ghost, before, change, name: joined([findingName(finding), own?.told], ", ") };
  };

  // Where there is no room for all rows, the explained one is seen. The page itself stays where it is.
  /** @param {HTMLElement} row */
  const bringIntoView = (row) => {
    const top = row.offsetTop - list.offsetTop;
    if (top + row.offsetHeight > list.scrollTop + list.clientHeight || top < list.scrollTop) list.scrollTop = top;
  };

  /** @param {Case} given @param {Axis} chosen */
  const load = (given, chosen) => {
    opened = given;
    axis = chosen;
    range = axis.range(sidesOf(given));
    const both = given.modalities.length === 2;
    node.classList.toggle("bl-one", !both && !given.beside);
    drawHead(both, given.beside);
    rows = given.findings.map((_, index) => rowOf(given, index, both));
    const focused = list.contains(document.activeElement);
    list.replaceChildren(...rows.map((row) => row.node));
    folded = foldable(given).map((index) => rows[index].node);
    drawFold();
    if (focused) rows[given.index].node.focus();
    else bringIntoView(rows[given.index].node);
  };

  /** @param {number} beta */
  const move = (beta) =>
    rows.forEach((row, index) => {
      const value = axis.of(opened, beta, index);
      const [zero, end] = [placeIn(Math.max(range[0], 0), range), placeIn(value, range)];
      row.fill.style.left = `${100 * Math.min(zero, end)}%`;
      row.fill.style.width = `${100 * Math.abs(end - zero)}%`;
      const said = axis.say(value);
      write(row.value, said);
      row.node.classList.toggle("bl-positive", value >= axis.half);
      let told = said;
      if (opened.beside && "before" in row) {
        const { side, at } = opened.beside;
        const then = axis.of(side, at(beta), index);
        if (row.ghost) row.ghost.style.left = left(then);
        write(row.before, axis.say(then));
        write(row.change, axis.sayChange(then, value));
        told = joined([`${axis.say(then)} → ${said}`, row.change.textContent], ", ");
      }
      row.node.ariaLabel = `${row.name} ${told}`;
    });

  list.addEventListener("keydown", (event) => {
    const step = stepOf(event.key);
    if (!step) return;
    event.preventDefault();
    const shown = rows.filter(({ node }) => !node.hidden);
    const next = shown[shown.findIndex(({ node }) => node === event.target) + step];
    next?.node.focus();
    next?.node.click();
  });
  on("answered", (now) => (answered = now));
  on("truth", (on) => node.classList.toggle("bl-show-truth", on));

  return { node, load, move };
};
