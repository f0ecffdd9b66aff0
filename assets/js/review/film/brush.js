// A brush on the film: what is painted is sent when the pointer is let go, as bits over the square the model sees.
import { base64 } from "../../lib/bytes.js";
import { strokeEach } from "../../lib/canvas.js";
import { el } from "../../lib/dom.js";
import { FilmTool } from "./tool.js";

/** @import { Point } from "../../lib/types.d.ts" */
/** @import { OnFilm } from "./tool.js" */

const SIDE = 128; // dashboard/cases/masks.py reads as many

export class Brush extends FilmTool {
  // send: called with the packed mask in base64.
  /** @param {OnFilm} film @param {(mask: string) => void} send @param {() => void} redraw */
  constructor(film, send, redraw) {
    super(film, redraw, "bl-erasing", ["pointerdown", "pointermove", "pointerup", "pointercancel", "pointerleave"]);
    this.send = send;
    this.size = 0.1;
    this.mask = el("canvas", { width: SIDE, height: SIDE });
    this.layer = el("canvas");
    this.paint = this.mask.getContext("2d");
    this.paint.lineCap = "round";
  }

  /** @param {boolean} on */
  turn(on) {
    super.turn(on);
    this.clear();
  }

  clear() {
    this.paint.clearRect(0, 0, SIDE, SIDE);
    this.painted = this.painting = this.sent = false;
    this.at = null;
    this.redraw();
  }

  /** @param {Point} from @param {Point} to */
  stroke(from, to) {
    const { paint } = this;
    paint.lineWidth = this.size * SIDE;
    paint.beginPath();
    paint.moveTo(from[0] * SIDE, from[1] * SIDE);
    paint.lineTo(to[0] * SIDE, to[1] * SIDE);
    paint.stroke();
    this.painted = true;
  }

  /** @param {PointerEvent} event */
  pointerdown(event) {
    if (this.sent || event.button !== 0) return;
    event.preventDefault();
    this.canvas.setPointerCapture(event.pointerId);
    this.painting = true;
    this.at = this.place(event);
    this.stroke(this.at, this.at);
    this.redraw();
  }

  /** @param {PointerEvent} event */
  pointermove(event) {
    const to = this.place(event);
    if (this.painting) this.stroke(this.at, to);
    this.at = to;
    this.redraw();
  }

  pointerup() {
    if (!this.painting) return;
    this.painting = false;
    this.sent = true; // what was painted stays to be seen until the film without it is there
    this.send(this.packed());
  }

  pointercancel() {
    this.clear();
  }

  pointerleave() {
    if (this.painting) return;
    this.at = null;
    this.redraw();
  }

  packed() {
    const { data } = this.paint.getImageData(0, 0, SIDE, SIDE);
    const bytes = new Uint8Array((SIDE * SIDE) / 8);
    for (let i = 0; i < SIDE * SIDE; i++) if (data[4 * i + 3] >= 128) bytes[i >> 3] |= 128 >> (i & 7);
    return base64(bytes);
  }

  // Light and dark stripes, legible on any film; and a ring as wide as the brush.
  /** @param {CanvasRenderingContext2D} context @param {number} side @param {number} line */
  draw(context, side, line) {
    if (this.painted) {
      this.layer.width = this.layer.height = side;
      const layer = this.layer.getContext("2d");
      layer.drawImage(this.mask, 0, 0, side, side);
      layer.globalCompositeOperation = "source-in";
      layer.fillStyle = "rgba(10,14,20,.6)";
      layer.fillRect(0, 0, side, side);
      layer.globalCompositeOperation = "source-atop";
      layer.strokeStyle = "#8ff0ff";
      layer.lineWidth = side / 300;
      layer.beginPath();
      for (let x = -side; x < side; x += side / 48) {
        layer.moveTo(x, side);
        layer.lineTo(x + side, 0);
      }
      layer.stroke();
      context.drawImage(this.layer, 0, 0);
    }
    if (!this.at) return;
    context.beginPath();
    context.arc(this.at[0] * side, this.at[1] * side, (this.size * side) / 2, 0, 2 * Math.PI);
    strokeEach(context, ["rgba(0,0,0,.8)", 3 * line], ["#ffffff", 1.2 * line]);
  }
}
