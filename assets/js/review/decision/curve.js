// p over beta for the explained finding, the others faint behind it, and a flag wherever the decision flips. Before the
// case was changed: dashed.
import { askBeta, currentBeta } from "../../lib/beta.js";
import { el } from "../../lib/dom.js";
import { number } from "../../lib/format.js";
import { phrase, t } from "../../lib/i18n.js";

/** @import { Case } from "../case/case.js" */

const LEFT = 30;
const RIGHT = 8;
const TOP = 8;
const BOTTOM = 20;

export class CurveView {
  constructor() {
    this.svg = el("svg.bl-curve-plot", { role: "img" });
    this.flips = el("span.bl-muted.bl-num");
    this.node = el("section.bl-curve", el("header.bl-sub-head", phrase("h3", "curve.title"), this.flips), this.svg);
    for (const name of /** @type {const} */ (["pointerdown", "pointermove"])) {
      this.svg.addEventListener(name, (event) => {
        if (!this.scale || !(event.buttons & 1)) return;
        const { left, width } = this.svg.getBoundingClientRect();
        askBeta((event.clientX - left - LEFT) / (width - LEFT - RIGHT));
      });
    }
    new ResizeObserver(() => {
      if (!this.opened) return;
      this.load(this.opened);
      this.move(currentBeta());
    }).observe(this.node);
  }

  // Drawn in pixels of the box it has, so that type and lines are never stretched.
  /** @param {Case} opened */
  load(opened) {
    this.opened = opened;
    const box = this.svg.getBoundingClientRect();
    const w = Math.max(200, box.width);
    const h = Math.max(60, box.height);
    /** @param {number} beta */
    const X = (beta) => LEFT + beta * (w - LEFT - RIGHT);
    /** @param {number} p */
    const Y = (p) => TOP + (1 - p) * (h - TOP - BOTTOM);
    this.scale = { X, Y };
    this.svg.setAttribute("viewBox", `0 0 ${w} ${h}`);
    /** @param {number} finding @param {Case} [side] */
    const line = (finding, side = opened) =>
      Array.from(
        { length: 101 },
        (_, i) => `${i ? "L" : "M"}${X(i / 100).toFixed(1)} ${Y(side.probability(i / 100, finding)).toFixed(1)}`,
      ).join("");
    /** @param {number} at @param {number} top @param {string} text @param {string} [anchor] */
    const label = (at, top, text, anchor = "middle") =>
      el("text.bl-axis", { x: at, y: top, "text-anchor": anchor, text });
    this.dot = el("circle.bl-curve-dot", { r: 4.5 });
    this.rule = el("line.bl-curve-rule", { y1: TOP, y2: h - BOTTOM });
    this.svg.replaceChildren(
      ...[0, 0.5, 1].map((p) =>
        el("line", {
          x1: LEFT,
          x2: w - RIGHT,
          y1: Y(p),
          y2: Y(p),
          class: p === 0.5 ? "bl-grid bl-grid-half" : "bl-grid",
        }),
      ),
      ...[0, 0.5, 1].map((p) => label(LEFT - 6, Y(p) + 3.5, p ? String(p) : "0", "end")),
      ...[0, 0.25, 0.5, 0.75, 1].map((beta) =>
        label(X(beta), h - 5, String(beta), beta === 0 ? "start" : beta === 1 ? "end" : "middle"),
      ),
      ...opened.findings
        .map((_, i) => (i === opened.index ? null : el("path.bl-curve-other", { d: line(i) })))
        .filter(Boolean),
      ...opened.flips.flatMap((flip) => [
        el("line.bl-flip", { x1: X(flip), x2: X(flip), y1: TOP, y2: h - BOTTOM }),
        el("path.bl-flip-mark", { d: `M${X(flip)} ${Y(opened.probability(flip)) - 5}l5 5l-5 5l-5-5z` }),
      ]),
      ...(opened.original ? [el("path.bl-curve-then", { d: line(opened.index, opened.original) })] : []),
      el("path.bl-curve-line", { d: line(opened.index) }),
      this.rule,
      this.dot,
    );
    this.flips.textContent =
      opened.modalities.length < 2
        ? ""
        : opened.flips.length
          ? t("curve.flips", { betas: opened.flips.map((flip) => number(flip)).join(", ") })
          : t("curve.steady");
    this.svg.ariaLabel = `${t("curve.title")}. ${this.flips.textContent}`;
  }

  /** @param {number} beta */
  move(beta) {
    const { X, Y } = this.scale;
    this.dot.setAttribute("cx", String(X(beta)));
    this.dot.setAttribute("cy", String(Y(this.opened.probability(beta))));
    this.rule.setAttribute("x1", String(X(beta)));
    this.rule.setAttribute("x2", String(X(beta)));
  }
}
