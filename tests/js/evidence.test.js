// What a map of evidence is said to be: its outline at a level, its sums, and where it is strongest.
import assert from "node:assert/strict";
import test from "node:test";
import { contour } from "../../assets/js/review/film/contour.js";
import { outline } from "../../assets/js/review/film/outline.js";
import { forAndAgainst, strongest } from "../../assets/js/review/film/sums.js";

// Ends of segments, each with how often it is one.
const ends = (segments) => {
  const counts = new Map();
  for (let i = 0; i < segments.length; i += 2) {
    const end = `${segments[i].toFixed(6)} ${segments[i + 1].toFixed(6)}`;
    counts.set(end, (counts.get(end) ?? 0) + 1);
  }
  return [...counts.values()];
};

test("the contour of a cone is a circle, closed, at the radius of its level", () => {
  const side = 41;
  const cone = Float32Array.from({ length: side * side }, (_, i) =>
    Math.max(0, 1 - Math.hypot((i % side) - 20, Math.floor(i / side) - 20) / 16),
  );
  for (const level of [0.25, 0.5, 0.75]) {
    const segments = contour(cone, side, side, level);
    assert.ok(segments.length > 40);
    for (let i = 0; i < segments.length; i += 2) {
      const radius = Math.hypot(segments[i] - 20.5, segments[i + 1] - 20.5);
      assert.ok(Math.abs(radius - 16 * (1 - level)) < 0.1, `${radius} at ${level}`);
    }
    assert.ok(ends(segments).every((count) => count === 2));
  }
});

test("a level between two values is crossed where the line between them has it, also below zero", () => {
  assert.deepEqual(contour([0, 4, 0, 4], 2, 2, 1), [0.75, 0.5, 0.75, 1.5]);
  assert.deepEqual(contour([0, -4, 0, -4], 2, 2, -3), [1.25, 0.5, 1.25, 1.5]);
  assert.deepEqual(contour([0, 0, 0, 0], 2, 2, 0.5), []);
});

test("with a stride the contour is that of the values looked at, and the list is used again", () => {
  const values = Float32Array.from({ length: 81 }, (_, i) => i % 9);
  const into = [1, 2, 3];
  assert.equal(contour(values, 9, 9, 3, 4, into), into);
  assert.deepEqual(into, [3.5, 0.5, 3.5, 4.5, 3.5, 4.5, 3.5, 8.5]);
});

test("the outline of a mask closes around it, also at the mask's edges", () => {
  const mask = Uint8Array.from({ length: 100 }, (_, i) => Number(i % 10 < 4 && i < 50));
  const segments = outline(mask, 10, 10);
  assert.ok(ends(segments).every((count) => count === 2));
  const xs = segments.filter((_, i) => i % 2 === 0);
  assert.ok(Math.abs(Math.min(...xs)) < 0.3 && Math.abs(Math.max(...xs) - 4) < 0.3);
});

test("evidence for and against is added up apart", () => {
  assert.deepEqual(forAndAgainst([0.5, -2, 0, 0.25, -1]), { pro: 0.75, con: -3 });
  assert.deepEqual(forAndAgainst([]), { pro: 0, con: 0 });
});

test("the strongest place is named by third and half of the film, with its share of what is for the finding", () => {
  const side = 12;
  const values = new Float32Array(side * side).fill(0);
  values[1 * side + 8] = 1; // above, at the right
  values[10 * side + 2] = 2; // below, at the left
  values[11 * side + 3] = 1;
  values[5 * side + 5] = -9;
  const square = [0, 0, 1, 1];
  assert.deepEqual(strongest(values, side, square), { third: "lower", half: "left", share: 0.75 });
  // What lies beside the film is not on it: rows 0 to 5 of a film half as high.
  assert.deepEqual(strongest(values, side, [0, 0, 0.5, 1]), { third: "upper", half: "right", share: 1 });
  assert.equal(strongest(new Float32Array(4).fill(-1), 2, square), null);
});
