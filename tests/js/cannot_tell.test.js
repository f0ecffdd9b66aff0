// Of a case of which the model cannot tell no number is given before the reader asks for those of that very case.
import assert from "node:assert/strict";
import test from "node:test";
import { isKept, turnNumbers, unaskedOf, whyNot } from "../../assets/js/review/cannot_tell.js";
import { AXES, placeIn } from "../../assets/js/review/decision/scale.js";
import { caseOf, speak } from "./pretend_case.js";

const OF = { image: "film", report: "report" };
const unlike = (...modalities) => modalities.map((modality) => ({ kind: "unlike", modality, nearer: 819, of: 819 }));
const of = (name, ...modalities) =>
  caseOf(
    [
      [0.9, 0.2],
      [0.99, 0.2],
    ],
    { case: name, cannot_tell: unlike(...modalities) },
  );

test("the sentence names what is unlike and by how much, and is empty where the model can tell", () => {
  speak();
  for (const modality of ["image", "report"]) {
    const name = OF[modality];
    assert.equal(
      whyNot(of("a", modality)),
      `Cannot tell: the ${name} is unlike the ${name}s this model learnt from (further than 819 of 819).`,
    );
  }
  assert.match(whyNot(of("a", "image", "report")), /^Cannot tell: the film .* and the report .*\.$/);
  assert.equal(whyNot(of("a")), "");
});

test("of what is no chest film the sentence says so, with what its header says", () => {
  speak();
  const film = (kind, named = "") => ({ cannot_tell: [{ kind, modality: "image", nearer: 0, of: 0, named }] });
  assert.equal(
    whyNot(film("mirrored")),
    "Cannot tell: the film looks like a mirror image: see on which side the heart lies.",
  );
  for (const [named, said] of [
    ["CT", "CT"],
    ["", "something else"],
  ]) {
    assert.equal(
      whyNot(film("modality", named)),
      `Cannot tell: the film is no chest radiograph (its header says Modality ${said}).`,
    );
  }
});

for (const axis of Object.values(AXES)) {
  test(`on the axis ${axis.name} nothing tells a number that is kept back`, () => {
    const opened = of(`kept on ${axis.name}`, "image");
    const value = axis.of(opened, 1);
    assert.equal(axis.say(value), "–");
    assert.equal(axis.sayChange(value, axis.of(of("other"), 1)), "");
    assert.equal(value >= axis.half, false);
    const range = axis.range([opened]);
    assert.equal(placeIn(value, range), placeIn(Math.max(range[0], 0), range));
  });
}

test("the reader asks for the numbers of one case, in every change of it, and may put them away", () => {
  const [first, second] = [of("first", "image"), of("second", "image")];
  turnNumbers(first);
  assert.deepEqual([first, second, of("first", "report")].map(isKept), [false, true, false]);
  assert.equal(AXES.probability.say(AXES.probability.of(first, 1)), "0.990");
  turnNumbers(first);
  assert.equal(isKept(first), true);
  assert.equal(isKept(of("third")), false);
});

test("what could not be asked is said once", () => {
  speak();
  const asked = ["image", "report"].map((modality) => ({ kind: "unmeasured", modality, held_out: 0, needed: 0 }));
  assert.equal(
    unaskedOf(caseOf([[0.5], [0.5]], { unasked: asked })),
    "Whether a case is like those this model learnt from was not measured for this model.",
  );
  const few = [{ kind: "too_few", modality: "report", held_out: 12, needed: 20 }];
  assert.match(unaskedOf(caseOf([[0.5], [0.5]], { unasked: few })), /it takes 20 .* 12 were measured\.$/);
});
