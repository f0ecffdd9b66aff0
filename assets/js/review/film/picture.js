// One film on a canvas, the heat over it, and on demand the true outline of the finding.
import { bits } from "../../lib/bytes.js";
import { el } from "../../lib/dom.js";
import { findingName, phrase, t } from "../../lib/i18n.js";
import { Heat } from "./heat.js";
import { outline } from "./outline.js";

/** @import { Look } from "../../lib/types.d.ts" */
/** @import { Case } from "../case/case.js" */

export class FilmPicture {
  // side: "now", or "then" for the film before it was changed.
  /** @param {"now" | "then"} side */
  constructor(side) {
    this.canvas = el("canvas.bl-film-canvas", { role: "img", tabindex: "-1", "data-side": side });
    this.note = el("p.bl-film-note", { hidden: true, role: "status" });
    this.caption = phrase("span.bl-film-caption", `what_if.${side}`, { hidden: true });
    this.node = el("div.bl-film-frame", this.canvas, this.caption, this.note);
  }

  /** @param {Case} opened */
  load(opened) {
    const sameFilm = this.opened && this.opened.film === opened.film;
    this.opened = opened;
    const cam = opened.arrays.cam;
    this.empty = false;
    this.heat = cam ? new Heat(cam.shape[1], cam.shape[2]) : null;
    this.segments = opened.truth?.mask
      ? outline(
          bits(opened.truth.mask, opened.truth.height * opened.truth.width),
          opened.truth.height,
          opened.truth.width,
        )
      : [];
    this.note.classList.toggle("bl-centre", !opened.film);
    if (!opened.film) this.image = null;
    if (!sameFilm && opened.film) {
      const image = new Image();
      image.onload = () => {
        if (this.opened.film !== opened.film) return;
        this.image = image;
        this.draw();
      };
      image.src = opened.film;
    }
  }

  /** @param {number} beta */
  move(beta) {
    if (!this.heat) return;
    const peak = this.heat.paint(this.opened.at("cam", beta), this.opened.scales.image);
    this.empty = peak < 0.01 * this.opened.scales.image;
  }

  // opacity: of the heat, 0 to 1; truth: whether its outline is asked for; over: draws on the film, in pixels of the
  // square.
  /** @param {Look} [given] */
  draw({ opacity, truth, over } = this.last) {
    this.last = { opacity, truth, over };
    const side = Math.round(this.canvas.clientWidth * Math.min(2, window.devicePixelRatio || 1));
    if (!this.opened || !side) return;
    if (this.canvas.height !== side) this.canvas.width = this.canvas.height = side; // a new canvas is not square
    const context = this.canvas.getContext("2d");
    context.clearRect(0, 0, side, side);
    const absent = !this.opened.film;
    if (this.image && !absent) {
      const [top, left, height, width] = this.opened.box.map((share) => share * side);
      context.imageSmoothingQuality = "high";
      context.drawImage(this.image, left, top, width, height);
      context.save();
      context.beginPath();
      context.rect(left, top, width, height);
      context.clip();
      if (this.heat) {
        context.globalAlpha = opacity;
        context.drawImage(this.heat.canvas, 0, 0, side, side);
        context.globalAlpha = 1;
      }
      if (truth) this.drawOutline(context, left, top, width, height);
      if (over) over(context, side);
      context.restore();
    }
    const undrawn = truth && this.opened.truth && !this.segments.length;
    const key = absent ? "film.none" : undrawn ? "film.truth_none" : this.heat && this.empty ? "film.empty" : null;
    this.note.hidden = !key;
    if (key) this.note.textContent = t(key, { finding: findingName(this.opened.finding) });
    this.canvas.ariaLabel = absent
      ? t("film.none")
      : this.opened.veiled
        ? t("film.alt_veiled")
        : t(this.empty ? "film.alt_empty" : "film.alt", { finding: findingName(this.opened.finding) });
  }

  // White dashes in a black halo: legible on film, on heat, and without colour.
  /**
   * @param {CanvasRenderingContext2D} context
   * @param {number} left
   * @param {number} top
   * @param {number} width
   * @param {number} height
   */
  drawOutline(context, left, top, width, height) {
    if (!this.segments.length) return;
    const { truth } = this.opened;
    const scale = this.canvas.width / this.canvas.clientWidth;
    for (const [style, line] of /** @type {[string, number][]} */ ([
      ["rgba(0,0,0,.75)", 3.5],
      ["#8ff0ff", 1.5],
    ])) {
      context.beginPath();
      for (const [[ax, ay], [bx, by]] of this.segments) {
        context.moveTo(left + (ax / truth.width) * width, top + (ay / truth.height) * height);
        context.lineTo(left + (bx / truth.width) * width, top + (by / truth.height) * height);
      }
      context.strokeStyle = style;
      context.lineWidth = line * scale;
      context.lineCap = "round";
      context.stroke();
    }
  }
}
