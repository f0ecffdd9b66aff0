// The small signed map becomes a picture: ReLU at the map's own cells (as Grad-CAM is defined) unless what speaks
// against is asked for, then the SCALAR is enlarged, and only then coloured; colours are never interpolated.
import { el } from "../../lib/dom.js";
import { coldTable, heatTable } from "./colour.js";

export const SIDE = 288;

// The two cells around each output pixel and the share of the second; edges are repeated.
// Bilinear with pixel centres, as explain/every_beta/heatmap.py has it.
/** @param {number} cells */
const taps = (cells) =>
  Array.from({ length: SIDE }, (_, pixel) => {
    const x = Math.min(cells - 1, Math.max(0, ((pixel + 0.5) * cells) / SIDE - 0.5));
    const low = Math.floor(x);
    return { low, high: Math.min(cells - 1, low + 1), share: x - low };
  });

export class Heat {
  /** @param {number} height @param {number} width */
  constructor(height, width) {
    this.height = height;
    this.width = width;
    this.rows = taps(height);
    this.columns = taps(width);
    this.wide = new Float32Array(height * SIDE);
    this.values = new Float32Array(SIDE * SIDE); // what is drawn, as numbers
    this.canvas = el("canvas", { width: SIDE, height: SIDE });
    this.context = this.canvas.getContext("2d");
    this.image = this.context.createImageData(SIDE, SIDE);
  }

  // cam: signed (height * width) in logit units, overwritten; scale: the value that saturates the colour; signed: draw
  // what speaks against, too. Returns the largest value that is drawn, of either sign, so that the caller can say when
  // there is nothing to see.
  /** @param {Float32Array} cam @param {number} scale @param {boolean} [signed] */
  paint(cam, scale, signed = false) {
    let peak = 0;
    for (let i = 0; i < cam.length; i++) {
      if (cam[i] < 0 && !signed) cam[i] = 0;
      else if (Math.abs(cam[i]) > peak) peak = Math.abs(cam[i]);
    }
    for (let y = 0; y < this.height; y++) {
      for (let x = 0; x < SIDE; x++) {
        const { low, high, share } = this.columns[x];
        this.wide[y * SIDE + x] = cam[y * this.width + low] * (1 - share) + cam[y * this.width + high] * share;
      }
    }
    const pixels = this.image.data;
    for (let y = 0; y < SIDE; y++) {
      const { low, high, share } = this.rows[y];
      for (let x = 0; x < SIDE; x++) {
        const value = this.wide[low * SIDE + x] * (1 - share) + this.wide[high * SIDE + x] * share;
        const table = value < 0 ? coldTable : heatTable;
        const level = 4 * Math.min(255, Math.round((255 * Math.abs(value)) / scale));
        const out = 4 * (y * SIDE + x);
        this.values[y * SIDE + x] = value;
        for (let c = 0; c < 4; c++) pixels[out + c] = table[level + c];
      }
    }
    this.context.putImageData(this.image, 0, 0);
    return peak;
  }

  // The value that is drawn at a point of the square, in shares of it; null beside it.
  /** @param {number} x @param {number} y */
  valueAt(x, y) {
    if (!(x >= 0 && x < 1 && y >= 0 && y < 1)) return null;
    return this.values[Math.floor(y * SIDE) * SIDE + Math.floor(x * SIDE)];
  }
}
