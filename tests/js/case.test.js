// A case is what dashboard/ui/payload.py packed: a header, and a block of float32 that names where each array lies.
import assert from "node:assert/strict";
import test from "node:test";
import { Case } from "../../assets/js/review/case/case.js";

const base64 = (values) => Buffer.from(Float32Array.from(values).buffer).toString("base64");
// Three steps of β by two findings; two nodes by a map of one row and three columns.
const curve = [0.9, 0.2, 0.4, 0.6, 0.1, 0.7];
const cam = [0, 1, 2, 10, 11, 12];
const message = (more = {}) => ({
  ticket: 1,
  case: "a",
  finding: "Edema",
  findings: ["Nodule", "Edema"],
  single: false,
  nodes: [0, 1],
  film: "data:film",
  arrays: { curve: [0, 3, 2], cam: [6, 2, 1, 3], curve_logits: [12, 3, 2] },
  block: base64([...curve, ...cam, ...curve.map((p) => Math.log(p / (1 - p)))]),
  ...more,
});
const round = (values) => [...values].map((value) => Math.round(value * 1e5) / 1e5);

test("the curve is read at the steps of the slider and between them", () => {
  const opened = new Case(message());
  assert.equal(opened.index, 1);
  assert.deepEqual(round([0, 0.5, 1].map((beta) => opened.probability(beta))), [0.2, 0.6, 0.7]);
  assert.deepEqual(round([0, 0.25, 0.75].map((beta) => opened.probability(beta, 0))), [0.9, 0.65, 0.25]);
});

test("a β outside is the nearest one inside", () => {
  const opened = new Case(message());
  assert.deepEqual(round([opened.probability(-1), opened.probability(2)]), [0.2, 0.7]);
});

test("what is stored at the nodes is given at any β, and null where there is none", () => {
  const opened = new Case(message());
  assert.deepEqual(round(opened.at("cam", 0.5)), [5, 6, 7]);
  assert.deepEqual(opened.arrays.cam.shape, [2, 1, 3]);
  assert.equal(opened.at("words", 0.5), null);
});

test("the server's numbers take the place of those at their β alone", () => {
  const opened = new Case(message());
  opened.correct(0.5, [0.125, 0.25]);
  assert.deepEqual(round([0, 0.5, 1].map((beta) => opened.probability(beta))), [0.2, 0.25, 0.7]);
  assert.deepEqual(round([0, 0.5, 1].map((beta) => opened.probability(beta, 0))), [0.9, 0.125, 0.1]);
});

test("present from one half on; of exclusive findings, the first or not", () => {
  const opened = new Case(message());
  assert.equal(opened.verdict(0), "verdict.absent");
  assert.equal(opened.verdict(0.5), "verdict.present");
  const exclusive = new Case(message({ single: true }));
  assert.equal(exclusive.verdict(0), "verdict.not_first");
  assert.equal(exclusive.verdict(0.5), "verdict.first");
});

test("a message without the film keeps the one that was sent, of the case as it came too", () => {
  const { arrays, block, nodes } = message();
  const original = { arrays, block, nodes, finding: "Nodule", film: "data:before" };
  const before = new Case(message({ original }));
  const after = new Case(message({ film: null, original: { ...original, film: null } }), before);
  assert.equal(after.film, "data:film");
  assert.equal(after.original.film, "data:before");
  assert.deepEqual(after.original.findings, after.findings);
  assert.equal(after.original.index, 0);
});
