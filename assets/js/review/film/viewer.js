// How a film is looked at: its part that is to be seen, its window, and what lies over it. A hand on the film, the
// buttons below it and the keys do the same; the keys act while the pointer is over either, or the focus in it.
import { el } from "../../lib/dom.js";
import { joined, number, percent } from "../../lib/format.js";
import { labelled, t } from "../../lib/i18n.js";
import { ARROWS } from "../../lib/keys.js";
import { isShortcut } from "../shortcuts.js";
import { hand } from "./hand.js";
import { dragged, isWindowed, PLAIN } from "./tones.js";
import { fitting, panned, WHOLE, zoomedTo } from "./view.js";

/** @import { Point, View } from "../../lib/types.d.ts" */
/** @import { Case } from "../case/case.js" */

const STEP = 1.25; // of a button or a key that zooms
const PAN = 0.1; // of the canvas' width, for an arrow key
// Drawn in a square of 16.
const ICONS = {
  zoom_out: "M7 2a5 5 0 1 0 0 10a5 5 0 1 0 0-10M10.7 10.7L14.5 14.5M4.7 7h4.6",
  zoom_in: "M7 2a5 5 0 1 0 0 10a5 5 0 1 0 0-10M10.7 10.7L14.5 14.5M4.7 7h4.6M7 4.7v4.6",
  one: "M3 5l2-1.5v9M8 6.2v.1M8 10.2v.1M11 5l2-1.5v9",
  reset: "M3.2 6a5.4 5.4 0 1 1-.6 3M3 2.5v3.7h3.7",
  invert: "M8 2a6 6 0 1 0 0 12a6 6 0 1 0 0-12M8 2v12M9.5 3.5v9M11 4.3v7.4M12.5 5.8v4.4",
  full: "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10",
  bare: "M1.5 8c3-5.3 10-5.3 13 0c-3 5.3-10 5.3-13 0M8 6a2 2 0 1 0 0 4a2 2 0 1 0 0-4M2.5 14L13.5 2",
  signed: "M4.5 2.5v6M1.5 5.5h6M8.5 12h6M13 2.5L3 13.5",
};
/** @typedef {keyof typeof ICONS} Name */

// canvases: of the films beside one another, all of one size; over: what is under the pointer, or null; whole: what is
// shown full screen; isBusy: whether a tool has the plain drag; changed: called when something is to be drawn anew;
// recoloured: called when the heat is.
/**
 * @param {{ canvases: HTMLCanvasElement[], films: HTMLElement, whole: () => HTMLElement, isBusy: () => boolean,
 *   hover: (canvas: HTMLCanvasElement, at: Point | null) => void, changed: () => void, recoloured: () => void }} given
 */
