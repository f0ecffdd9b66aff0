// A tool on the film: while it is on, each event of the hand goes to its method of that name.
import { spotOn } from "../../lib/canvas.js";

/** @import { Point } from "../../lib/types.d.ts" */

/** @typedef {{ canvas: HTMLCanvasElement, squareAt: (at: Point) => Point }} OnFilm */

export class FilmTool {
  // film: where it works; redraw: called whenever what the tool shows has changed; cursor: the class of the canvas
  // while it is on.
  /** @param {OnFilm} film @param {() => void} redraw @param {string} cursor @param {string[]} events */
  constructor({ canvas, squareAt }, redraw, cursor, events) {
    this.canvas = canvas;
    this.squareAt = squareAt;
    this.redraw = redraw;
    this.cursor = cursor;
    this.on = false;
    for (const name of events)
      canvas.addEventListener(name, (event) => this.on && /** @type {any} */ (this)[name](event));
  }

  /** @param {boolean} on */
  turn(on) {
    this.on = on;
    this.canvas.classList.toggle(this.cursor, on);
  }

  // In shares of the square that the film lies in, whichever part of it is to be seen.
  /** @param {PointerEvent} event @returns {Point} */
  place(event) {
    return this.squareAt(spotOn(this.canvas, event));
  }
}
