// What colours and filters the studies of a map: bytes at some β, and what they mean.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";
import { pretendPage } from "./browser.js";

pretendPage();
const { setPhrases } = await import("../../assets/js/lib/i18n.js");
const { NOTHING, palette, rgb } = await import("../../assets/js/lib/colours.js");
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
  assert.deepEqual(at(0), [...rgb(NOTHING), 255]);
  assert.deepEqual(at(1), [0xd5, 0x5e, 0x00, 255]);
  assert.deepEqual(at(2), [0x00, 0x9e, 0x73, 255]);
  assert.deepEqual(at(UNKNOWN), [...rgb(NOTHING), 255]);
});

test("a legend that counts each study once says that a finding stands alone", () => {
  const findings = column("category", [0, 1], 2, { column: "findings", names: ["Edema", ":several"] });
  assert.deepEqual([findings.nameOf(0), findings.nameOf(1)], ["Edema alone", "Several findings"]);
  assert.equal(column("category", [0], 1, { column: "error", names: ["Edema"] }).nameOf(0), "Edema");
});

const tokens = await readFile(new URL("../../assets/css/00-tokens.css", import.meta.url), "utf8");
for (const dark of [true, false])
  test(`every colour stands 3 to 1 off the ${dark ? "dark" : "light"} page`, () => {
    pretendPage({ dark });
    const [onLight, onDark] = [...tokens.matchAll(/--bl-surface: (#\w{6})/g)].map(([, colour]) => rgb(colour));
    /** WCAG's relative luminance. */
    const luminance = (colour) => {
      const [r, g, b] = colour.map((byte) =>
        byte / 255 <= 0.04045 ? byte / 255 / 12.92 : ((byte / 255 + 0.055) / 1.055) ** 2.4,
      );
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const contrast = (colour) => {
      const [less, more] = [luminance(colour), luminance(dark ? onDark : onLight)].sort((a, b) => a - b);
      return (more + 0.05) / (less + 0.05);
    };
    const names = palette().map((_, i) => `finding ${i}`);
    const category = column("category", [0], 1, { names: [...names, ":none", ":wrong", ":fn", ":tp", ":agree"] });
    const number = column("number", [0], 1);
    for (const [of, codes] of [
      [category, [...category.names.keys(), UNKNOWN]],
      [number, [...Array(STEPS + 1).keys()]],
    ]) {
      const colours = of.palette();
      for (const code of codes) {
        const colour = [...colours.slice(4 * code, 4 * code + 3)];
        assert.ok(contrast(colour) >= 3, `${of.kind} ${code}: ${colour} at ${contrast(colour).toFixed(2)}`);
      }
    }
    pretendPage();
  });

test("numbers rise in lightness, for whoever sees no hue", () => {
  const colours = column("number", [0], 1).palette();
  const lightness = (code) => {
    const [r, g, b] = colours.slice(4 * code, 4 * code + 3);
    return 0.2126 * (r / 255) ** 2.2 + 0.7152 * (g / 255) ** 2.2 + 0.0722 * (b / 255) ** 2.2;
  };
  for (let code = 8; code <= STEPS; code += 8) assert.ok(lightness(code) > lightness(code - 8), `code ${code}`);
});
