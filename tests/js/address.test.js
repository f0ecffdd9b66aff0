// A state of the page in its address, and back.
import assert from "node:assert/strict";
import test from "node:test";
import "./browser.js";

const { readAddress, writeAddress } = await import("../../assets/js/page/address.js");

test("what is written is read again", () => {
  const state = { tab: "review", study: "a b&c=#é/1", finding: "Lung Opacity", beta: 0.67, image: "gradcam" };
  assert.deepEqual(readAddress(writeAddress(state)), { ...state, report: undefined });
});

test("what is not known stands in no address", () => {
  assert.equal(writeAddress({ tab: "review", study: undefined, finding: "", beta: 1 }), "#tab=review&beta=1.00");
});

test("a β that is none is left out", () => {
  for (const beta of ["2", "-1", "x", "", "NaN"]) assert.equal(readAddress(`#beta=${beta}`).beta || 0, 0);
  assert.equal(readAddress("").beta, undefined);
});
