// The axis that the small charts share.
import assert from "node:assert/strict";
import test from "node:test";
import { linearAxis, logAxis } from "../../assets/js/beta_lab/axis.js";

test("a linear axis begins and ends at round numbers around the values", () => {
  const axis = linearAxis([0.931, 0.97, 1]);
  assert.deepEqual(axis.ticks, [0.9, 0.95, 1]);
  assert.equal(axis.place(0.9), 0);
  assert.equal(axis.place(1), 1);
  assert.ok(Math.abs(axis.place(0.975) - 0.75) < 1e-9);
});

test("values that are all the same still have an axis", () => {
  for (const value of [0, 0.5, 1]) {
    const { ticks, place } = linearAxis([value]);
    assert.ok(ticks.length >= 2);
    assert.ok(place(value) >= 0 && place(value) <= 1);
    assert.ok(ticks[0] >= 0 && ticks.at(-1) <= 1);
  }
  assert.deepEqual(logAxis([0, 0]).ticks, linearAxis([0, 0]).ticks);
});

test("an axis of errors has a tick a decade, and 0 below them", () => {
  const axis = logAxis([0.2, 0.004, 0]);
  assert.deepEqual(axis.ticks, [0, 0.001, 0.01, 0.1, 1]);
  assert.deepEqual(axis.ticks.map(axis.say), ["0", "10⁻³", "0.01", "0.1", "1"]);
  assert.equal(axis.place(0), 0);
  assert.ok(Math.abs(axis.place(0.01) - 0.5) < 1e-9);
  assert.equal(axis.place(1), 1);
});

test("without a 0 there is none", () => {
  assert.deepEqual(logAxis([0.2, 0.04]).ticks, [0.01, 0.1, 1]);
});

test("without values there is no axis", () => {
  assert.equal(linearAxis([]), null);
  assert.equal(logAxis([]), null);
});
