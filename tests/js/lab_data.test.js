// Which finding the β lab opens on; and how it writes what is not sure: an interval, and a p, that never contradict the
// words beside them.
import assert from "node:assert/strict";
import test from "node:test";
import { speak } from "./pretend_case.js";

speak();
const { LabData, labInterval, labP } = await import("../../assets/js/beta_lab/lab_data.js");
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

// Of all findings and two of them, at three β: the best β of each, and its gains over image and over report there.
const labOf = (best, gains) => {
  const values = gains.flatMap((pair) => pair.flatMap((gain) => [0, gain, 0]));
  const arrays = Object.fromEntries(
    gains.flatMap((_, place) =>
      ["image", "report"].map((name, i) => [`${place}.${name}`, [3 * (2 * place + i), 1, 3]]),
    ),
  );
  const block = Buffer.from(new Float32Array(values).buffer).toString("base64");
  return new LabData({ betas: [0, 0.5, 1], names: ["", "A", "B"], best: best.map((one) => [one]), arrays, block });
};

test("the lab opens on the finding that a blend serves best, against the better of either end", () => {
  const inside = [0.5, 0.5, 0.5];
  assert.equal(
    labOf(inside, [
      [0.9, 0.9],
      [0.5, 0.01],
      [0.05, 0.04],
    ]).bestBlend,
    2,
  );
  assert.equal(
    labOf(inside, [
      [0.9, 0.9],
      [0.1, 0.2],
      [0.05, 0.04],
    ]).bestBlend,
    1,
  );
});

test("where a blend serves no finding the lab opens on all of them", () => {
  const gains = [
    [0.9, 0.9],
    [0, 0.3],
    [0, 0],
  ];
  assert.equal(labOf([0.5, 0.5, 0.5], gains).bestBlend, 0);
  assert.equal(
    labOf(
      [0.5, 0, 1],
      [
        [0.9, 0.9],
        [0.5, 0.5],
        [0.5, 0.5],
      ],
    ).bestBlend,
    0,
  );
  assert.equal(labOf([null, null, null], gains).bestBlend, 0);
});
