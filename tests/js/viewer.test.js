// Which part of a film is to be seen, through which window, from which tiles of its own pixels.
import assert from "node:assert/strict";
import test from "node:test";
import { nameOf, stepFor, tilesOf, widthOf } from "../../assets/js/review/film/tiles.js";
import { dragged, fillTable, GREYS, isWindowed, PLAIN } from "../../assets/js/review/film/tones.js";
import { fitting, panned, placeOf, toFilm, WHOLE, zoomedTo } from "../../assets/js/review/film/view.js";

const size = { rows: 4000, columns: 3000 };
const frame = { width: 640, height: 640 };
const near = (got, wanted, within = 1e-6) => {
  for (const [i, value] of got.entries()) assert.ok(Math.abs(value - wanted[i]) < within, `${got}, not ${wanted}`);
};

test("the whole film fits into the canvas, in its middle", () => {
  assert.equal(fitting(size, frame), 0.16);
  assert.deepEqual(placeOf(WHOLE, size, frame), { scale: 0.16, left: 80, top: 0 });
  near(toFilm(placeOf(WHOLE, size, frame), [320, 320]), [1500, 2000]);
});

test("what lies under the pointer stays there, at any place and through any zooms inwards", () => {
  for (const at of [
    [81, 1],
    [320, 320],
    [559, 639],
    [400, 77],
  ]) {
    const point = toFilm(placeOf(WHOLE, size, frame), at);
    let view = WHOLE;
    for (const scale of [0.2, 0.37, 0.9, 2.5, 7.3]) {
      view = zoomedTo(view, size, frame, scale, at);
      assert.equal(view.scale, scale);
      near(toFilm(placeOf(view, size, frame), at), point);
    }
  }
});

test("one to one lies on whole pixels of the canvas", () => {
  const place = placeOf(zoomedTo(WHOLE, size, frame, 1, [300.3, 211.7]), size, frame);
  assert.ok([place.scale, place.left, place.top].every(Number.isInteger));
});

test("zooming out ends at the whole film, or at its own pixels where it is smaller than the canvas", () => {
  const close = zoomedTo(WHOLE, size, frame, 2, [100, 600]);
  assert.equal(zoomedTo(close, size, frame, 0.01, [5, 5]), WHOLE);
  const small = { rows: 320, columns: 320 };
  assert.deepEqual(zoomedTo(WHOLE, small, frame, 0.1, [5, 5]), { scale: 1, x: 160, y: 160 });
});

test("a film that is moved keeps its edges out of the canvas, and the whole one stays", () => {
  assert.equal(panned(WHOLE, size, frame, 50, 50), WHOLE);
  const view = panned(zoomedTo(WHOLE, size, frame, 1, [320, 320]), size, frame, 1e6, -1e6);
  const { left, top, scale } = placeOf(view, size, frame);
  assert.ok(left <= 80 + 1 && top + scale * size.rows >= 640 - 1);
  near([top + scale * size.rows], [640], 1);
});

const table = (tones) => {
  const filled = new Uint32Array(GREYS);
  fillTable(tones, filled);
  return (grey) => filled[grey] & 0xff;
};

test("plain, every grey of 8 bits is shown as it is, opaque and without colour", () => {
  const shown = new Uint32Array(GREYS);
  fillTable(PLAIN, shown);
  for (let grey = 0; grey < 256; grey++) assert.equal(shown[257 * grey], 0xff000000 + grey * 0x010101);
  assert.ok(!isWindowed(PLAIN));
});

test("a window spreads its own greys from black to white, and the rest is one of the two", () => {
  const shown = table({ width: 0.25, level: 0.5, inverted: false });
  const at = (share) => shown(Math.round(share * (GREYS - 1)));
  assert.deepEqual([at(0), at(0.375), at(0.625), at(1)], [0, 0, 255, 255]);
  near([at(0.5), at(0.4375)], [127.5, 63.75], 1);
  // Of 16 bits, a narrow window still has all levels: 8 bits would have four of them.
  const narrow = table({ width: 1 / 64, level: 0.3, inverted: false });
  const levels = new Set();
  for (let grey = 0; grey < GREYS; grey++) levels.add(narrow(grey));
  assert.equal(levels.size, 256);
});

test("inverted, black is white", () => {
  const [shown, inverted] = [false, true].map((on) => table({ width: 0.5, level: 0.4, inverted: on }));
  for (let grey = 0; grey < GREYS; grey += 997) near([shown(grey) + inverted(grey)], [255], 1.01);
});

test("a drag to the right widens, one upwards makes brighter, and neither leaves its bounds", () => {
  const { width, level } = dragged(PLAIN, -0.5, -0.1);
  near([width, level], [0.5, 0.4]);
  assert.ok(isWindowed({ width, level, inverted: false }));
  assert.ok(dragged(PLAIN, -100, -100).width > 0);
  assert.deepEqual(dragged(PLAIN, 100, 100), { width: 2, level: 1, inverted: false });
});

test("as many greys are fetched as the canvas can show, never more than twice", () => {
  const asked = [4, 1, 0.51, 0.5, 0.3, 0.25, 0.2, 0.001];
  assert.deepEqual(asked.map(stepFor), [1, 1, 1, 2, 2, 4, 4, 64]);
});

test("the tiles of an area are those it touches, on the film", () => {
  const seen = { top: -50, left: 500, bottom: 900, right: 9000 };
  assert.deepEqual(tilesOf(seen, 1, size), { top: 0, left: 1, bottom: 4, right: 12 });
  assert.deepEqual(tilesOf(seen, 4, size), { top: 0, left: 0, bottom: 1, right: 3 });
  const film = { name: "film-a", ...size };
  assert.equal(nameOf(film, 4, 0, 2), "film-a:4/0/2");
  assert.deepEqual([widthOf(film, 1, 0), widthOf(film, 1, 11), widthOf(film, 4, 2)], [256, 184, 238]);
});
