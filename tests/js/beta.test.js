// β is told when it changes, and lies between two slices of whatever is stored at some β.
import assert from "node:assert/strict";
import test from "node:test";

globalThis.document = new EventTarget();
const { between, currentBeta, setBeta } = await import("../../assets/js/lib/beta.js");
const { on } = await import("../../assets/js/lib/events.js");

test("the same β again, as the slider says it after the server's answer, is no news", () => {
  const told = [];
  on("beta", (beta) => told.push(beta));
  for (const beta of [0.43, 0.43, "0.43", 0.44, 0.43]) setBeta(beta);
  assert.deepEqual(told, [0.43, 0.44, 0.43]);
  assert.equal(currentBeta(), 0.43);
});

test("a β lies between two slices, at the ends on them, and with one slice on that", () => {
  assert.deepEqual(between(3, 0), { low: 0, high: 1, share: 0 });
  assert.deepEqual(between(3, 0.75), { low: 1, high: 2, share: 0.5 });
  assert.deepEqual(between(3, 1), { low: 1, high: 2, share: 1 });
  assert.deepEqual(between(3, 7), { low: 1, high: 2, share: 1 });
  assert.deepEqual(between(1, 0.6), { low: 0, high: 0, share: 0 });
});
