// p over beta for the explained finding, the others faint behind it, and a flag wherever the decision flips. Before the
// case was changed: dashed.
import { askBeta, currentBeta } from "../../lib/beta.js";
import { el, put } from "../../lib/dom.js";
import { number } from "../../lib/format.js";
import { phrase, t } from "../../lib/i18n.js";

/** @import { Case } from "../case/case.js" */

const LEFT = 30;
const RIGHT = 8;
const TOP = 8;
const BOTTOM = 20;

export const curveView = () => {
  /** @type {Case | null} */
  let opened = null;
  let [w, h] = [0, 0]; // the size that it is drawn in
  const svg = el("svg.bl-curve-plot", { role: "img" });
  const dot = el("circle.bl-curve-dot", { r: 4.5 });
  const rule = el("line.bl-curve-rule", { y1: TOP });
  const flips = el("span.bl-muted.bl-num");
  const node = el("section.bl-curve", el("header.bl-sub-head", phrase("h3", "curve.title"), flips), svg);

  /** @param {number} beta */
  const X = (beta) => LEFT + beta * (w - LEFT - RIGHT);
  /** @param {number} p */
  const Y = (p) => TOP + (1 - p) * (h - TOP - BOTTOM);
  /** @param {string} name @param {number} finding @param {Case} [side] */
  const curve = (name, finding, side = opened) => {
    const steps = Array.from({ length: 101 }, (_, i) => i / 100);
    const points = steps.map((beta) => `${X(beta).toFixed(1)} ${Y(side.probability(beta, finding)).toFixed(1)}`);
    return el(`path.bl-curve-${name}`, { d: `M${points.join("L")}` });
  };
  /** @param {number} x @param {number} y @param {number} value @param {string} anchor */
  const label = (x, y, value, anchor) => el("text.bl-axis", { x, y, "text-anchor": anchor, text: String(value) });

  // Drawn in pixels of the box it has, so that type and lines are never stretched.
  /** @param {Case} given */
  const load = (given) => {
    opened = given;
    const { index, original } = given;
    const box = svg.getBoundingClientRect();
    w = Math.max(200, box.width);
    h = Math.max(60, box.height);
    svg.setAttribute("viewBox", `0 0 ${w} ${h}`);
    rule.setAttribute("y2", String(h - BOTTOM));
    put(
      svg,
      ...[0, 0.5, 1].map((p) => {
        const half = p === 0.5 ? ".bl-grid-half" : "";
        return el(`line.bl-grid${half}`, { x1: LEFT, x2: w - RIGHT, y1: Y(p), y2: Y(p) });
      }),
      ...[0, 0.5, 1].map((p) => label(LEFT - 6, Y(p) + 3.5, p, "end")),
      ...[0, 0.25, 0.5, 0.75, 1].map((beta) =>
        label(X(beta), h - 5, beta, beta === 0 ? "start" : beta === 1 ? "end" : "middle"),
      ),
      ...given.findings.map((_, i) => i !== index && curve("other", i)),
      ...given.flips.flatMap((flip) => [
        el("line.bl-flip", { x1: X(flip), x2: X(flip), y1: TOP, y2: h - BOTTOM }),
        el("path.bl-flip-mark", { d: `M${X(flip)} ${Y(given.probability(flip)) - 5}l5 5l-5 5l-5-5z` }),
      ]),
      original && curve("then", index, original),
      curve("line", index),
      rule,
      dot,
    );
    const betas = given.flips.map((flip) => number(flip)).join(", ");
    const said = betas ? t("curve.flips", { betas }) : t("curve.steady");
    flips.textContent = given.modalities.length < 2 ? "" : said;
    svg.ariaLabel = `${t("curve.title")}. ${flips.textContent}`;
  };

  /** @param {number} beta */
  const move = (beta) => {
    const x = String(X(beta));
    dot.setAttribute("cx", x);
    dot.setAttribute("cy", String(Y(opened.probability(beta))));
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
    load(opened);
    move(currentBeta());
  }).observe(node);

  return { node, load, move };
};
