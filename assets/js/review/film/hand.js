// What a hand does on a film, whether or not a tool has the plain drag: a drag sets window and level; with Shift, Space
// or the middle button it moves the film; the wheel zooms about the pointer, two fingers about what lies between them.
import { spotOn } from "../../lib/canvas.js";

/** @import { Handled, Point } from "../../lib/types.d.ts" */

/** @typedef {(event: PointerEvent) => boolean} IsOurs */

const NEAR = 3; // pixels that a click may wander
const NOTCH = 1.0015;
const PINCH = 1.01; // a pinch on a touchpad comes as a wheel of small steps

let isSpace = false;
/** @param {boolean} down */
const space =
  (down) =>
  /** @param {KeyboardEvent} event */
  ({ key }) => {
    if (key === " ") isSpace = down;
  };
document.addEventListener("keydown", space(true));
document.addEventListener("keyup", space(false));
window.addEventListener("blur", () => (isSpace = false));

// isBusy: whether a tool takes the plain drag.
/** @param {HTMLCanvasElement} canvas @param {() => boolean} isBusy @param {Handled} told */
export const hand = (canvas, isBusy, told) => {
  /** @type {Map<number, Point>} */
  const fingers = new Map();
  /** @type {{ what: "window" | "pan", at: Point, far: boolean } | null} */
  let drag = null;

  /** @param {MouseEvent} event */
  const place = (event) => spotOn(canvas, event);
  /** @param {Point} from @param {Point} to @returns {Point} */
  const moved = (from, to) => [(to[0] - from[0]) / canvas.clientWidth, (to[1] - from[1]) / canvas.clientWidth];
  // Before the tools, which listen to the same canvas and are not told what belongs to the hand.
  /** @param {"pointerdown" | "pointermove" | "pointerup" | "pointercancel"} name @param {IsOurs} does */
  const first = (name, does) =>
    canvas.addEventListener(name, (event) => does(event) && event.stopImmediatePropagation(), { capture: true });

  first("pointerdown", (event) => {
    if (event.pointerType === "touch") {
      fingers.set(event.pointerId, place(event));
      if (fingers.size === 2) {
        drag = null;
        canvas.dispatchEvent(new PointerEvent("pointercancel", { pointerId: -1 })); // what a tool had begun
        return true;
      }
    }
    const isPan = event.button === 1 || (event.button === 0 && (event.shiftKey || isSpace));
    if (!isPan && (event.button !== 0 || isBusy())) return false;
    canvas.setPointerCapture(event.pointerId);
    drag = { what: isPan ? "pan" : "window", at: place(event), far: isPan };
    canvas.classList.toggle("bl-moving", isPan);
    return true;
  });

  first("pointermove", (event) => {
    const to = place(event);
    told.hover(to);
    if (fingers.size === 2 && fingers.has(event.pointerId)) {
      const other = [...fingers].find(([id]) => id !== event.pointerId)[1];
      const from = fingers.get(event.pointerId);
      fingers.set(event.pointerId, to);
      /** @param {Point} a */
      const apart = (a) => Math.max(1, Math.hypot(a[0] - other[0], a[1] - other[1]));
      /** @param {Point} a @returns {Point} */
      const between = (a) => [(a[0] + other[0]) / 2, (a[1] + other[1]) / 2];
      told.pan(...moved(between(from), between(to)));
      told.zoom(apart(to) / apart(from), between(to));
      return true;
    }
    if (!drag) return false;
    drag.far ||= Math.hypot(to[0] - drag.at[0], to[1] - drag.at[1]) > NEAR;
    if (drag.far) {
      told[drag.what](...moved(drag.at, to));
      drag.at = to;
    }
    return true;
  });

  /** @param {PointerEvent} event */
  const end = (event) => {
    if (event.pointerId === -1) return false;
    const wasOurs = drag !== null || fingers.size === 2;
    fingers.delete(event.pointerId);
    drag = null;
    canvas.classList.remove("bl-moving");
    return wasOurs;
  };
  first("pointerup", end);
  first("pointercancel", end);
  canvas.addEventListener("pointerleave", () => told.hover(null));
  canvas.addEventListener("mousedown", (event) => event.button === 1 && event.preventDefault()); // no scrolling
  canvas.addEventListener("dblclick", (event) => !isBusy() && told.twice(place(event)));
  canvas.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const turned = event.deltaY * (event.deltaMode ? 16 : 1);
      told.zoom((event.ctrlKey ? PINCH : NOTCH) ** -turned, place(event));
    },
    { passive: false },
  );
};
