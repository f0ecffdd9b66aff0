// The film with its heat, beside it the film before it was changed, and under them what both are shown, marked and
// changed by.
import { el } from "../../lib/dom.js";
import { emit, on } from "../../lib/events.js";
import { labelled, phrase } from "../../lib/i18n.js";
import { toggle } from "../../lib/parts.js";
import { everyFrame } from "../../lib/timing.js";
import { sidesView } from "../sides.js";
import { Boxes } from "./boxes.js";
import { Brush } from "./brush.js";
import { heatGradient } from "./colour.js";
import { filmPicture } from "./picture.js";

/** @import { Case } from "../case/case.js" */
/** @import { Picker } from "../../lib/types.d.ts" */

// method: chooses one; sendMask: called with the packed mask of what was painted; head: stands above the films.
/** @param {Picker} method @param {(mask: string) => void} sendMask @param {HTMLElement} head */
export const filmView = (method, sendMask, head) => {
  const now = filmPicture("now");
  const past = filmPicture("then");
  const sides = sidesView(now, past, "div.bl-film-frames");
  /** @type {Case | null} */
  let opened = null;
  let outlined = false; // whether the true outline is asked for
  const opacity = el("input", {
    type: "range",
    min: 0,
    max: 100,
    value: 60,
    ...labelled("film.opacity"),
    oninput: () => draw(),
  });
  const truth = toggle("film.truth", "", () => turnTruth(!outlined));
  const redraw = everyFrame(() => draw());
  const brush = new Brush(now.canvas, sendMask, redraw);
  const erase = toggle("erase.on", ".bl-erase", () => turnErase(!brush.on));
  const size = el("input.bl-brush-size", {
    type: "range",
    min: 3,
    max: 30,
    value: 100 * brush.size,
    hidden: true,
    ...labelled("erase.size"),
    oninput: () => (brush.size = Number(size.value) / 100),
  });
  const hint = phrase("p.bl-film-note.bl-erase-hint", "erase.hint", { hidden: true });
  const boxes = new Boxes(now.canvas, (regions) => emit("regions", regions), redraw);
  const mark = toggle("mark.region", ".bl-mark-region", () => turnMark(!boxes.on), { "aria-keyshortcuts": "m" });
  const markHint = phrase("p.bl-film-note.bl-mark-hint", "mark.hint", { hidden: true, role: "status" });
  now.node.append(hint, markHint, method.note);
  const ticks = el("span.bl-ticks.bl-num");
  const gradient = el("span.bl-gradient", { style: `background-image:${heatGradient()}` });
  const legend = el("span.bl-legend", phrase("span.bl-muted", "film.legend"), el("span.bl-scale", gradient, ticks));
  const bar = el(
    "figcaption.bl-film-bar",
    el("div.bl-film-row", method.node, legend),
    el(
      "div.bl-film-row",
      el("label.bl-opacity", phrase("span.bl-muted", "film.overlay"), opacity),
      el("span.bl-erase-tools", size, erase),
      mark,
      truth,
    ),
  );
  const node = el("figure.bl-panel.bl-film", head, sides.node, bar, el("div.bl-trust", { "data-modality": "image" }));

  /** @param {Case} given */
  const load = (given) => {
    const { original, film, veiled } = given;
    sides.load(given);
    // A refinement of what is on the screen must not wipe out a stroke that has begun.
    if (!brush.painting && opened?.film !== film) brush.clear();
    opened = given;
    if (!film && brush.on) turnErase(false);
    erase.hidden = !film;
    boxes.load(opened.box, (!original && opened.recorded?.regions) || []);
    mark.hidden = !film || Boolean(original);
    if ((mark.hidden || veiled) && boxes.on) turnMark(false);
    const known = [opened, original].some((side) => side?.truth);
    truth.hidden = !known;
    if (!known && outlined) turnTruth(false);
    bar.classList.toggle("bl-hidden", !opened.arrays.cam);
    method.show(opened);
    const top = opened.scales.image;
    ticks.replaceChildren(...[0, 0.5, 1].map((share) => el("span", String(Number((share * top).toPrecision(2))))));
  };

  /** @param {boolean} on */
  const turnTruth = (on) => {
    outlined = on;
    truth.ariaPressed = String(on);
    emit("truth", on);
    draw();
  };
  /** @param {boolean} on */
  const turnMark = (on) => {
    if (on && brush.on) turnErase(false);
    boxes.turn(on);
    mark.ariaPressed = String(on);
    markHint.hidden = !on;
  };
  /** @param {boolean} on */
  const turnErase = (on) => {
    if (on && boxes.on) turnMark(false);
    brush.turn(on);
    erase.ariaPressed = String(on);
    size.hidden = hint.hidden = !on;
  };

  /** @param {number} beta */
  const move = (beta) => {
    sides.move(beta);
    draw();
  };
  const draw = () => {
    if (!opened) return;
    const look = { opacity: Number(opacity.value) / 100, truth: outlined };
    if (opened.original) past.draw(look);
    now.draw({
      ...look,
      over: (context, side) => {
        boxes.draw(context, side);
        if (brush.on) brush.draw(context, side);
      },
    });
  };

  new ResizeObserver(draw).observe(node);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    if (brush.on) turnErase(false);
    else if (boxes.on) turnMark(false);
  });
  on("mark-region", () => !mark.hidden && bar.checkVisibility({ visibilityProperty: true }) && turnMark(!boxes.on));
  on("clear-marks", () => boxes.clear());
  on("refused", () => brush.clear());

  return { node, load, move, draw };
};
