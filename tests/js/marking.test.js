// What the reader marks: one thing at a time, of what the open case offers, until a verdict is saved.
import assert from "node:assert/strict";
import test from "node:test";

globalThis.document = new EventTarget(); // which the parts of the page tell one another through

const { emit, on } = await import("../../assets/js/lib/events.js");
const marks = await import("../../assets/js/review/marking.js");

const told = [];
on("marking", (now) => told.push(now));

test("one of the two at a time, and the same once more ends it", () => {
  marks.offerMarking([marks.WRONG, marks.HERE]);
  marks.toggleMarking(marks.WRONG);
  marks.toggleMarking(marks.HERE);
  marks.toggleMarking(marks.HERE);
  assert.deepEqual(told.splice(0), ["wrong", "here", ""]);
});

test("what the case does not offer is not begun, and ends with the case that did", () => {
  marks.toggleMarking(marks.HERE);
  marks.offerMarking([marks.WRONG]); // no film
  marks.toggleMarking(marks.HERE);
  assert.deepEqual(told.splice(0), ["here", ""]);
});

test("a saved verdict ends it", () => {
  marks.toggleMarking(marks.WRONG);
  emit("saved", { study: "s1", verdict: "agree" });
  assert.equal(marks.marking, "");
});