export const viewerView = ({ canvases, films, whole, isBusy, hover, changed, recoloured }) => {
  let view = WHOLE;
  let tones = PLAIN;
  let signed = false;
  let hidden = false; // by the button
  let held = false; // by the key
  /** @type {Case | null} */
  let opened = null;

  const [canvas] = canvases;
  const size = () => opened.own_pixels;
  const scale = () => view.scale ?? fitting(size(), canvas);
  const say = () => {
    if (!opened?.own_pixels) return;
    const { width, level, inverted } = tones;
    buttons.invert.ariaPressed = String(inverted);
    buttons.signed.ariaPressed = String(signed);
    buttons.bare.ariaPressed = String(hidden || held);
    const percents = { width: number(100 * width, 0), level: number(100 * level, 0) };
    const said = joined([percent(scale()), isWindowed(tones) && t("view.window", percents)]);
    if (readout.textContent !== said) readout.textContent = said;
  };
  const renew = () => {
    say();
    changed();
  };

  /** @param {View} wanted */
  const show = (wanted) => {
    view = wanted;
    renew();
  };
  /** @returns {Point} */
  const middle = () => [canvas.width / 2, canvas.height / 2];
  const dots = () => canvas.width / canvas.clientWidth;
  /** @param {Point} at of the page's pixels @returns {Point} */
  const onCanvas = ([x, y]) => [x * dots(), y * dots()];
  /** @param {number} factor @param {Point} [at] */
  const zoom = (factor, at = middle()) => size() && show(zoomedTo(view, size(), canvas, scale() * factor, at));
  /** @param {Point} [at] */
  const toOne = (at = middle()) => size() && show(zoomedTo(view, size(), canvas, 1, at));
  /** @param {number} dx @param {number} dy in shares of the canvas' width */
  const pan = (dx, dy) => size() && show(panned(view, size(), canvas, dx * canvas.width, dy * canvas.width));
  const reset = () => {
    tones = PLAIN;
    show(WHOLE);
  };
  const full = () => {
    if (document.fullscreenElement) document.exitFullscreen();
    else
      whole()
        .requestFullscreen()
        .catch(() => {}); // the browser may forbid it, and says so itself
  };
  const invert = () => {
    tones = { ...tones, inverted: !tones.inverted };
    renew();
  };
  const turnSigned = () => {
    signed = !signed;
    say();
    recoloured();
  };
  const turnBare = () => {
    hidden = !hidden;
    renew();
  };
  /** @param {boolean} on */
  const hold = (on) => {
    if (held === on) return;
    held = on;
    renew();
  };

  /** @param {Name} name @param {() => void} onclick @param {string} [key] */
  const button = (name, onclick, key) =>
    el(
      "button.bl-icon.bl-view-button",
      { ...labelled(`view.${name}`), title: t(`view.${name}`), "aria-keyshortcuts": key, "data-does": name, onclick },
      el("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, el("path", { d: ICONS[name] })),
    );
  const buttons = {
    zoom_out: button("zoom_out", () => zoom(1 / STEP), "-"),
    zoom_in: button("zoom_in", () => zoom(STEP), "+"),
    one: button("one", () => toOne(), "1"),
    reset: button("reset", reset, "0"),
    invert: button("invert", invert, "i"),
    full: button("full", full, "f"),
    bare: button("bare", turnBare, "h"),
    signed: button("signed", turnSigned),
  };
  const readout = el("span.bl-muted.bl-num.bl-view-readout");
  const node = el(
    "div.bl-view-bar",
    { role: "toolbar", ...labelled("view.title") },
    ...Object.values(buttons),
    readout,
  );

  for (const one of canvases)
    hand(one, isBusy, {
      window: (dx, dy) => {
        tones = dragged(tones, dx, dy);
        renew();
      },
      pan,
      zoom: (factor, at) => zoom(factor, onCanvas(at)),
      twice: (at) => (view.scale === 1 ? show(WHOLE) : toOne(onCanvas(at))),
      hover: (at) => hover(one, at),
    });

  /** @type {Record<string, () => void>} */
  const keys = {
    "+": () => zoom(STEP),
    "=": () => zoom(STEP),
    "-": () => zoom(1 / STEP),
    1: () => toOne(),
    0: reset,
    i: invert,
    f: full,
    h: () => hold(true),
  };
  const isHere = () =>
    [films, node].some((part) => part.matches(":hover") || part.contains(document.activeElement)) &&
    node.checkVisibility();
  /** @param {KeyboardEvent} event */
  const keyFor = (event) => {
    const arrow = ARROWS[event.key];
    const isOnFilm = document.activeElement instanceof HTMLCanvasElement && films.contains(document.activeElement);
    // While a tool is on, the arrows are its own; and the whole film has nowhere to go.
    if (arrow) return isOnFilm && !isBusy() && view.scale !== null ? () => pan(-PAN * arrow[0], -PAN * arrow[1]) : null;
    if (event.key === " ") return isOnFilm || event.target === document.body ? () => {} : null; // the page stays
    return event.repeat && !"+=-".includes(event.key) ? null : keys[event.key.toLowerCase()];
  };
  // Before the page's other keys, some of which are the same.
  document.addEventListener(
    "keydown",
    (event) => {
      if (!isShortcut(event) || !isHere()) return;
      const does = keyFor(event);
      if (!does) return;
      event.preventDefault();
      does();
    },
    { capture: true },
  );
  document.addEventListener("keyup", ({ key }) => key.toLowerCase() === "h" && hold(false));
  window.addEventListener("blur", () => hold(false));

  // Another case is shown whole; what is changed of one stays in its place.
  /** @param {Case} now */
  const load = (now) => {
    if (opened?.case !== now.case) [view, tones] = [WHOLE, PLAIN];
    opened = now;
    node.hidden = !now.own_pixels;
    readout.title = t("view.readout_help");
    buttons.signed.hidden = buttons.bare.hidden = !now.arrays.cam;
    say();
  };

  return { node, load, say, look: () => ({ view, tones, signed, bare: hidden || held }) };
};
