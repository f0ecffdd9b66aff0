// A tool on the film: while it is on, each event of the hand goes to its method of that name.
/** @import { Point } from "../../lib/types.d.ts" */

export class FilmTool {
  // redraw: called whenever what the tool shows has changed; cursor: the class of the canvas while it is on.
  /** @param {HTMLCanvasElement} canvas @param {() => void} redraw @param {string} cursor @param {string[]} events */
  constructor(canvas, redraw, cursor, events) {
    this.canvas = canvas;
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

  // In shares of the canvas.
  /** @param {PointerEvent} event @returns {Point} */
  place(event) {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    return [(event.clientX - left) / width, (event.clientY - top) / height];
  }
}
