// The explained finding over beta, the others faint behind it, and a flag wherever the decision flips. What the case is
// beside: dashed.
import { askBeta, currentBeta } from "../../lib/beta.js";
import { el, put } from "../../lib/dom.js";
import { listed, number } from "../../lib/format.js";
import { t } from "../../lib/i18n.js";
import { AXES, placeIn, sidesOf } from "./scale.js";

/** @import { Case } from "../case/case.js" */
/** @import { Axis } from "./scale.js" */

const LEFT = 34;
const RIGHT = 12;
const TOP = 8;
const BOTTOM = 20;

export const curveView = () => {
  /** @type {Case | null} */
  let opened = null;
  let axis = AXES.probability;
  /** @type {[number, number]} */
  let range = [0, 1];
  let [w, h] = [0, 0]; // the size that it is drawn in
  const svg = el("svg.bl-curve-plot", { role: "img" });
  const dot = el("circle.bl-curve-dot", { r: 4.5 });
  const then = el("circle.bl-curve-dot-then", { r: 4 });
  const rule = el("line.bl-curve-rule", { y1: TOP });
  const title = el("h3");
  const flips = el("span.bl-muted.bl-num");
  const node = el("section.bl-curve", el("header.bl-sub-head", title, flips), svg);

  /** @param {number} beta */
  const X = (beta) => LEFT + beta * (w - LEFT - RIGHT);
  /** @param {number} value */
  const Y = (value) => TOP + (1 - placeIn(value, range)) * (h - TOP - BOTTOM);
  /** @param {string} name @param {number} finding @param {Case} [side] */
  const curve = (name, finding, side = opened) => {
    const steps = Array.from({ length: 101 }, (_, i) => i / 100);
    const points = steps.map((beta) => `${X(beta).toFixed(1)} ${Y(axis.of(side, beta, finding)).toFixed(1)}`);
    return el(`path.bl-curve-${name}`, { d: `M${points.join("L")}` });
  };
  /** @param {number} x @param {number} y @param {string} text @param {string} anchor */
  const label = (x, y, text, anchor) => el("text.bl-axis", { x, y, "text-anchor": anchor, text });

  // Drawn in pixels of the box it has, so that type and lines are never stretched.
  /** @param {Case} given @param {Axis} chosen */
  const load = (given, chosen) => {
    opened = given;
    axis = chosen;
    // Without the other modality beta is fixed, and there is nothing to draw over it.
    node.hidden = given.modalities.length < 2;
    if (node.hidden) return;
    const { index, beside } = given;
    range = axis.rangeOfCurve(sidesOf(given), index);
    const box = svg.getBoundingClientRect();
    w = Math.max(200, box.width);
    h = Math.max(60, box.height);
    svg.setAttribute("viewBox", `0 0 ${w} ${h}`);
    rule.setAttribute("y2", String(h - BOTTOM));
    const ticks = [...new Set([range[0], axis.half, range[1]])];
    put(
      svg,
      ...ticks.map((value) => {
        const half = value === axis.half ? ".bl-grid-half" : "";
        return el(`line.bl-grid${half}`, { x1: LEFT, x2: w - RIGHT, y1: Y(value), y2: Y(value) });
      }),
      ...ticks.map((value) => label(LEFT - 6, Y(value) + 3.5, axis.tick(value), "end")),
      ...[0, 0.25, 0.5, 0.75, 1].map((beta) => label(X(beta), h - 5, number(beta), "middle")),
      ...given.findings.map((_, i) => i !== index && curve("other", i)),
      ...given.flips.flatMap((flip) => [
        el("line.bl-flip", { x1: X(flip), x2: X(flip), y1: TOP, y2: h - BOTTOM }),
        el("path.bl-flip-mark", { d: `M${X(flip)} ${Y(axis.of(given, flip)) - 5}l5 5l-5 5l-5-5z` }),
      ]),
      beside && curve("then", index, beside.side),
      curve("line", index),
      rule,
      beside && then,
      dot,
    );
    const betas = listed(given.flips.map((flip) => number(flip)));
    title.textContent = t(`curve.title.${axis.name}`);
    flips.textContent = betas ? t("curve.flips", { betas }) : t("curve.steady");
    svg.ariaLabel = `${title.textContent}. ${flips.textContent}`;
  };

  /** @param {SVGElement} at @param {Case} side @param {number} beta */
  const place = (at, side, beta) => {
    at.setAttribute("cx", String(X(beta)));
    at.setAttribute("cy", String(Y(axis.of(side, beta, opened.index))));
  };
  /** @param {number} beta */
  const move = (beta) => {
    if (node.hidden) return;
    const x = String(X(beta));
    place(dot, opened, beta);
    if (opened.beside) place(then, opened.beside.side, opened.beside.at(beta));
    rule.setAttribute("x1", x);
    rule.setAttribute("x2", x);
  };

  for (const name of /** @type {const} */ (["pointerdown", "pointermove"])) {
    svg.addEventListener(name, (event) => {
      if (!opened || !(event.buttons & 1)) return;
      const { left, width } = svg.getBoundingClientRect();
      askBeta((event.clientX - left - LEFT) / (width - LEFT - RIGHT));
    });
  }
  new ResizeObserver(() => {
    if (!opened) return;
    load(opened, axis);
    move(currentBeta());
  }).observe(node);

  return { node, load, move };
};
