// Draws the part of a film that is to be seen from its own greys, as far as they have come. They are put together on a
// canvas of their own size, which is painted when something of it changes and else only drawn.
import { el } from "../../lib/dom.js";
import { nameOf, SIDE, stepFor, tilesOf, widthOf } from "./tiles.js";

/** @import { OwnPixels } from "../../lib/messages.d.ts" */
/** @import { Area, Tones } from "../../lib/types.d.ts" */

const layer = () => ({
  canvas: el("canvas"),
  film: "",
  step: 0,
  /** @type {Area} */
  area: { top: 0, left: 0, bottom: 0, right: 0 },
  /** @type {Tones | null} */
  tones: null,
  /** @type {Set<string>} */
  painted: new Set(),
});

// known: greys by the name of their tile.
/** @param {Map<string, Uint16Array | null>} known */
export const ownPixels = (known) => {
  let now = layer();
  let before = layer(); // the last one that had all its tiles: it stands in until those of the next have come
  let isWhole = false;
  const tile = new ImageData(SIDE, SIDE);
  const shown = new Uint32Array(tile.data.buffer);

  /** @param {string} name @param {number} columns @param {number} x @param {number} y @param {Uint32Array} table */
  const paint = (name, columns, x, y, table) => {
    const greys = known.get(name);
    if (!greys || now.painted.has(name)) return;
    const rows = greys.length / columns;
    for (let row = 0, from = 0; row < rows; row++)
      for (let to = row * SIDE, end = to + columns; to < end; to++, from++) shown[to] = table[greys[from]];
    now.canvas.getContext("2d").putImageData(tile, x * SIDE, y * SIDE, 0, 0, columns, rows);
    now.painted.add(name);
  };

  /** @param {CanvasRenderingContext2D} context @param {ReturnType<typeof layer>} drawn */
  const put = (context, { canvas, step, area }) => {
    const size = step * SIDE;
    const { width, height } = canvas;
    context.drawImage(canvas, area.left * size, area.top * size, width * step, height * step);
  };

  // context: in pixels of the film; scale: of the canvas for one of them; table: what a grey is shown as.
  // Returns the tiles that belong to it.
  /**
   * @param {CanvasRenderingContext2D} context
   * @param {OwnPixels} film
   * @param {Area} seen
   * @param {number} scale
   * @param {Tones} tones
   * @param {Uint32Array} table
   */
  const draw = (context, film, seen, scale, tones, table) => {
    const step = stepFor(scale);
    const area = tilesOf(seen, step, film);
    const { top, left, bottom, right } = area;
    const isSame =
      now.film === film.name &&
      now.step === step &&
      now.area.top === top &&
      now.area.left === left &&
      now.area.bottom === bottom &&
      now.area.right === right;
    if (!isSame) {
      if (isWhole) [now, before] = [before, now];
      Object.assign(now, { film: film.name, step, area });
      now.canvas.width = SIDE * Math.max(0, right - left);
      now.canvas.height = SIDE * Math.max(0, bottom - top);
    }
    if (!isSame || now.tones !== tones) now.painted.clear();
    now.tones = tones;
    const names = [];
    for (let row = top; row < bottom; row++)
      for (let column = left; column < right; column++) {
        const name = nameOf(film, step, row, column);
        names.push(name);
        paint(name, widthOf(film, step, column), column - left, row - top, table);
      }
    isWhole = now.painted.size === names.length;
    if (!isWhole && before.film === film.name && before.tones === tones) put(context, before);
    if (now.painted.size) put(context, now);
    return names;
  };

  return { draw, isWhole: () => isWhole };
};
