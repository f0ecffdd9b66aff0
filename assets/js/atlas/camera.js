// Which part of a map is on the screen: its centre, and how many pixels a unit of the map has.
/** @import { Point } from "../lib/types.d.ts" */

const MARGIN = 0.94;
const MOST_ZOOM = 400;

export class Camera {
  constructor() {
    this.x = 0;
    this.y = 0;
    this.scale = 1;
    this.width = 1;
    this.height = 1;
    /** @type {{ left: number, right: number, low: number, high: number } | null} */
    this.whole = null;
  }

  // values: x and y in turn, over all slices, so that no beta moves a point off the map.
  /** @param {ArrayLike<number>} values */
  measure(values) {
    let [left, right, low, high] = [Infinity, -Infinity, Infinity, -Infinity];
    for (let i = 0; i < values.length; i += 2) {
      const x = values[i];
      const y = values[i + 1];
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < low) low = y;
      if (y > high) high = y;
    }
    this.whole = { left, right, low, high };
    this.fit();
  }

  /** @param {number} width @param {number} height */
  resize(width, height) {
    const same = this.zoom;
    this.width = width;
    this.height = height;
    if (this.whole) this.scale = this.fitting * same;
  }

  get fitting() {
    const { left, right, low, high } = this.whole;
    return MARGIN * Math.min(this.width / (right - left || 1), this.height / (high - low || 1));
  }

  get zoom() {
    return this.whole ? this.scale / this.fitting : 1;
  }

  fit() {
    const { left, right, low, high } = this.whole;
    this.x = (left + right) / 2;
    this.y = (low + high) / 2;
    this.scale = this.fitting;
  }

  /** @param {number} x @param {number} y @returns {Point} */
  toScreen(x, y) {
    return [(x - this.x) * this.scale + this.width / 2, this.height / 2 - (y - this.y) * this.scale];
  }

  /** @param {number} x @param {number} y @returns {Point} */
  toMap(x, y) {
    return [(x - this.width / 2) / this.scale + this.x, (this.height / 2 - y) / this.scale + this.y];
  }

  /** @param {number} dx @param {number} dy */
  pan(dx, dy) {
    this.x -= dx / this.scale;
    this.y += dy / this.scale;
  }

  // What lies under (x, y) on the screen stays there.
  /** @param {number} factor @param {number} [x] @param {number} [y] */
  zoomBy(factor, x = this.width / 2, y = this.height / 2) {
    const [mapX, mapY] = this.toMap(x, y);
    this.scale = Math.min(Math.max(this.scale * factor, this.fitting * 0.5), this.fitting * MOST_ZOOM);
    this.x = mapX - (x - this.width / 2) / this.scale;
    this.y = mapY - (this.height / 2 - y) / this.scale;
  }
}
