// The film with its heat, beside it the film before it was changed, and under them what both are shown, marked and
// changed by.
import { el } from "../../lib/dom.js";
import { emit, on } from "../../lib/events.js";
import { labelled, phrase } from "../../lib/i18n.js";
import { toggle } from "../../lib/parts.js";
import { everyFrame } from "../../lib/timing.js";
import { Sides } from "../sides.js";
import { Boxes } from "./boxes.js";
import { Brush } from "./brush.js";
import { heatGradient } from "./colour.js";
import { FilmPicture } from "./picture.js";

/** @import { Case } from "../case/case.js" */
/** @import { MethodPicker } from "../methods.js" */

export class FilmView {
  // method: a MethodPicker; erase: called with the packed mask of what was painted; head: stands above the films.
  /** @param {MethodPicker} method @param {(mask: string) => void} erase @param {HTMLElement} head */
  constructor(method, erase, head) {
    this.now = new FilmPicture("now");
    this.past = new FilmPicture("then");
    this.method = method;
    this.opacity = el("input.bl-range", {
      type: "range",
      min: 0,
      max: 100,
      value: 60,
      ...labelled("film.opacity"),
      oninput: () => this.draw(),
    });
    this.truth = toggle("film.truth", "", () => this.toggleTruth());
    const redraw = everyFrame(() => this.draw());
    this.brush = new Brush(this.now.canvas, erase, redraw);
    this.erase = toggle("erase.on", ".bl-erase", () => this.toggleErase());
    this.size = el("input.bl-range.bl-brush-size", {
      type: "range",
      min: 3,
      max: 30,
      value: 100 * this.brush.size,
      hidden: true,
      ...labelled("erase.size"),
      oninput: () => (this.brush.size = Number(this.size.value) / 100),
    });
    this.hint = phrase("p.bl-film-note.bl-erase-hint", "erase.hint", { hidden: true });
    this.boxes = new Boxes(this.now.canvas, (regions) => emit("regions", regions), redraw);
    this.mark = toggle("mark.region", ".bl-mark-region", () => this.toggleMark(), { "aria-keyshortcuts": "m" });
    this.markHint = phrase("p.bl-film-note.bl-mark-hint", "mark.hint", { hidden: true, role: "status" });
    this.now.node.append(this.hint, this.markHint);
    this.ticks = el("span.bl-ticks.bl-num");
    this.legend = el(
      "span.bl-legend",
      phrase("span.bl-muted", "film.legend"),
      el("span.bl-scale", el("span.bl-gradient", { style: `background-image:${heatGradient()}` }), this.ticks),
    );
    this.sides = new Sides(this.now, this.past, "div.bl-film-frames");
    this.bar = el(
      "figcaption.bl-film-bar",
      el("div.bl-film-row", method.node, this.legend),
      el(
        "div.bl-film-row",
        el("label.bl-opacity", phrase("span.bl-muted", "film.overlay"), this.opacity),
        el("span.bl-erase-tools", this.size, this.erase),
        this.mark,
        this.truth,
      ),
    );
    this.node = el(
      "figure.bl-panel.bl-film",
      head,
      this.sides.node,
      this.bar,
      el("div.bl-trust", { "data-modality": "image" }),
    );
    new ResizeObserver(() => this.draw()).observe(this.node);
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.brush.on ? this.toggleErase(false) : this.boxes.on && this.toggleMark(false);
    });
    on(
      "mark-region",
      () => !this.mark.hidden && this.bar.checkVisibility({ visibilityProperty: true }) && this.toggleMark(),
    );
    on("clear-marks", () => this.boxes.clear());
    on("refused", () => this.brush.clear());
    this.shown = false;
    /** @type {string | null} */
    this.film = null;
  }

  /** @param {Case} opened */
  load(opened) {
    const { original } = opened;
    this.sides.load(opened);
    // A refinement of what is on the screen must not wipe out a stroke that has begun.
    if (!this.brush.painting && this.film !== opened.film) this.brush.clear();
    this.film = opened.film;
    if (!opened.film && this.brush.on) this.toggleErase(false);
    this.erase.hidden = !opened.film;
    this.boxes.load(opened.box, (!original && opened.recorded?.regions) || []);
    this.mark.hidden = !opened.film || Boolean(original);
    if ((this.mark.hidden || opened.veiled) && this.boxes.on) this.toggleMark(false);
    const known = [opened, original].some((side) => side?.truth);
    this.truth.hidden = !known;
    if (!known && this.shown) this.toggleTruth(false);
    this.bar.classList.toggle("bl-hidden", !opened.arrays.cam);
    this.method.show(opened.chosen.image);
    const top = opened.scales.image;
    this.ticks.replaceChildren(
      ...[0, 0.5, 1].map((share) => el("span", share ? String(Number((share * top).toPrecision(2))) : "0")),
    );
  }

  /** @param {boolean} [on] */
  toggleTruth(on = !this.shown) {
    this.shown = on;
    this.truth.ariaPressed = String(on);
    emit("truth", on);
    this.draw();
  }

  /** @param {boolean} [on] */
  toggleMark(on = !this.boxes.on) {
    if (on && this.brush.on) this.toggleErase(false);
    this.boxes.turn(on);
    this.mark.ariaPressed = String(on);
    this.markHint.hidden = !on;
  }

  /** @param {boolean} [on] */
  toggleErase(on = !this.brush.on) {
    if (on && this.boxes.on) this.toggleMark(false);
    this.brush.turn(on);
    this.erase.ariaPressed = String(on);
    this.size.hidden = this.hint.hidden = !on;
  }

  /** @param {number} beta */
  move(beta) {
    this.sides.move(beta);
    this.draw();
  }

  draw() {
    if (!this.sides.shown) return;
    const look = { opacity: Number(this.opacity.value) / 100, truth: this.shown };
    if (this.sides.shown.includes(this.past)) this.past.draw(look);
    this.now.draw({
      ...look,
      over: (context, side) => {
        this.boxes.draw(context, side);
        if (this.brush.on) this.brush.draw(context, side);
      },
    });
  }
}
