// One film on a canvas, through a window and as far as it is zoomed; over it the heat, and on demand an outline of the
// heat and the true one of the finding.
import { bits } from "../../lib/bytes.js";
import { fitCanvas, strokeEach } from "../../lib/canvas.js";
import { el, hide, write } from "../../lib/dom.js";
import { percent } from "../../lib/format.js";
import { findingName, t } from "../../lib/i18n.js";
import { isKept } from "../cannot_tell.js";
import { contour } from "./contour.js";
import { firstPicture } from "./first_picture.js";
import { Heat, SIDE } from "./heat.js";
import { outline } from "./outline.js";
import { ownPixels } from "./own_pixels.js";
import { strongest } from "./sums.js";
import { fillTable, GREYS, isWindowed, PLAIN } from "./tones.js";
import { fitting, placeOf, toFilm, WHOLE } from "./view.js";

/** @import { Look, Over, Point, Tones } from "../../lib/types.d.ts" */
/** @import { Case } from "../case/case.js" */

const FIRST_SIDE = 1024; // pixels of the longer side of the first picture (dashboard/ui/pictures.py)
const STRIDE = 4; // of the enlarged map that an outline and a description look at

// side: "now", or "then" for the film beside it; known: greys by the name of their tile; redraw: called
// when there is more to draw.
/** @param {"now" | "then"} side @param {Map<string, Uint16Array | null>} known @param {() => void} redraw */
export const filmPicture = (side, known, redraw) => {
  /** @type {Case | null} */
  let opened = null;
  /** @type {string | null} */
  let film = null; // the picture that was loaded last
  const first = firstPicture();
  const own = ownPixels(known);
  /** @type {Heat | null} */
  let heat = null;
  let empty = false; // whether there is heat, and nothing of it to be seen
  let where = ""; // the heat is strongest
  /** @type {number[]} */
  let segments = [];
  /** @type {number[]} */
  const levels = []; // the outline of the heat, used again for each
  const table = new Uint32Array(GREYS);
  /** @type {Tones | null} */
  let through = null; // what the table was filled for
  /** @type {Look} */
  let look = { view: WHOLE, tones: PLAIN, opacity: 0, signed: false, threshold: 0, truth: false, bare: false };
  const canvas = el("canvas.bl-film-canvas", { role: "img", tabindex: "0", "data-side": side });
  const note = el("p.bl-film-note", { hidden: true, role: "status" });
  const caption = el("span.bl-film-caption", { hidden: true });
  const node = el("div.bl-film-frame", canvas, caption, note);

  // The canvas' size in the page's pixels, and how many of its own one of those is. To ask for it in each frame would
  // have the page laid out once more.
  let [wide, high, dots] = [0, 0, 1];
  new ResizeObserver(() => {
    [wide, high] = [canvas.clientWidth, canvas.clientHeight];
    redraw();
  }).observe(canvas);

  /** @param {Case} now */
  const load = (now) => {
    const { truth, arrays } = now;
    opened = now;
    empty = false;
    where = "";
    heat = arrays.cam && !isKept(now) ? new Heat(arrays.cam.shape[1], arrays.cam.shape[2]) : null;
    const { mask, height, width } = truth ?? {};
    segments = mask ? outline(bits(mask, height * width), height, width) : [];
    note.classList.toggle("bl-centre", !now.film);
    if (film === now.film) return;
    film = now.film;
    if (!film) return first.load(null);
    const loading = new Image();
    loading.onload = () => {
      if (film !== loading.src) return;
      first.load(loading);
      redraw();
    };
    loading.src = film;
  };

  /** @param {number} beta @param {boolean} signed draw what speaks against, too */
  const move = (beta, signed) => {
    if (!heat) return;
    const top = opened.scales.image;
    empty = heat.paint(opened.at("cam", beta), top, signed) < 0.01 * top;
    const most = empty ? null : strongest(heat.values, SIDE, opened.box, STRIDE);
    where = most ? t(`film.strongest.${most.third}_${most.half}`, { share: percent(most.share) }) : "";
  };

  const place = () => placeOf(look.view, opened.own_pixels, canvas);

  // A point of the page's on the canvas, in shares of the square that the model sees.
  /** @param {Point} at @returns {Point} */
  const squareAt = ([x, y]) => {
    const [top, left, height, width] = opened.box;
    const { rows, columns } = opened.own_pixels;
    const [u, v] = toFilm(place(), [x * dots, y * dots]);
    return [left + (u / columns) * width, top + (v / rows) * height];
  };

  // What the heat has at a point of the page's on the canvas; null beside the film, and where there is no heat.
  /** @param {Point} at */
  const valueAt = (at) => {
    if (!heat || !opened.own_pixels) return null;
    const [x, y] = squareAt(at);
    const [top, left, height, width] = opened.box;
    const isOn = x >= left && x < left + width && y >= top && y < top + height;
    return isOn ? heat.valueAt(x, y) : null;
  };

  // Returns the tiles of the film that belong to what is to be seen.
  /** @param {Look} given @param {Over} [over] @returns {string[]} */
  const draw = (given, over) => {
    look = given;
    if (!opened || !wide || !high) return [];
    dots = fitCanvas(canvas, wide, high);
    const context = canvas.getContext("2d");
    context.resetTransform();
    context.clearRect(0, 0, canvas.width, canvas.height);
    describe();
    return opened.own_pixels && film ? drawFilm(context, over) : [];
  };

  /** @param {CanvasRenderingContext2D} context @param {Over} [over] */
  const drawFilm = (context, over) => {
    const size = opened.own_pixels;
    const { rows, columns } = size;
    const { scale, left, top } = place();
    const { tones, view } = look;
    if (through !== tones) fillTable(tones, table);
    through = tones;
    context.setTransform(scale, 0, 0, scale, left, top);
    context.imageSmoothingQuality = "high";
    context.save();
    context.beginPath();
    context.rect(0, 0, columns, rows);
    context.clip();
    const isPlain = !tones.inverted && !isWindowed(tones);
    const picture = first.seen(tones, isPlain, table);
    if (picture) context.drawImage(picture, 0, 0, columns, rows);
    const longer = Math.max(rows, columns);
    const isClose = view.scale !== null || isWindowed(tones) || Math.min(1, scale) * longer > FIRST_SIDE;
    const seen = {
      left: -left / scale,
      top: -top / scale,
      right: (canvas.width - left) / scale,
      bottom: (canvas.height - top) / scale,
    };
    const tiles = isClose ? own.draw(context, size, seen, scale, tones, table) : [];
    if (!look.bare) drawOver(context, size, over);
    context.restore();
    Object.assign(canvas.dataset, { scale, left, top, own: isClose && own.isWhole() });
    return tiles;
  };

  // In pixels of the film.
  /** @param {CanvasRenderingContext2D} context @param {{ rows: number, columns: number }} size @param {Over} [over] */
  const drawOver = (context, { rows, columns }, over) => {
    const film = context.getTransform();
    const [top, left, height, width] = opened.box;
    const side = Math.round(fitting({ rows: height, columns: width }, canvas)); // the square, where the film just fits
    const across = columns / width / side;
    const down = rows / height / side;
    const line = dots / (film.a * across);
    context.transform(across, 0, 0, down, (-left / width) * columns, (-top / height) * rows);
    if (heat) {
      context.globalAlpha = look.opacity;
      context.drawImage(heat.canvas, 0, 0, side, side);
      context.globalAlpha = 1;
      const level = look.threshold * opened.scales.image;
      for (const sign of level ? (look.signed ? [1, -1] : [1]) : []) {
        contour(heat.values, SIDE, SIDE, sign * level, STRIDE, levels);
        trace(context, levels, side / SIDE, side / SIDE);
        strokeEach(context, ["rgba(0,0,0,.7)", 3 * line], [sign > 0 ? "#ffd9a0" : "#a9d4ff", 1.3 * line]);
      }
    }
    if (look.truth && segments.length) {
      const { truth } = opened;
      context.save();
      context.translate(left * side, top * side);
      trace(context, segments, (width * side) / truth.width, (height * side) / truth.height);
      context.restore();
      // White dashes in a black halo: legible on film, on heat, and without colour.
      strokeEach(context, ["rgba(0,0,0,.75)", 3.5 * line], ["#8ff0ff", 1.5 * line]);
    }
    over?.(context, side, line);
  };

  /** @param {CanvasRenderingContext2D} context @param {number[]} lines @param {number} across @param {number} down */
  const trace = (context, lines, across, down) => {
    context.beginPath();
    for (let i = 0; i < lines.length; i += 4) {
      context.moveTo(lines[i] * across, lines[i + 1] * down);
      context.lineTo(lines[i + 2] * across, lines[i + 3] * down);
    }
    context.lineCap = "round";
  };

  const describe = () => {
    const absent = !film;
    const undrawn = look.truth && opened.truth && !segments.length;
    const nothing = empty && (look.signed ? "film.empty_signed" : "film.empty");
    const key = absent ? "film.none" : undrawn ? "film.truth_none" : nothing;
    const finding = findingName(opened.finding);
    hide(note, !key);
    if (key) write(note, t(key, { finding }));
    const isBare = opened.veiled || isKept(opened);
    const alt = absent ? "film.none" : isBare ? "film.alt_veiled" : empty ? "film.alt_empty" : "film.alt";
    canvas.ariaLabel = t(alt, { finding }) + where;
  };

  return { node, canvas, caption, load, move, draw, squareAt, valueAt };
};
