// Boxes on the film around what is wrong there: dragged with the mouse, or moved and sized with the arrow keys.
// A box is top, left, height, width in shares of the film, whatever square the film lies in.
import { ARROWS } from "../../lib/keys.js";
import { FilmTool } from "./tool.js";

/** @import { Box, Point } from "../../lib/types.d.ts" */
/** @import { OnFilm } from "./tool.js" */

const LEAST = 0.01;
const STEP = 0.02;
const MOST = 20; // dashboard/review/verdicts.py takes as many
/** @param {number} value @param {number} [top] */
const clip = (value, top = 1) => Math.min(top, Math.max(0, value));

export class Boxes extends FilmTool {
  // changed: called with the boxes whenever there is one more or less.
  /** @param {OnFilm} film @param {(boxes: Box[]) => void} changed @param {() => void} redraw */
  constructor(film, changed, redraw) {
    super(film, redraw, "bl-marking", ["pointerdown", "pointermove", "pointerup", "pointercancel", "keydown"]);
    this.changed = changed;
    /** @type {Box[]} */
    this.boxes = [];
    /** @type {Box | null} */
    this.draft = null;
    /** @type {Point | null} */
    this.from = null; // the corner that a drag began in
  }

  /** @param {boolean} on */
  turn(on) {
    super.turn(on);
    if (on) this.canvas.focus({ preventScroll: true });
    this.pointercancel();
  }

  // square: where the film lies in the square, as [top, left, height, width] of it.
  /** @param {Box | null} square @param {Box[]} recorded */
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
    this.changed(this.boxes.map((box) => [...box]));
    this.redraw();
  }

  /** @param {Box | null} box */
  add(box) {
    if (box && box[2] >= LEAST && box[3] >= LEAST && this.boxes.length < MOST) this.boxes.push(box);
    this.draft = null;
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
      this.boxes.pop();
      this.tell();
    } else return;
    event.preventDefault();
  }

  // What was recorded is dotted and white; what is marked now is solid, what is being drawn dashed.
  /** @param {CanvasRenderingContext2D} context @param {number} side @param {number} scale */
  draw(context, side, scale) {
    const [top, left, height, width] = this.square;
    /** @param {Box} box @param {string} colour @param {number[]} dash */
    const stroke = (box, colour, dash) => {
      for (const [style, line, dashes] of /** @type {[string, number, number[]][]} */ ([
        ["rgba(0,0,0,.8)", 4, []],
        [colour, 2, dash],
      ])) {
        context.strokeStyle = style;
        context.lineWidth = line * scale;
        context.setLineDash(dashes.map((length) => length * scale));
        context.strokeRect(
          (left + box[1] * width) * side,
          (top + box[0] * height) * side,
          box[3] * width * side,
          box[2] * height * side,
        );
      }
      context.setLineDash([]);
    };
    for (const box of this.recorded) stroke(box, "#ffffff", [2, 3]);
    for (const box of this.boxes) stroke(box, "#ffd24a", []);
    if (this.draft) stroke(this.draft, "#ffd24a", [6, 4]);
  }
}
