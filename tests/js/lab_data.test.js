// How the β lab writes what is not sure: an interval, and a p, that never contradict the words beside them.
import assert from "node:assert/strict";
import test from "node:test";
import { speak } from "./pretend_case.js";

speak();
const { labInterval, labP } = await import("../../assets/js/beta_lab/lab_data.js");
const { number, signed } = await import("../../assets/js/lib/format.js");

test("the ends of an interval keep their signs apart", () => {
  assert.equal(labInterval({ low: -0.197, high: -0.01 }, signed), "−0.197 to −0.010");
});

test("a narrow interval gets the digits that it takes", () => {
  assert.equal(labInterval({ low: 0.99991, high: 1 }), "0.9999 to 1.0000");
  assert.equal(labInterval({ low: 0.31, high: 0.4 }, number, 2), "0.31 to 0.40");
});

test("an interval that leaves out 0 is never written as if it began there", () => {
  assert.equal(labInterval({ low: 0.0004, high: 0.006 }, signed), "+0.0004 to +0.0060");
  assert.equal(labInterval({ low: 0, high: 0.006 }, signed), "0.000 to +0.006");
});

test("where resamples say nothing there is no interval", () => {
  assert.equal(labInterval({ low: null, high: null }), "no interval");
});

test("a p that is below 0.05 is never written as 0.050", () => {
  assert.equal(labP(0.0498), "p < 0.05");
  assert.equal(labP(0.0501), "p = 0.050");
  assert.equal(labP(0.0004), "p < 0.001");
});
