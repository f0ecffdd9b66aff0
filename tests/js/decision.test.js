// What stands below the sentence: shares, axes, rows that are folded, the line on the numbers.
import assert from "node:assert/strict";
import test from "node:test";
import { number, signed } from "../../assets/js/lib/format.js";
import { numbersKey } from "../../assets/js/review/decision/numbers.js";
import { AXES, foldable, moved, placeIn } from "../../assets/js/review/decision/scale.js";
import { areOpposed, sayShares } from "../../assets/js/review/decision/shares.js";
import { caseOf, speak } from "./pretend_case.js";

const round = (values) => values.map((value) => Math.round(value * 1e4) / 1e4);

test("what rounds to nothing has no sign", () => {
  assert.deepEqual(
    [0.001, -0.001, 0, -0, 0.006, -0.006].map((value) => signed(value)),
    ["0.00", "0.00", "0.00", "0.00", "+0.01", "−0.01"],
  );
  assert.equal(number(-0.004), "0.00");
  assert.equal(number(-1.5, 1), "−1.5");
});

test("shares of one sign have per cents, either way", () => {
  speak();
  assert.deepEqual(sayShares(3, 1), ["Film +3.00 (75\u2009%)", "Report +1.00 (25\u2009%)"]);
  assert.deepEqual(sayShares(-3, -1), ["Film −3.00 (75\u2009%)", "Report −1.00 (25\u2009%)"]);
});

test("shares of opposite sign are pushes, without per cents", () => {
  speak();
  assert.deepEqual(sayShares(-2.4, 6.6), ["Film pulls down −2.40", "Report pushes up +6.60"]);
  assert.deepEqual(sayShares(2.4, -6.6), ["Film pushes up +2.40", "Report pulls down −6.60"]);
});

test("what weighs nothing pushes nowhere", () => {
  speak();
  assert.equal(areOpposed(-0.001, 5), false);
  assert.deepEqual(sayShares(-0.001, 5), ["Film 0.00 (0\u2009%)", "Report +5.00 (100\u2009%)"]);
  assert.deepEqual(sayShares(0, 0), ["Film 0.00 (0\u2009%)", "Report 0.00 (0\u2009%)"]);
});

test("on the logit axis one half lies in the middle and what saturates still moves", () => {
  const opened = caseOf([
    [0.9999, 0.5],
    [0.99999, 0.1],
  ]);
  const range = AXES.logit.range([opened]);
  assert.equal(placeIn(AXES.logit.half, range), 0.5);
  const [low, high] = [0, 1].map((beta) => placeIn(AXES.logit.of(opened, beta, 0), range));
  assert.ok(high - low > 0.05);
  assert.equal(
    AXES.probability.say(AXES.probability.of(opened, 0)),
    AXES.probability.say(AXES.probability.of(opened, 1)),
  );
  assert.notEqual(AXES.logit.say(AXES.logit.of(opened, 0)), AXES.logit.say(AXES.logit.of(opened, 1)));
  assert.equal(AXES.logit.say(AXES.logit.of(opened, 1, 1)), "−2.20");
});

test("the curve of logits spans one half and the explained finding", () => {
  const opened = caseOf([
    [0.9, 0.0001],
    [0.99, 0.0001],
  ]);
  assert.deepEqual(AXES.logit.rangeOfCurve([opened], 0), [0, 5]);
  assert.deepEqual(AXES.logit.rangeOfCurve([caseOf([[0.5], [0.5]])], 0), [-1, 1]);
  assert.deepEqual(AXES.probability.rangeOfCurve([opened], 0), [0, 1]);
});

test("a place is inside the range", () => {
  assert.deepEqual(
    [-1, 0, 1, 3].map((value) => placeIn(value, [0, 2])),
    [0, 0, 0.5, 1],
  );
});

test("a change has an arrow, and none where nothing moved as it is written", () => {
  assert.equal(moved(0.0014, 0.0016, 3), "▲\u2009+0.001");
  assert.deepEqual(
    [0.6234, 0.3766, 0.5004, 0.4996].map((now) => moved(0.5, now, 3)),
    ["▲\u2009+0.123", "▼\u2009−0.123", "=", "="],
  );
});

const many = (count, p) => {
  const findings = Array.from({ length: count }, (_, i) => `finding ${i}`);
  const row = (beta) => findings.map((_, i) => (i === 0 ? 0.9 : p(i, beta)));
  return caseOf([row(0), row(1)], { findings, finding: "finding 1" });
};

test("up to ten findings all have their rows", () => {
  assert.deepEqual(foldable(many(10, () => 0.001)), []);
});

test("of more, those below 1 % at every β may be folded, and never the explained one", () => {
  const opened = many(12, (i, beta) => (i === 5 && beta === 1 ? 0.02 : 0.001));
  assert.deepEqual(foldable(opened), [2, 3, 4, 6, 7, 8, 9, 10, 11]);
});

test("nor one that has more in what the case is beside", () => {
  const opened = many(11, () => 0.001);
  opened.beside = { side: many(11, (i) => (i === 3 ? 0.4 : 0.001)), isPinned: false, at: (beta) => beta };
  assert.deepEqual(foldable(opened), [2, 4, 5, 6, 7, 8, 9, 10]);
});

test("the line on the numbers: what differs before all, then what is refined, then what was checked", () => {
  const said = (isExact, ahead, checked) => numbersKey({ isExact, ahead, checked }).replace("numbers.", "");
  assert.equal(said(true, 0, "unchecked"), "exact");
  assert.equal(said(true, 0, "checked"), "checked");
  assert.equal(said(false, 0, "checked"), "refining");
  assert.equal(said(false, 2, "unchecked"), "waiting");
  assert.equal(said(true, 3, "checked"), "checked");
  assert.equal(said(true, 0, "differs"), "differs");
  assert.equal(said(false, 2, "differs_still"), "differs_still");
});

test("the server's numbers take the place of the logits too, and 1 has a finite one", () => {
  const opened = caseOf([[0.5], [0.5], [0.5]]);
  opened.correct(0.5, [1]);
  opened.correct(1, [0.9]);
  assert.deepEqual(round([opened.logit(0), opened.logit(1)]), [0, 2.1972]);
  assert.ok(opened.logit(0.5) > 15 && Number.isFinite(opened.logit(0.5)));
});

test("provisional is what another method than the chosen one says", () => {
  const methods = { image: "gradcam", report: "contextual_cam" };
  assert.equal(caseOf([[0.5]], { methods }).isProvisional("report"), true);
  assert.equal(caseOf([[0.5]], { methods }).isProvisional("image"), false);
  assert.equal(caseOf([[0.5]], { methods: { image: null, report: "contextual_cam" } }).isProvisional("image"), false);
});
