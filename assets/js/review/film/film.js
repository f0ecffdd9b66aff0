// The film with its heat, beside it that of the case before it was changed or of A, and under them what both are looked
// at through, shown, marked and changed by.
import { greys } from "../../lib/bytes.js";
import { el, write } from "../../lib/dom.js";
import { emit, on } from "../../lib/events.js";
import { Fetched } from "../../lib/fetched.js";
import { number, signed as withSign } from "../../lib/format.js";
import { findingName, labelled, phrase, t } from "../../lib/i18n.js";
import { toggle } from "../../lib/parts.js";
import { everyFrame } from "../../lib/timing.js";
import { isKept } from "../cannot_tell.js";
import { HERE, marking, markingButton, offerMarking, setMarking, WRONG } from "../marking.js";
import { sidesView } from "../sides.js";
import { Boxes } from "./boxes.js";
import { Brush } from "./brush.js";
import { heatGradient } from "./colour.js";
import { filmPicture } from "./picture.js";
import { forAndAgainst } from "./sums.js";
import { onOther } from "./view.js";
import { viewerView } from "./viewer.js";

/** @import { Case } from "../case/case.js" */
/** @import { Boxed, Picker } from "../../lib/types.d.ts" */
/** @import * as m from "../../lib/messages.d.ts" */

const TILES_AT_ONCE = 8; // dashboard/review/film_tiles.py answers as many
const MOST_TILES = 384; // that are kept beside those to be seen, 128 KiB each

// method: chooses one; sendMask: called with the packed mask of what was painted; askTiles: called with the names of
// tiles of the films; head: stands above the films.
/**
 * @param {Picker} method
 * @param {(mask: string) => void} sendMask
 * @param {(tiles: string[]) => void} askTiles
 * @param {HTMLElement} head
 */
