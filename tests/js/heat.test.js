// The small map is cut at zero, enlarged as a number, and only then coloured.
import assert from "node:assert/strict";
import test from "node:test";
import { pretendPage } from "./browser.js";

pretendPage();
const { coldTable, heatTable } = await import("../../assets/js/review/film/colour.js");
const { Heat } = await import("../../assets/js/review/film/heat.js");

const SIDE = 288;

// Bilinear enlargement as a sum of tents around the cells' centres; beyond the outermost centres the edge goes on.
const tent = (pixel, cell, cells) => {
  const at = ((pixel + 0.5) * cells) / SIDE - 0.5;
  return Math.max(0, 1 - Math.abs(Math.min(cells - 1, Math.max(0, at)) - cell));
};
const enlarged = (cam, rows, columns, y, x) => {
  let sum = 0;
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      sum += Math.max(0, cam[row * columns + column]) * tent(y, row, rows) * tent(x, column, columns);
  return sum;
};
const colour = (value, scale) => {
  const level = 4 * Math.min(255, Math.round((255 * value) / scale));
  return [...heatTable.slice(level, level + 4)];
};
const drawnAt = (heat, y, x) => [...heat.canvas.drawn.data.slice(4 * (y * SIDE + x), 4 * (y * SIDE + x) + 4)];
const steps = (a, b) => Math.max(...a.map((value, i) => Math.abs(value - b[i])));

test("every pixel is the colour of the enlarged number", () => {
  const [rows, columns, scale] = [5, 3, 2];
  const cam = Float32Array.from({ length: rows * columns }, (_, i) => Math.sin(3 * i) * 1.7);
  const heat = new Heat(rows, columns);
  const peak = heat.paint(cam.slice(), scale);
  assert.equal(peak, Math.max(...cam));
  for (let y = 0; y < SIDE; y += 7)
    for (let x = 0; x < SIDE; x += 11) {
      // A number at the border of two levels may be rounded to either.
      const value = enlarged(cam, rows, columns, y, x);
      const near = [-1e-5, 0, 1e-5].map((more) => steps(drawnAt(heat, y, x), colour(Math.max(0, value + more), scale)));
      assert.equal(Math.min(...near), 0, `pixel ${y}, ${x}`);
    }
});

test("what speaks against is cut before it is enlarged: it takes nothing from its neighbours", () => {
  const heat = new Heat(1, 2);
  heat.paint(Float32Array.from([1, -5]), 1);
  assert.deepEqual(drawnAt(heat, 0, 143), colour(enlarged([1, 0], 1, 2, 0, 143), 1));
  assert.deepEqual(drawnAt(heat, 0, SIDE - 1), colour(0, 1));
});

test("a map with nothing above zero is drawn as nothing", () => {
  const heat = new Heat(2, 2);
  assert.equal(heat.paint(Float32Array.from([-1, -2, 0, -3]), 1), 0);
  assert.ok(
    heat.canvas.drawn.data.every((byte, i) => i % 4 !== 3 || byte === 0),
    "something can be seen",
  );
});

test("above the scale the colour is the last one", () => {
  const heat = new Heat(1, 1);
  heat.paint(Float32Array.from([9]), 3);
  assert.deepEqual(drawnAt(heat, 100, 100), [...heatTable.slice(-4)]);
});

test("asked for, what speaks against is drawn in blue, and takes from its neighbours", () => {
  const heat = new Heat(1, 2);
  assert.equal(heat.paint(Float32Array.from([1, -3]), 3, true), 3);
  assert.deepEqual(drawnAt(heat, 0, SIDE - 1), [...coldTable.slice(-4)]);
  assert.deepEqual(drawnAt(heat, 0, 0), colour(1, 3));
  const [red, , blue] = coldTable.slice(-4);
  assert.ok(blue > red);
});

test("little evidence does not fog the film, and the value under a place is what is drawn there", () => {
  const cover = (share) => heatTable[4 * Math.round(255 * share) + 3] / 255;
  assert.ok(cover(0.05) < 0.02 && cover(0.1) < 0.06 && cover(0.6) === 1);
  const heat = new Heat(1, 2);
  heat.paint(Float32Array.from([1, -5]), 1);
  assert.equal(heat.valueAt(0.1, 0.5), 1);
  assert.equal(heat.valueAt(0.9, 0.5), 0);
  assert.equal(heat.valueAt(1.2, 0.5), null);
});
