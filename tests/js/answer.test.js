// The decision in one sentence: every combination of what is decided, who says so, and where it flips.
import assert from "node:assert/strict";
import test from "node:test";
import { answerAt } from "../../assets/js/review/decision/answer.js";
import { caseOf, speak } from "./pretend_case.js";

// Probabilities of the finding at β = 0, ½ and 1.
const one = (report, fused, image, more) => caseOf([[report], [fused], [image]], more);
// Of exclusive findings: that of the first, and the rest for the second.
const two = (report, fused, image, more) =>
  caseOf(
    [report, fused, image].map((p) => [p, 1 - p]),
    { single: true, ...more },
  );

test("film and report say the same, at every β", () => {
  speak();
  assert.equal(
    answerAt(one(0.8, 0.9999, 0.9), 0.5),
    "Lung opacity: present (>0.999). Film and report both say so; holds at every β.",
  );
  assert.equal(
    answerAt(one(0.1, 0.02, 0.3), 0.5),
    "Lung opacity: absent (0.020). Film and report both say so; holds at every β.",
  );
});

test("both say the same, and the blend of them flips twice", () => {
  speak();
  const opened = one(0.8, 0.9, 0.8, { flips: [0.2, 0.7312] });
  assert.equal(
    answerAt(opened, 0.5),
    "Lung opacity: present (0.900). Film and report both say so. Flips at β 0.20 and 0.73.",
  );
});

test("one says so and the other does not, present or absent", () => {
  speak();
  assert.equal(
    answerAt(one(0.9, 0.7, 0.2, { flips: [0.67] }), 0.5),
    "Lung opacity: present (0.700) at β 0.50 because of the report; the film alone says no. Flips at β 0.67.",
  );
  assert.equal(
    answerAt(one(0.1, 0.7, 0.8, { flips: [0.3] }), 0.5),
    "Lung opacity: present (0.700) at β 0.50 because of the film; the report alone says no. Flips at β 0.30.",
  );
  assert.equal(
    answerAt(one(0.1, 0.3, 0.8, { flips: [0.7] }), 0.5),
    "Lung opacity: absent (0.300) at β 0.50 because of the report; the film alone says yes. Flips at β 0.70.",
  );
  assert.equal(
    answerAt(one(0.9, 0.3, 0.2, { flips: [0.25] }), 0.5),
    "Lung opacity: absent (0.300) at β 0.50 because of the film; the report alone says yes. Flips at β 0.25.",
  );
});

test("it follows β", () => {
  speak();
  const opened = one(0.9, 0.7, 0.2, { flips: [0.7] });
  assert.match(answerAt(opened, 0), /^Lung opacity: present \(0\.900\) at β 0\.00 because of the report;/);
  assert.match(answerAt(opened, 1), /^Lung opacity: absent \(0\.200\) at β 1\.00 because of the film;/);
});

test("only the blend says so", () => {
  speak();
  assert.equal(
    answerAt(one(0.2, 0.6, 0.3, { flips: [0.4, 0.6] }), 0.5),
    "Lung opacity: present (0.600) at β 0.50, though film alone and report alone say otherwise. " +
      "Flips at β 0.40 and 0.60.",
  );
  assert.match(
    answerAt(one(0.8, 0.4, 0.9, { flips: [0.4, 0.6] }), 0.5),
    /^Lung opacity: absent \(0\.400\) at β 0\.50, t/,
  );
});

test("one was given alone", () => {
  speak();
  assert.equal(
    answerAt(one(0.9, 0.9, 0.9, { modalities: ["image"] }), 1),
    "Lung opacity: present (0.900). The film alone was given.",
  );
  assert.equal(
    answerAt(one(0.1, 0.1, 0.1, { modalities: ["report"] }), 0),
    "Lung opacity: absent (0.100). The report alone was given.",
  );
});

test("of exclusive findings, the first or not", () => {
  speak();
  assert.equal(
    answerAt(two(0.8, 0.9, 0.7), 0.5),
    "Lung opacity: most likely (0.900). Film and report both say so; holds at every β.",
  );
  assert.equal(
    answerAt(two(0.8, 0.6, 0.3, { flips: [0.7] }), 0.5),
    "Lung opacity: most likely (0.600) at β 0.50 because of the report; " +
      "the film alone puts another first. Flips at β 0.70.",
  );
  assert.equal(
    answerAt(two(0.2, 0.4, 0.7, { flips: [0.7] }), 0.5),
    "Lung opacity: less likely (0.400) at β 0.50 because of the report; the film alone puts it first. Flips at β 0.70.",
  );
  assert.equal(
    answerAt(two(0.2, 0.2, 0.2, { modalities: ["image"] }), 1),
    "Lung opacity: less likely (0.200). The film alone was given.",
  );
});

test("where the curve of the server shows no flip, none is named", () => {
  speak();
  assert.match(answerAt(one(0.5, 0.6, 0.49), 0.5), /the film alone says no\.$/);
});

test("in Chinese, without a hole", () => {
  speak("zh-CN");
  assert.equal(
    answerAt(one(0.9, 0.7, 0.2, { flips: [0.67] }), 0.5),
    "肺部阴影：β 为 0.50 时有（0.700），由报告决定；仅凭影像则判为无。在 β 0.67 处翻转。",
  );
  for (const more of [{}, { single: true }, { modalities: ["image"] }, { modalities: ["report"] }])
    for (const [report, fused, image] of [
      [0.9, 0.9, 0.9],
      [0.1, 0.1, 0.1],
      [0.9, 0.9, 0.1],
      [0.1, 0.9, 0.9],
      [0.1, 0.9, 0.1],
    ])
      assert.doesNotMatch(answerAt(two(report, fused, image, { single: false, ...more }), 0.5), /[{}]|answer\./);
});
