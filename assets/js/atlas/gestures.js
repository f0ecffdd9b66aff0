// What a hand or a keyboard does on a map: drag, wheel, pinch, click, lasso, box, keys. It moves the camera and says
// the rest to whoever listens: hover(x, y), leave(), click(x, y), area(corners), step(dx, dy), enter(), moved(),
// trailed().
import { spotOn } from "../lib/canvas.js";
import { ARROWS } from "../lib/keys.js";

/** @import { Drag, Point, Told } from "../lib/types.d.ts" */
/** @import { Camera } from "./camera.js" */

const CLICK = 4; // pixels that a click may wander
const NOTCH = 1.0015;
const KEY_ZOOM = 1.3;

export class Gestures {
  /** @param {HTMLElement} node @param {Camera} camera @param {Told} told */
  constructor(node, camera, told) {
    this.node = node;
    this.camera = camera;
    this.told = told;
    /** @type {string} */
    this.tool = "pan";
    /** @type {Point[] | null} */
    this.trail = null;
    /** @type {Map<number, Point>} */
    this.fingers = new Map();
    /** @type {Drag | null} */
    this.drag = null;
    /** @param {string} name @param {(event: any) => void} does @param {AddEventListenerOptions} [options] */
    const on = (name, does, options) => node.addEventListener(name, does, options);
    on("pointerdown", (event) => this.down(event));
    on("pointermove", (event) => this.move(event));
    on("pointerup", (event) => this.up(event));
    on("pointercancel", (event) => this.drop(event));
    on("pointerleave", () => told.leave());
    on("wheel", (event) => this.wheel(event), { passive: false });
    on("dblclick", (event) => this.zoom(2, ...this.spot(event)));
    on("keydown", (event) => this.key(event));
  }

  /** @param {{ clientX: number, clientY: number }} event */
  spot(event) {
    return spotOn(this.node, event);
  }

  /** @param {number} factor @param {number} [x] @param {number} [y] */
  zoom(factor, x, y) {
    this.camera.zoomBy(factor, x, y);
    this.told.moved();
  }

  /** @param {WheelEvent} event */
  wheel(event) {
    event.preventDefault();
    this.zoom(NOTCH ** -(event.deltaY * (event.deltaMode ? 16 : 1)), ...this.spot(event));
  }

  /** @param {PointerEvent} event */
  down(event) {
    if (event.button) return;
    this.node.setPointerCapture(event.pointerId);
    this.fingers.set(event.pointerId, this.spot(event));
    const drawing = event.shiftKey ? (this.tool === "box" ? "box" : "lasso") : this.tool;
    this.drag = {
      from: this.spot(event),
      at: this.spot(event),
      far: false,
      drawing: this.fingers.size > 1 ? "pan" : drawing,
    };
    this.trail = null;
  }

  /** @param {PointerEvent} event */
  move(event) {
    const [x, y] = this.spot(event);
    const { drag } = this;
    if (!drag) return this.told.hover(x, y);
    if (this.fingers.size > 1) return this.pinch(event.pointerId, x, y);
    drag.far ||= Math.hypot(x - drag.from[0], y - drag.from[1]) > CLICK;
    if (!drag.far) return;
    this.told.leave();
    if (drag.drawing === "pan") {
      this.camera.pan(x - drag.at[0], y - drag.at[1]);
      this.told.moved();
    } else this.extend(drag, x, y);
    drag.at = [x, y];
  }

  // Corners are kept on the map, so that the trail stays where it was drawn.
  /** @param {Drag} given @param {number} x @param {number} y */
  extend({ drawing, from }, x, y) {
    /** @param {number} px @param {number} py */
    const to = (px, py) => this.camera.toMap(px, py);
    if (drawing === "box") this.trail = [to(...from), to(x, from[1]), to(x, y), to(from[0], y)];
    else {
      this.trail ||= [to(...from)];
      const [lastX, lastY] = this.camera.toScreen(...this.trail.at(-1));
      if (Math.hypot(x - lastX, y - lastY) > 3) this.trail.push(to(x, y));
    }
    this.told.trailed();
  }

  /** @param {number} id @param {number} x @param {number} y */
  pinch(id, x, y) {
    const other = [...this.fingers].find(([finger]) => finger !== id)[1];
    const before = this.fingers.get(id);
    /** @param {Point} a */
    const apart = (a) => Math.hypot(a[0] - other[0], a[1] - other[1]);
    this.fingers.set(id, [x, y]);
    this.zoom(apart([x, y]) / Math.max(apart(before), 1), ...other);
    this.drag.far = true;
  }

  /** @param {PointerEvent} event */
  up(event) {
    const { drag, trail } = this;
    this.drop(event);
    if (!drag) return;
    if (!drag.far) this.told.click(...this.spot(event));
    else if (trail && trail.length > 2) this.told.area(trail);
    this.told.trailed();
  }

  /** @param {PointerEvent} event */
  drop(event) {
    this.fingers.delete(event.pointerId);
    this.drag = this.trail = null;
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    /** @type {Record<string, () => void>} */
    const keys = {
      "+": () => this.zoom(KEY_ZOOM),
      "=": () => this.zoom(KEY_ZOOM),
      "-": () => this.zoom(1 / KEY_ZOOM),
      Enter: () => this.told.enter(),
      Home: () => {
        this.camera.fit();
        this.told.moved();
      },
      Escape: () => this.told.leave(),
    };
    const does = ARROWS[event.key] ? () => this.told.step(...ARROWS[event.key]) : keys[event.key];
    if (!does) return;
    event.preventDefault();
    does();
  }
}
