// What of a film or a report is away at a step of its tests.
import assert from "node:assert/strict";
import test from "node:test";
import { pretendPage } from "./browser.js";

pretendPage();
const { isAway, reportParts, spanOf } = await import("../../assets/js/trust/degraded.js");

const STEPS = { shape: [3], deletion: [1, 2, 2], insertion: [1, 2, 2] }; // the first is the strongest

test("nothing is away at the first step of a deletion, all at its last, and the other way round", () => {
  for (const unit of [0, 1, 2]) {
    assert.deepEqual(
      [0, 2].map((step) => isAway(STEPS, "deletion", step, unit)),
      [false, true],
    );
    assert.deepEqual(
      [0, 2].map((step) => isAway(STEPS, "insertion", step, unit)),
      [true, false],
    );
  }
});

test("the strongest is the first to go, and the first to be back", () => {
  assert.deepEqual(
    [0, 1, 2].map((unit) => isAway(STEPS, "deletion", 1, unit)),
    [true, false, false],
  );
  assert.deepEqual(
    [0, 1, 2].map((unit) => isAway(STEPS, "insertion", 1, unit)),
    [false, true, true],
  );
});

test("the cells of a film cover it once, as nearest interpolation does", () => {
  for (const [cells, side] of [
    [7, 224],
    [12, 224],
    [14, 320],
    [3, 10],
  ]) {
    const whose = Array.from({ length: side }, (_, pixel) => Math.floor((pixel * cells) / side));
    const spans = Array.from({ length: cells }, (_, cell) => spanOf(cell, cells, side));
    assert.deepEqual(
      spans.flatMap(({ size }, cell) => Array(size).fill(cell)),
      whose,
    );
    assert.equal(spans[0].from, 0);
  }
});

test("words that are away are struck out, what is between them stays", () => {
  const segments = [
    ["No", 0, true],
    [" ", -1, true],
    ["effusion", 1, true],
    [".", -1, true],
  ];
  const parts = reportParts(segments, STEPS, "deletion", 1);
  assert.deepEqual(
    parts.map((part) => part.tag ?? part),
    ["del", " ", "effusion", "."],
  );
});
