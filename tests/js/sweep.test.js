// The slider's first sweep: from where it stands to 0, to 1 and back, in time, and at its start at once when it is ended.
import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";

globalThis.document = new EventTarget();
let frames = [];
globalThis.requestAnimationFrame = (does) => frames.push(does);
const run = (now) => {
  const due = frames;
  frames = [];
  for (const frame of due) frame(now);
};
const { sweep, sweptBeta } = await import("../../assets/js/page/sweep.js");

beforeEach(() => {
  frames = [];
});

test("it goes to 0, to 1 and back to where it began, by no leap, from every start", () => {
  for (const start of [0, 0.01, 0.5, 0.77, 1]) {
    const way = Array.from({ length: 801 }, (_, i) => sweptBeta(start, i / 800));
    assert.equal(way[0], start);
    assert.ok(Math.abs(way.at(-1) - start) < 1e-9);
    assert.ok(Math.min(...way) < 1e-3 && Math.max(...way) > 1 - 1e-3);
    assert.ok(way.indexOf(Math.min(...way)) <= way.indexOf(Math.max(...way)) || start === 1);
    const steps = way.slice(1).map((beta, i) => Math.abs(beta - way[i]));
    assert.ok(Math.max(...steps) < 0.01);
  }
});

test("it ends by itself at its start, once", () => {
  const betas = [];
  let ended = 0;
  sweep(
    0.4,
    (beta) => betas.push(beta),
    () => ended++,
  );
  for (let now = 1000; frames.length; now += 100) run(now);
  assert.equal(betas[0], 0.4);
  assert.equal(betas.at(-1), 0.4);
  assert.ok(Math.min(...betas) < 0.01 && Math.max(...betas) > 0.99);
  assert.equal(ended, 1);
});

test("ended in between it is at its start at once, and moves nothing after that", () => {
  const betas = [];
  const end = sweep(0.4, (beta) => betas.push(beta));
  run(1000);
  run(2500);
  assert.notEqual(betas.at(-1), 0.4);
  end();
  assert.equal(betas.at(-1), 0.4);
  const { length } = betas;
  run(2600);
  end();
  assert.equal(betas.length, length);
});
