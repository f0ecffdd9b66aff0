// A | B: what is said of two cases that stand beside one another.
import assert from "node:assert/strict";
import test from "node:test";
import { onOther, WHOLE } from "../../assets/js/review/film/view.js";
import { decidedApart } from "../../assets/js/review/pinned.js";
import { caseOf } from "./pretend_case.js";

const A = caseOf([
  [0.9, 0.2],
  [0.1, 0.2],
]);
const beside = (side, at) => {
  const opened = caseOf([
    [0.9, 0.2],
    [0.1, 0.8],
  ]);
  opened.beside = { side, isPinned: true, at };
  return opened;
};

test("decisions are held against those of A at the β that A is drawn at", () => {
  const follows = beside(A, (beta) => beta);
  assert.deepEqual(decidedApart(follows, 0), []);
  assert.deepEqual(decidedApart(follows, 1), ["Edema"]);
  const stays = beside(A, () => 0);
  assert.deepEqual(decidedApart(stays, 0), []);
  assert.deepEqual(decidedApart(stays, 1), ["Lung Opacity", "Edema"]);
});

test("of several diagnoses of which one is given, the likeliest is the decision", () => {
  const one = (p) => caseOf([p, p], { single: true });
  const opened = one([0.3, 0.4]);
  opened.beside = { side: one([0.45, 0.4]), isPinned: true, at: (beta) => beta };
  assert.deepEqual(decidedApart(opened, 0.5), ["Lung Opacity", "Edema"]);
});

test("without a modality β stands at the end of the other", () => {
  assert.equal(caseOf([[0.5], [0.5]]).betaFor(0.3), 0.3);
  assert.equal(caseOf([[0.5], [0.5]], { modalities: ["image"] }).betaFor(0.3), 1);
  assert.equal(caseOf([[0.5], [0.5]], { modalities: ["report"] }).betaFor(0.3), 0);
});

test("another film shows the same part, as far in", () => {
  const small = { rows: 100, columns: 50 };
  const large = { rows: 400, columns: 100 };
  assert.equal(onOther(WHOLE, small, large), WHOLE);
  assert.deepEqual(onOther({ scale: 4, x: 25, y: 20 }, small, large), { scale: 2, x: 50, y: 80 });
});
