// Boxes on the film, around wrong evidence or around a finding, which is named then: dragged with the mouse, or moved
// and sized with the arrow keys. A box is top, left, height, width in shares of the film, whatever square the film lies
// in.
import { findingName } from "../../lib/i18n.js";
import { ARROWS } from "../../lib/keys.js";
import { FilmTool } from "./tool.js";

/** @import { Box, Boxed, Point } from "../../lib/types.d.ts" */
/** @import { OnFilm } from "./tool.js" */

const LEAST = 0.01;
const STEP = 0.02;
const MOST = 20; // of either kind; dashboard/review/verdicts.py takes as many
// Told apart by more than colour: a finding has its name beside it, and a line of dashes and dots.
/** @type {Record<"colour", string> & Record<"dash" | "was", number[]>} */
const WRONG = { colour: "#ffd24a", dash: [], was: [2, 3] };
const HERE = { colour: "#7df0a0", dash: [12, 3, 2, 3], was: [12, 3, 2, 3] };
const NAME_HEIGHT = 16; // pixels of the page
/** @param {number} value @param {number} [top] */
const clip = (value, top = 1) => Math.min(top, Math.max(0, value));

export class Boxes extends FilmTool {
  // changed: called with the boxes whenever there is one more or less.
  /** @param {OnFilm} film @param {(boxes: Boxed[]) => void} changed @param {() => void} redraw */
  constructor(film, changed, redraw) {
    super(film, redraw, "bl-marking", ["pointerdown", "pointermove", "pointerup", "pointercancel", "keydown"]);
    this.changed = changed;
    /** @type {Boxed[]} */
    this.boxes = [];
    this.finding = ""; // that the next one is around; "" for wrong evidence
    /** @type {Box | null} */
    this.draft = null;
    /** @type {Point | null} */
    this.from = null; // the corner that a drag began in
  }

  // finding: that is to be boxed; "" for wrong evidence.
  /** @param {boolean} on @param {string} [finding] */
  turn(on, finding = "") {
    super.turn(on);
    this.finding = finding;
    if (on) this.canvas.focus({ preventScroll: true });
    this.pointercancel();
  }

  // square: where the film lies in the square, as [top, left, height, width] of it.
  /** @param {Box | null} square @param {Boxed[]} recorded */
  load(square, recorded) {
    /** @type {Box | null} */
    this.square = square;
    this.recorded = recorded;
  }

  clear() {
    this.boxes = [];
    this.draft = this.from = null;
    this.tell();
  }

  tell() {
    this.changed([...this.boxes]);
    this.redraw();
  }

  /** @param {Box | null} box */
  add(box) {
    const { finding } = this;
    const alike = this.boxes.filter((known) => !known.finding === !finding).length;
    if (box && box[2] >= LEAST && box[3] >= LEAST && alike < MOST) this.boxes.push({ finding, box });
    this.draft = null;
    this.tell();
  }

  /** @param {number} place among all of them */
  remove(place) {
    this.boxes.splice(place, 1);
    this.tell();
  }

  // In shares of the film.
  /** @param {PointerEvent} event @returns {Point} */
  place(event) {
    const [x, y] = super.place(event);
    const [top, left, height, width] = this.square;
    return [clip((x - left) / width), clip((y - top) / height)];
  }

  /** @param {PointerEvent} event */
  pointerdown(event) {
    if (event.button !== 0 || !this.square) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.from = this.place(event);
  }

  /** @param {PointerEvent} event */
  pointermove(event) {
    if (!this.from) return;
    const [fromX, fromY] = this.from;
    const [x, y] = this.place(event);
    this.draft = [Math.min(fromY, y), Math.min(fromX, x), Math.abs(y - fromY), Math.abs(x - fromX)];
    this.redraw();
  }

  /** @param {PointerEvent} event */
  pointerup(event) {
    if (!this.from) return;
    this.pointermove(event);
    this.from = null;
    this.add(this.draft);
  }

  pointercancel() {
    this.from = this.draft = null;
    this.redraw();
  }

  /** @param {KeyboardEvent} event */
  keydown(event) {
    const arrow = ARROWS[event.key];
    if (arrow && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const [top, left, height, width] = this.draft || [0.4, 0.4, 0.2, 0.2];
      const [right, down] = arrow.map((way) => way * STEP);
      this.draft = event.shiftKey
        ? [top, left, Math.max(STEP, clip(height + down, 1 - top)), Math.max(STEP, clip(width + right, 1 - left))]
        : [clip(top + down, 1 - height), clip(left + right, 1 - width), height, width];
      this.redraw();
    } else if (event.key === "Enter" && this.draft) this.add(this.draft);
    else if (event.key === "Delete" || event.key === "Backspace") {
      const last = this.boxes.findLastIndex(({ finding }) => !finding === !this.finding);
      if (last >= 0) this.remove(last);
    } else return;
    event.preventDefault();
  }

  // What was recorded is white; what is being drawn is dashed.
  /** @param {CanvasRenderingContext2D} context @param {number} side @param {number} scale */
  draw(context, side, scale) {
    const [top, left, height, width] = this.square;
    /** @param {Boxed} boxed @param {string} colour @param {number[]} dash */
    const stroke = ({ box, finding }, colour, dash) => {
      const [x, y] = [(left + box[1] * width) * side, (top + box[0] * height) * side];
      for (const [style, line, dashes] of /** @type {[string, number, number[]][]} */ ([
        ["rgba(0,0,0,.8)", 4, []],
        [colour, 2, dash],
      ])) {
        context.strokeStyle = style;
        context.lineWidth = line * scale;
        context.setLineDash(dashes.map((length) => length * scale));
        context.strokeRect(x, y, box[3] * width * side, box[2] * height * side);
      }
      context.setLineDash([]);
      if (finding) name(findingName(finding), x, y, colour);
    };
    // Above the box, or at the top of it where the film ends there.
    /** @param {string} text @param {number} x @param {number} y @param {string} colour */
    const name = (text, x, y, colour) => {
      const tall = NAME_HEIGHT * scale;
      context.font = `600 ${0.75 * tall}px system-ui, sans-serif`;
      const wide = context.measureText(text).width + 8 * scale;
      const at = y - tall < top * side ? y : y - tall;
      const from = Math.max(left * side, Math.min(x, (left + width) * side - wide));
      context.fillStyle = "rgba(0,0,0,.8)";
      context.fillRect(from, at, wide, tall);
      context.fillStyle = colour;
      context.textBaseline = "middle";
      context.fillText(text, from + 4 * scale, at + tall / 2);
    };
    /** @param {{ finding: string }} boxed */
    const styleOf = ({ finding }) => (finding ? HERE : WRONG);
    for (const boxed of this.recorded) stroke(boxed, "#ffffff", styleOf(boxed).was);
    for (const boxed of this.boxes) stroke(boxed, styleOf(boxed).colour, styleOf(boxed).dash);
    if (this.draft) stroke({ box: this.draft, finding: this.finding }, styleOf(this).colour, [6, 4]);
  }
}
