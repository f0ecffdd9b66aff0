// One film on a canvas, the heat over it, and on demand the true outline of the finding.
import { bits } from "../../lib/bytes.js";
import { strokeEach } from "../../lib/canvas.js";
import { el } from "../../lib/dom.js";
import { findingName, phrase, t } from "../../lib/i18n.js";
import { Heat } from "./heat.js";
import { outline } from "./outline.js";

/** @import { Look } from "../../lib/types.d.ts" */
/** @import { Case } from "../case/case.js" */

// side: "now", or "then" for the film before it was changed.
/** @param {"now" | "then"} side */
export const filmPicture = (side) => {
  /** @type {Case | null} */
  let opened = null;
  /** @type {HTMLImageElement | null} */
  let image = null;
  /** @type {Heat | null} */
  let heat = null;
  let empty = false; // whether there is heat, and nothing of it to be seen
  /** @type {number[][][]} */
  let segments = [];
  /** @type {Look} */
  let look = { opacity: 0, truth: false };
  const canvas = el("canvas.bl-film-canvas", { role: "img", tabindex: "-1", "data-side": side });
  const note = el("p.bl-film-note", { hidden: true, role: "status" });
  const caption = phrase("span.bl-film-caption", `what_if.${side}`, { hidden: true });
  const node = el("div.bl-film-frame", canvas, caption, note);

  /** @param {Case} now */
  const load = (now) => {
    const { film, truth, arrays } = now;
    const sameFilm = opened?.film === film;
    opened = now;
    empty = false;
    heat = arrays.cam ? new Heat(arrays.cam.shape[1], arrays.cam.shape[2]) : null;
    const { mask, height, width } = truth ?? {};
    segments = mask ? outline(bits(mask, height * width), height, width) : [];
    note.classList.toggle("bl-centre", !film);
    if (!film) image = null;
    if (sameFilm || !film) return;
    const loading = new Image();
    loading.onload = () => {
      if (opened.film !== film) return;
      image = loading;
      draw();
    };
    loading.src = film;
  };

  /** @param {number} beta */
  const move = (beta) => {
    if (!heat) return;
    const top = opened.scales.image;
    empty = heat.paint(opened.at("cam", beta), top) < 0.01 * top;
  };

  /** @param {Look} [given] how to draw it, if not as it was drawn last */
  const draw = (given = look) => {
    look = given;
    const side = Math.round(canvas.clientWidth * Math.min(2, window.devicePixelRatio || 1));
    if (!opened || !side) return;
    if (canvas.height !== side) canvas.width = canvas.height = side; // a new canvas is not square
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, side, side);
    const absent = !opened.film;
    if (image && !absent) {
      const [top, left, height, width] = opened.box.map((share) => share * side);
      context.imageSmoothingQuality = "high";
      context.drawImage(image, left, top, width, height);
      context.save();
      context.beginPath();
      context.rect(left, top, width, height);
      context.clip();
      if (heat) {
        context.globalAlpha = look.opacity;
        context.drawImage(heat.canvas, 0, 0, side, side);
        context.globalAlpha = 1;
      }
      if (look.truth) drawOutline(context, left, top, width, height);
      look.over?.(context, side);
      context.restore();
    }
    const undrawn = look.truth && opened.truth && !segments.length;
    const key = absent ? "film.none" : undrawn ? "film.truth_none" : empty && "film.empty";
    const finding = findingName(opened.finding);
    note.hidden = !key;
    if (key) note.textContent = t(key, { finding });
    const alt = absent ? "film.none" : opened.veiled ? "film.alt_veiled" : empty ? "film.alt_empty" : "film.alt";
    canvas.ariaLabel = t(alt, { finding });
  };

  // White dashes in a black halo: legible on film, on heat, and without colour.
  /**
   * @param {CanvasRenderingContext2D} context
   * @param {number} left
   * @param {number} top
   * @param {number} width
   * @param {number} height
   */
  const drawOutline = (context, left, top, width, height) => {
    if (!segments.length) return;
    const { truth } = opened;
    const scale = canvas.width / canvas.clientWidth;
    context.beginPath();
    for (const [[ax, ay], [bx, by]] of segments) {
      context.moveTo(left + (ax / truth.width) * width, top + (ay / truth.height) * height);
      context.lineTo(left + (bx / truth.width) * width, top + (by / truth.height) * height);
    }
    context.lineCap = "round";
    strokeEach(context, ["rgba(0,0,0,.75)", 3.5 * scale], ["#8ff0ff", 1.5 * scale]);
  };

  return { node, canvas, caption, load, move, draw };
};
