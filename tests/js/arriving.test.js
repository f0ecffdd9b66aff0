// Widgets of other tabs do not stand in line before the first evidence.
import assert from "node:assert/strict";
import test from "node:test";
import { arriving } from "../../assets/js/page/arriving.js";

// A module that counts how often it was asked for, and is not there for the first so many times.
const module = (missing = 0) => {
  const found = { asked: 0, mounted: [] };
  found.load = async () => {
    found.asked += 1;
    if (found.asked <= missing) throw new TypeError("Failed to fetch dynamically imported module");
    return { mount: (given) => found.mounted.push(given) };
  };
  return found;
};
const settled = () => new Promise(setImmediate);
const shown = (name) => globalThis.document.dispatchEvent(new CustomEvent(`betalens:${name}`));

test.beforeEach(() => {
  globalThis.document = new EventTarget();
});

for (const first of ["explained", "veiled"]) {
  test(`a module comes with the first case that is ${first}, once`, async () => {
    const atlas = module();
    const mount = arriving(atlas.load);
    assert.equal(atlas.asked, 0);
    shown(first);
    shown(first);
    mount("box");
    await settled();
    assert.equal(atlas.asked, 1);
    assert.deepEqual(atlas.mounted, ["box"]);
  });
}

test("a tab that is opened before that has its widget", async () => {
  const atlas = module();
  arriving(atlas.load)("box");
  await settled();
  assert.deepEqual(atlas.mounted, ["box"]);
});

test("what did not come is asked for again", async () => {
  const atlas = module(1);
  const mount = arriving(atlas.load);
  shown("explained");
  await settled();
  mount("box");
  await settled();
  assert.deepEqual(atlas.mounted, ["box"]);
});