export const filmView = (method, sendMask, askTiles, head) => {
  const redraw = everyFrame(() => draw());
  /** @type {Fetched<string, Uint16Array>} */
  const tiles = new Fetched(askTiles, TILES_AT_ONCE);
  const now = filmPicture("now", tiles.known, redraw);
  const past = filmPicture("then", tiles.known, redraw);
  const inColours = (/** @type {typeof now} */ picture) => ({
    ...picture,
    move: (/** @type {number} */ beta) => picture.move(beta, viewer.look().signed),
  });
  const sides = sidesView(inColours(now), inColours(past), "div.bl-film-frames");
  /** @type {Case | null} */
  let opened = null;
  let outlined = false; // whether the true outline is asked for
  let moved = 0; // β, as it was drawn last
  /** @type {Set<string>} */
  let seen = new Set(); // tiles
  const opacity = el("input", {
    type: "range",
    min: 0,
    max: 100,
    value: 60,
    ...labelled("film.opacity"),
    oninput: redraw,
  });
  const truth = toggle("film.truth", "", () => turnTruth(!outlined));
  const brush = new Brush(now, sendMask, redraw);
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
  const hint = phrase("p.bl-film-note.bl-film-hint.bl-erase-hint", "erase.hint", { hidden: true });
  const boxes = new Boxes(now, (drawn) => emit("boxes", drawn), redraw);
  const markHint = el("p.bl-film-note.bl-film-hint.bl-mark-hint", { hidden: true, role: "status" });
  now.node.append(hint, markHint, method.note);
  const viewer = viewerView({
    canvases: [now.canvas, past.canvas],
    films: sides.node,
    whole: () => node,
    isBusy: () => brush.on || boxes.on,
    hover: (canvas, at) => tellValue(at && (canvas === now.canvas ? now : past).valueAt(at)),
    changed: redraw,
    recoloured: () => {
      scale();
      move(moved);
    },
  });

  const ticks = el("span.bl-ticks.bl-num");
  const gradient = el("span.bl-gradient");
  const threshold = el("input.bl-threshold", {
    type: "range",
    min: 0,
    max: 100,
    value: 0,
    ...labelled("film.threshold"),
    title: t("film.threshold"),
    oninput: () => {
      sayThreshold();
      redraw();
    },
  });
  const value = phrase("span.bl-muted.bl-num.bl-value", "film.legend");
  const legend = el("span.bl-legend", value, el("span.bl-scale", gradient, threshold, ticks));
  const [sumFor, sumAgainst] = [el("span"), el("span")];
  const sum = el("p.bl-film-sum.bl-num", sumFor, sumAgainst);
  const bar = el(
    "div.bl-film-bar",
    sum,
    el("div.bl-film-row", method.node, legend),
    el(
      "div.bl-film-row",
      el("label.bl-opacity", phrase("span.bl-muted", "film.overlay"), opacity),
      el("span.bl-erase-tools", size, erase),
      truth,
    ),
    el("div.bl-film-row.bl-mark-tools", markingButton(WRONG), markingButton(HERE)),
  );
  const node = el(
    "figure.bl-panel.bl-film",
    head,
    sides.node,
    el("figcaption", viewer.node, bar),
    el("div.bl-trust", { "data-modality": "image" }),
  );

  /** @param {Case} given */
  const load = (given) => {
    const { original, beside, film, veiled } = given;
    sides.load(given);
    // A refinement of what is on the screen must not wipe out a stroke that has begun.
    if (!brush.painting && opened?.film !== film) brush.clear();
    if (opened?.case !== given.case) tiles.asking = null; // an answer that failed to come is not waited for any more
    opened = given;
    viewer.load(opened);
    if (!film && brush.on) turnErase(false);
    erase.hidden = !film;
    boxes.load(opened.box, (!original && opened.recorded && recordedBoxes(opened.recorded)) || []);
    offerMarking(veiled || original ? [] : film ? [WRONG, HERE] : [WRONG]);
    if (marking === HERE && boxes.finding !== opened.finding) turnMark();
    const known = [opened, beside?.side].some((side) => side?.truth);
    truth.hidden = !known;
    if (!known && outlined) turnTruth(false);
    bar.classList.toggle("bl-hidden", !opened.arrays.cam);
    method.show(opened);
    scale();
  };

  /** @param {m.Recorded} recorded @returns {Boxed[]} */
  const recordedBoxes = ({ regions, finding_boxes: found }) => [
    ...regions.map((box) => ({ finding: "", box })),
    ...found.map(([finding, ...box]) => ({ finding, box })),
  ];

  // The scale's colours and numbers.
  const scale = () => {
    const { signed } = viewer.look();
    const top = opened.scales.image;
    gradient.style.backgroundImage = heatGradient(signed);
    legend.classList.toggle("bl-signed", signed);
    ticks.replaceChildren(
      ...(signed ? [-1, 0, 1] : [0, 0.5, 1]).map((share) => {
        const figure = String(Number((share * top).toPrecision(2)));
        return el("span", figure.replace("-", "\u2212"));
      }),
    );
    sayThreshold();
  };
  const sayThreshold = () => {
    const from = (Number(threshold.value) / 100) * (opened?.scales.image ?? 0);
    threshold.ariaValueText = t(from ? "film.threshold_from" : "film.threshold_none", { value: number(from) });
  };
  /** @param {number | null} under the pointer */
  const tellValue = (under) => {
    value.textContent = under === null ? t("film.legend") : t("film.value", { value: number(under) });
  };

  // What the map adds up to: the heat alone would look the same whatever speaks against the finding.
  const tellSum = () => {
    const cam = opened.at("cam", moved);
    sum.classList.toggle("bl-unseen", !cam || isKept(opened));
    if (!cam) return;
    const { pro, con } = forAndAgainst(cam);
    const against = viewer.look().signed ? "film.sum_against" : "film.sum_undrawn";
    const isAlone = method.isOneSided(opened.methods.image) && con === 0;
    write(sumFor, t("film.sum_for", { finding: findingName(opened.finding), value: withSign(pro) }));
    write(sumAgainst, isAlone ? t("film.sum_one_sided") : t(against, { value: con ? withSign(con) : "0" }));
    sum.title = t("film.sum_help");
  };

  /** @param {boolean} on */
  const turnTruth = (on) => {
    outlined = on;
    truth.ariaPressed = String(on);
    emit("truth", on);
    draw();
  };
  const turnMark = () => {
    const on = Boolean(marking && opened?.film);
    if (on && brush.on) turnErase(false);
    boxes.turn(on, marking === HERE ? opened.finding : "");
    markHint.hidden = !on;
    if (!on) return;
    markHint.textContent = t(`mark.hint_${marking}`, { finding: findingName(opened.finding) });
    now.node.append(markHint); // anew, or it would stay faded after the other tool
  };
  /** @param {boolean} on */
  const turnErase = (on) => {
    if (on) setMarking("");
    brush.turn(on);
    erase.ariaPressed = String(on);
    size.hidden = hint.hidden = !on;
  };

  /** @param {number} beta */
  const move = (beta) => {
    moved = beta;
    sides.move(beta);
    tellSum();
    draw();
  };
  const draw = () => {
    if (!opened) return;
    const look = {
      ...viewer.look(),
      opacity: Number(opacity.value) / 100,
      threshold: Number(threshold.value) / 100,
      truth: outlined,
    };
    const other = opened.beside?.side;
    const isSeen = other?.own_pixels && opened.own_pixels;
    const view = isSeen ? onOther(look.view, opened.own_pixels, other.own_pixels) : look.view;
    const wanted = other ? past.draw({ ...look, view }) : [];
    const over = now.draw(look, (context, side, line) => {
      boxes.draw(context, side, line);
      if (brush.on) brush.draw(context, side, line);
    });
    viewer.say();
    seen = new Set([...over, ...wanted]);
    tiles.want([...seen]);
  };

  new ResizeObserver(draw).observe(sides.node);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    if (brush.on) turnErase(false);
    else setMarking("");
  });
  on("marking", turnMark);
  on("clear-marks", () => boxes.clear());
  on("remove-box", (place) => boxes.remove(place));
  on("refused", () => brush.clear());
  on("tiles", (message) => {
    tiles.take(message.tiles.map(([name, packed]) => [name, greys(packed)]));
    const spare = [...tiles.known.keys()].filter((name) => !seen.has(name)); // the oldest first
    for (const name of spare.slice(0, -MOST_TILES)) tiles.known.delete(name);
    redraw();
  });

  return { node, load, move, draw };
};
