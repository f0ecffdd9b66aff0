// What a hand does on a map: where the camera goes, and what is told.
import assert from "node:assert/strict";
import test from "node:test";
import { Camera } from "../../assets/js/atlas/camera.js";
import { Gestures } from "../../assets/js/atlas/gestures.js";
import { Listened } from "./browser.js";

const TOLD = ["hover", "leave", "click", "area", "step", "enter", "moved", "trailed"];

const start = () => {
  const camera = new Camera();
  camera.resize(400, 300);
  camera.measure([0, 0, 4, 3]);
  const node = new Listened(10, 20);
  const calls = [];
  const told = Object.fromEntries(TOLD.map((name) => [name, (...given) => calls.push([name, ...given])]));
  const gestures = new Gestures(node, camera, told);
  const at = (x, y, more) => ({ clientX: x + 10, clientY: y + 20, ...more });
  return { camera, node, calls, gestures, at, named: (name) => calls.filter(([call]) => call === name) };
};
const near = (got, wanted) => {
  for (const [i, value] of got.entries()) assert.ok(Math.abs(value - wanted[i]) < 1e-9, `${got}, not ${wanted}`);
};

test("places on the screen and on the map are each other's way back", () => {
  const { camera } = start();
  near(camera.toMap(...camera.toScreen(1.25, 2.5)), [1.25, 2.5]);
  near(camera.toScreen(2, 1.5), [200, 150]);
});

test("what wanders less than a few pixels is a click, and moves nothing", () => {
  const { camera, node, at, named } = start();
  const before = camera.toMap(0, 0);
  node.send("pointerdown", at(100, 100));
  node.send("pointermove", at(102, 102));
  node.send("pointerup", at(102, 102));
  assert.deepEqual(named("click"), [["click", 102, 102]]);
  near(camera.toMap(0, 0), before);
});

test("a drag takes the map along: what was under the pointer stays under it", () => {
  const { camera, node, at, named } = start();
  const held = camera.toMap(100, 100);
  node.send("pointerdown", at(100, 100));
  node.send("pointermove", at(130, 90));
  node.send("pointermove", at(160, 60));
  node.send("pointerup", at(160, 60));
  near(camera.toMap(160, 60), held);
  assert.equal(named("moved").length, 2);
  assert.equal(named("click").length + named("area").length, 0);
});

test("the wheel zooms around the pointer, and in again undoes out", () => {
  const { camera, node, at } = start();
  const { scale } = camera;
  const held = camera.toMap(50, 250);
  assert.ok(node.send("wheel", at(50, 250, { deltaY: 200, deltaMode: 0 })), "the page would scroll");
  near(camera.toMap(50, 250), held);
  assert.ok(camera.scale < scale);
  node.send("wheel", at(50, 250, { deltaY: -200, deltaMode: 0 }));
  near([camera.scale], [scale]);
});

test("two fingers that part twice as far double the scale", () => {
  const { camera, node, at } = start();
  const { scale } = camera;
  node.send("pointerdown", at(100, 100, { pointerId: 1 }));
  node.send("pointerdown", at(200, 100, { pointerId: 2 }));
  node.send("pointermove", at(300, 100, { pointerId: 2 }));
  near([camera.scale], [2 * scale]);
});

test("a lasso tells its corners on the map, wherever the map is moved meanwhile", () => {
  const { camera, node, at, gestures, named } = start();
  gestures.tool = "lasso";
  const corners = [
    [100, 100],
    [200, 100],
    [200, 200],
    [100, 200],
  ];
  node.send("pointerdown", at(...corners[0]));
  for (const corner of corners.slice(1)) node.send("pointermove", at(...corner));
  const wanted = corners.map((corner) => camera.toMap(...corner));
  camera.pan(40, 40);
  node.send("pointerup", at(...corners.at(-1)));
  const [[, area]] = named("area");
  assert.equal(area.length, 4);
  near(area.flat(), wanted.flat());
});

test("shift draws, whatever the tool is, and a box has the corners of its diagonal", () => {
  const { camera, node, at, gestures, named } = start();
  gestures.tool = "box";
  node.send("pointerdown", at(50, 60, { shiftKey: true }));
  node.send("pointermove", at(150, 160));
  node.send("pointerup", at(150, 160));
  const wanted = [
    [50, 60],
    [150, 60],
    [150, 160],
    [50, 160],
  ].map((corner) => camera.toMap(...corner));
  near(named("area")[0][1].flat(), wanted.flat());
});

test("a gesture that is broken off tells nothing", () => {
  const { node, at, gestures, named } = start();
  gestures.tool = "lasso";
  node.send("pointerdown", at(10, 10));
  node.send("pointermove", at(60, 60));
  node.send("pointercancel", at(60, 60));
  node.send("pointerup", at(60, 60));
  assert.equal(named("area").length + named("click").length, 0);
  assert.equal(gestures.trail, null);
});

test("arrow keys step, plus and minus zoom, Home shows all, and shortcuts of the browser are left to it", () => {
  const { camera, node, named } = start();
  assert.ok(node.send("keydown", { key: "ArrowLeft" }));
  assert.deepEqual(named("step"), [["step", -1, 0]]);
  const { scale } = camera;
  node.send("keydown", { key: "+" });
  assert.ok(camera.scale > scale);
  camera.pan(33, 44);
  node.send("keydown", { key: "Home" });
  near([camera.scale, camera.x, camera.y], [scale, 2, 1.5]);
  assert.ok(!node.send("keydown", { key: "+", ctrlKey: true }));
  assert.ok(!node.send("keydown", { key: "x" }));
  near([camera.scale], [scale]);
});
