// The report: what a change put in and took out, and whether what is typed is what was analysed.
import assert from "node:assert/strict";
import test from "node:test";
import { changedWords } from "../../assets/js/review/report/diff.js";
import { isStale } from "../../assets/js/review/report/typed.js";

const words = (text) => text.split(" ").filter(Boolean);
const apart = (before, after) => {
  const { gone, fresh } = changedWords(words(before), words(after));
  const told = (text, places) => [...places].map((at) => words(text)[at]).join(" ");
  return [told(before, gone), told(after, fresh)];
};

test("the same report changed in nothing", () => {
  assert.deepEqual(apart("no acute disease", "no acute disease"), ["", ""]);
  assert.deepEqual(apart("", ""), ["", ""]);
});

test("words that were put in, taken out or replaced", () => {
  assert.deepEqual(apart("no effusion", "no large effusion"), ["", "large"]);
  assert.deepEqual(apart("no large effusion", "no effusion"), ["large", ""]);
  assert.deepEqual(apart("small left effusion seen", "large left effusion"), ["small seen", "large"]);
  assert.deepEqual(apart("", "all of it"), ["", "all of it"]);
});

test("what stays between two changes stays", () => {
  assert.deepEqual(apart("a b c d e", "x b c y e"), ["a d", "x y"]);
});

test("what is left of both without the changed words is the same", () => {
  let seed = 7;
  const next = (most) => {
    seed = (seed * 16807) % 2147483647;
    return seed % most;
  };
  for (let round = 0; round < 50; round++) {
    const [before, after] = [0, 1].map(() => Array.from({ length: next(30) }, () => "abc"[next(3)]));
    const { gone, fresh } = changedWords(before, after);
    assert.deepEqual(
      before.filter((_, at) => !gone.has(at)),
      after.filter((_, at) => !fresh.has(at)),
    );
  }
});

test("two long reports without a word in common do not take for ever", () => {
  const [before, after] = ["a", "b"].map((letter) => Array.from({ length: 4000 }, (_, i) => letter + i));
  const { gone, fresh } = changedWords(["the", ...before], ["the", ...after]);
  assert.deepEqual([gone.size, fresh.size, gone.has(0)], [4000, 4000, false]);
});

test("what is typed is stale where it is another report than the analysed one", () => {
  assert.equal(isStale("no effusion", "no effusion"), false);
  assert.equal(isStale("large effusion", "no effusion"), true);
  assert.equal(isStale("  \n", ""), false);
  assert.equal(isStale("a\r\nb", "a\nb"), false);
  assert.equal(isStale("e\u0301dema", "\u00e9dema"), false);
  assert.equal(isStale("", "no effusion"), true);
});
