// What colours and filters the studies of a map: bytes at some β, and what they mean.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";
import { pretendPage } from "./browser.js";

pretendPage({ colours: { edge: "#445566" } });
const { setPhrases } = await import("../../assets/js/lib/i18n.js");
const { Column, STEPS, UNKNOWN } = await import("../../assets/js/atlas/columns.js");

setPhrases({ en: JSON.parse(await readFile(new URL("../../assets/i18n/en.json", import.meta.url))) });
const base64 = (codes) => Buffer.from(Uint8Array.from(codes)).toString("base64");
const column = (kind, codes, count, more = {}) =>
  new Column(
    {
      column: "probability",
      finding: "Edema",
      kind,
      names: [],
      betas: codes.length / count,
      codes: base64(codes),
      ...more,
    },
    count,
  );

test("numbers are mixed between two β, and what is unknown stays so", () => {
  const moving = column("number", [0, 100, UNKNOWN, 100, 200, UNKNOWN, 50, 0, UNKNOWN], 3);
  assert.ok(moving.moves);
  assert.deepEqual([...moving.at(0)], [0, 100, UNKNOWN]);
  assert.deepEqual([...moving.at(0.25)], [50, 150, UNKNOWN]);
  assert.deepEqual([...moving.at(0.5)], [100, 200, UNKNOWN]);
  assert.deepEqual([...moving.at(1)], [50, 0, UNKNOWN]);
  assert.deepEqual([...moving.at(1.5)], [50, 0, UNKNOWN]);
});

test("categories are those of the nearest β", () => {
  const moving = column("category", [0, 1, 2, 3], 2, { names: ["a", "b", "c", "d"] });
  assert.deepEqual(
    [0, 0.4, 0.6, 1].map((beta) => [...moving.at(beta)]),
    [
      [0, 1],
      [0, 1],
      [2, 3],
      [2, 3],
    ],
  );
});

test("what does not depend on β is the same at each", () => {
  const still = column("number", [7, 8], 2);
  assert.ok(!still.moves);
  assert.deepEqual([...still.at(0.7)], [7, 8]);
});

test("a range lets the unknown pass only while it is open", () => {
  const ranged = column("number", [0, UNKNOWN], 2);
  assert.ok(!ranged.filters);
  assert.ok(ranged.passes(UNKNOWN));
  ranged.low = 10;
  assert.ok(ranged.filters);
  assert.deepEqual(
    [9, 10, STEPS, UNKNOWN].map((code) => ranged.passes(code)),
    [false, true, true, false],
  );
  ranged.open();
  assert.ok(!ranged.filters);
});

test("a category that is hidden does not pass, the unknown neither when it is", () => {
  const named = column("category", [0, 1], 2, { names: ["a", "b"] });
  named.hidden = new Set([1, UNKNOWN]);
  assert.deepEqual(
    [0, 1, UNKNOWN].map((code) => named.passes(code)),
    [true, false, false],
  );
});

test("codes are said as findings, as phrases, or as numbers", () => {
  const named = column("category", [0, 1], 2, { names: ["Edema", ":none"] });
  assert.deepEqual(
    [0, 1, UNKNOWN].map((code) => named.says(code)),
    ["Edema", "No finding", "Not known"],
  );
  assert.equal(column("number", [0], 1).says(STEPS / 2), "0.50");
});

test("each code has its colour: fixed ones, the palette's, and grey for the unknown", () => {
  const named = column("category", [0, 1], 2, { names: [":none", ":wrong", "Edema"] });
  const colours = named.palette();
  const at = (code) => [...colours.slice(4 * code, 4 * code + 4)];
  assert.deepEqual(at(0), [0x44, 0x55, 0x66, 255]);
  assert.deepEqual(at(1), [0xd5, 0x5e, 0x00, 255]);
  assert.deepEqual(at(2), [0x00, 0x9e, 0x73, 255]);
  assert.deepEqual(at(UNKNOWN), [0x44, 0x55, 0x66, 255]);
});

test("numbers rise in lightness, for whoever sees no hue", () => {
  const colours = column("number", [0], 1).palette();
  const lightness = (code) => {
    const [r, g, b] = colours.slice(4 * code, 4 * code + 3);
    return 0.2126 * (r / 255) ** 2.2 + 0.7152 * (g / 255) ** 2.2 + 0.0722 * (b / 255) ** 2.2;
  };
  for (let code = 8; code <= STEPS; code += 8) assert.ok(lightness(code) > lightness(code - 8), `code ${code}`);
});
