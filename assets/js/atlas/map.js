// A map of studies on two canvases: the points below (scatter.js), and over them what is few: films, the open case,
// the outline of a selection, the study that is pointed at. While the map moves, a machine that cannot draw all points
// in time draws a sample of them; where it rests, all are there again.
import { between, currentBeta } from "../lib/beta.js";
import { fitCanvas, strokeEach } from "../lib/canvas.js";
import { cardParts } from "../lib/cards.js";
import { rgb } from "../lib/colours.js";
import { el } from "../lib/dom.js";
import { labelled, phrase } from "../lib/i18n.js";
import { themeColour } from "../lib/theme.js";
import { debounce, everyFrame } from "../lib/timing.js";
import { Camera } from "./camera.js";
import { Gestures } from "./gestures.js";
import { Scatter } from "./scatter.js";

/** @import { Cards } from "../lib/cards.js" */
/** @import { Film, MapTold, Place, Point } from "../lib/types.d.ts" */

const REACH = 14; // pixels from a point that still mean it
const FILMS = 48;
const FILM = 46;
const FILM_ZOOM = 3; // films instead of dots: at most so many, so large, from this zoom on
const HERE_REACH = 30;
const DIM = 0.16;
const REST_MS = 150; // not drawn again for so long, the map rests
const POINTS_MS = 8; // what the points may take of a frame while it moves: half of one at 60 a second
const FEWEST = 2000; // of so many a sample would save little
const GLANCE_MS = 60; // a study that is pointed at for less is passed over, and not asked for

export class MapView {
  // told: { open(point), area(corners), films(points) }; cards: Cards
  /** @param {Cards} cards @param {MapTold} told */
  constructor(cards, told) {
    this.cards = cards;
    this.told = told;
    this.camera = new Camera();
    this.pointed = -1;
    /** @type {Place | null} */
    this.here = null;
    /** @type {Uint8Array | null} */
    this.members = null;
    /** @type {Point[] | null} */
    this.outline = null;
    /** @type {Film[]} */
    this.films = [];
    /** @type {((point: number) => string | null) | null} */
    this.says = null;
    this.canvas = el("canvas.bl-map-canvas", { "aria-hidden": "true" });
    this.over = el("canvas.bl-map-canvas.bl-map-over", {
      tabindex: 0,
      role: "application",
      ...labelled("atlas.map_label"),
    });
    this.card = el("div.bl-map-card", { role: "status", hidden: true });
    this.node = el("div.bl-map", this.canvas, this.over, this.card);
    this.scatter = new Scatter(this.canvas);
    this.scatter.restored = () => this.load(this.values, this.slices, this.count);
    this.gestures = new Gestures(this.over, this.camera, {
      hover: (x, y) => this.point(this.nearest(x, y)),
      leave: () => this.point(-1),
      moved: () => this.draw(),
      trailed: () => this.drawOver(),
      click: (x, y) => this.nearest(x, y) >= 0 && told.open(this.nearest(x, y)),
      enter: () => this.pointed >= 0 && told.open(this.pointed),
      area: (corners) => told.area(corners),
      step: (dx, dy) => this.step(dx, dy),
    });
    this.draw = everyFrame(() => this.paint());
    this.drawOver = everyFrame(() => this.paintOver());
    this.settle = debounce(() => this.rest(), REST_MS);
    this.want = debounce(
      () => told.films([this.pointed, ...this.films.map((film) => film.point)].filter((point) => point >= 0)),
      GLANCE_MS,
    );
    new ResizeObserver(() => this.resize()).observe(this.node);
    Object.assign(this.over, { mapView: this }); // for who drives the page from outside
  }

  /** @param {Float32Array<ArrayBuffer>} values @param {number} slices @param {number} count */
  load(values, slices, count) {
    this.values = values;
    this.slices = slices;
    this.count = count;
    this.pointed = -1;
    /** @type {Uint8Array | null} */
    this.members = null;
    /** @type {Point[] | null} */
    this.outline = null;
    /** @type {Film[]} */
    this.films = [];
    this.styles = new Uint8Array(2 * count).fill(2);
    this.scatter.setPoints(values, slices, count);
    this.scatter.setStyles(this.styles);
    this.resize();
    this.camera.measure(values);
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.node;
    this.visible = Boolean(width && height && this.count); // kept: to ask in a frame would lay the page out once more
    if (!this.visible) return;
    this.camera.resize(width, height);
    this.paint(); // at once: a canvas that changes its size is empty until it is drawn
  }

  // codes: (count) bytes; shown: 1 where a point passes the filters. Seen when the map is drawn next.
  /** @param {Uint8Array} codes @param {Uint8Array} shown */
  style(codes, shown) {
    for (let i = 0; i < this.count; i++) {
      this.styles[2 * i] = codes[i];
      this.styles[2 * i + 1] = !shown[i] ? 0 : this.members && !this.members[i] ? 1 : 2;
    }
    this.scatter.setStyles(this.styles);
  }

  get place() {
    return between(this.slices, currentBeta());
  }

  // Calls visit(point, x, y) with the screen's coordinates, for every point that is shown.
  /** @param {(point: number, x: number, y: number) => void} visit */
  each(visit) {
    const { values, styles, count, camera } = this;
    const { low, high, share } = this.place;
    const { scale, x: cx, y: cy, width, height } = camera;
    const a = low * count * 2;
    const b = high * count * 2;
    for (let i = 0; i < count; i++) {
      if (!styles[2 * i + 1]) continue;
      const x = values[a + 2 * i] + share * (values[b + 2 * i] - values[a + 2 * i]);
      const y = values[a + 2 * i + 1] + share * (values[b + 2 * i + 1] - values[a + 2 * i + 1]);
      visit(i, (x - cx) * scale + width / 2, height / 2 - (y - cy) * scale);
    }
  }

  /** @param {number} point */
  screenOf(point) {
    const { values, count } = this;
    const { low, high, share } = this.place;
    /** @param {number} axis */
    const at = (axis) =>
      values[(low * count + point) * 2 + axis] * (1 - share) + values[(high * count + point) * 2 + axis] * share;
    return this.camera.toScreen(at(0), at(1));
  }

  /** @param {number} x @param {number} y */
  nearest(x, y) {
    let best = -1;
    let least = REACH ** 2;
    this.each((point, px, py) => {
      const far = (px - x) ** 2 + (py - y) ** 2;
      if (far < least) [best, least] = [point, far];
    });
    const film = this.films.find(({ left, top }) => x >= left && x <= left + FILM && y >= top && y <= top + FILM);
    return film ? film.point : best;
  }

  // From the study that is pointed at to the nearest one that way; at first, to the one in the middle.
  /** @param {number} dx @param {number} dy */
  step(dx, dy) {
    const { width, height } = this.camera;
    const [fromX, fromY] = this.pointed < 0 ? [width / 2, height / 2] : this.screenOf(this.pointed);
    let best = -1;
    let least = Infinity;
    this.each((point, x, y) => {
      if (point === this.pointed || x < 0 || y < 0 || x > width || y > height) return;
      const along = (x - fromX) * dx + (y - fromY) * dy;
      const far = Math.hypot(x - fromX, y - fromY);
      if (this.pointed >= 0 && along < 0.6 * far) return;
      if (far < least && (far > 0.5 || this.pointed < 0)) [best, least] = [point, far];
    });
    if (best >= 0) this.point(best);
  }

  /** @param {number} point */
  point(point) {
    if (point === this.pointed) return;
    this.pointed = point;
    this.over.classList.toggle("bl-pointing", point >= 0);
    this.over.dataset.pointed = String(point);
    if (point >= 0) this.want();
    this.showCard();
    this.drawOver();
  }

  showCard() {
    const card = this.pointed >= 0 && this.cards.get(this.pointed);
    this.card.hidden = this.pointed < 0;
    if (this.pointed < 0) return;
    this.card.replaceChildren(
      ...(card ? cardParts(card) : [phrase("span.bl-muted", "atlas.fetching")]),
      ...(this.says ? [el("span.bl-card-says", this.says(this.pointed))] : []),
    );
    const [x, y] = this.screenOf(this.pointed);
    const { width, height } = this.camera;
    const { offsetWidth, offsetHeight } = this.card;
    const left = x + 18 + offsetWidth > width ? x - 18 - offsetWidth : x + 18;
    const top = Math.min(Math.max(4, y - offsetHeight / 2), height - offsetHeight - 4);
    this.card.style.transform = `translate(${Math.round(Math.max(4, left))}px,${Math.round(top)}px)`;
  }

  get size() {
    const base = Math.min(8, Math.max(2.2, 8 * Math.sqrt(2000 / this.count)));
    return Math.min(16, base * Math.max(1, this.camera.zoom) ** 0.35);
  }

  paint() {
    if (!this.visible) return;
    this.paintPoints();
    this.findFilms();
    this.paintOver();
    if (this.pointed >= 0) this.showCard();
    this.moving = true;
    this.settle();
  }

  // A picture at rest is waited for, and tells how many points there is time for in one that moves. Fewer are larger.
  paintPoints() {
    const { scatter, camera, moving } = this;
    const { low, share } = this.place;
    const { shown } = scatter;
    const started = performance.now();
    this.drawn = moving ? Math.min(shown, Math.max(FEWEST, Math.round(this.inTime))) : shown;
    const larger = (shown / (this.drawn || 1)) ** 0.25;
    scatter.draw(camera, low, share, this.size * larger, this.members ? DIM : 1, this.drawn);
    if (moving) return;
    scatter.finish();
    this.inTime = (shown * POINTS_MS) / Math.max(performance.now() - started, 0.1); // the clock's grain
  }

  rest() {
    this.moving = false;
    if (this.drawn < this.scatter.shown) this.paint();
    if (this.films.length) this.want();
  }

  // The first studies whose films find room: no two overlap, and the same ones stay while the map is panned.
  findFilms() {
    this.films = [];
    if (this.camera.zoom < FILM_ZOOM) return;
    const { width, height } = this.camera;
    const [originX, originY] = this.camera.toScreen(0, 0);
    const taken = new Map();
    /** @param {number} column @param {number} row @param {number} x @param {number} y */
    const free = (column, row, x, y) =>
      [-1, 0, 1].every((i) =>
        [-1, 0, 1].every((j) => {
          const other = taken.get(`${column + i},${row + j}`);
          return !other || Math.abs(other[0] - x) >= FILM || Math.abs(other[1] - y) >= FILM;
        }),
      );
    this.each((point, x, y) => {
      if (this.films.length >= FILMS || x < 0 || y < 0 || x > width || y > height) return;
      const column = Math.floor((x - originX) / FILM);
      const row = Math.floor((y - originY) / FILM);
      if (taken.has(`${column},${row}`) || !free(column, row, x, y)) return;
      taken.set(`${column},${row}`, [x, y]);
      this.films.push({ point, left: x - FILM / 2, top: y - FILM / 2 });
    });
  }

  paintOver() {
    const { width, height } = this.camera;
    const ratio = fitCanvas(this.over, width, height);
    const context = this.over.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    for (const { point, left, top } of this.films) this.paintFilm(context, point, left, top);
    this.paintOutline(context, this.gestures.trail, true);
    if (!this.gestures.trail) this.paintOutline(context, this.outline, false);
    if (this.here) this.paintHere(context, ...this.camera.toScreen(...this.herePlace()));
    if (this.pointed >= 0 && !this.films.some(({ point }) => point === this.pointed))
      ring(context, ...this.screenOf(this.pointed), this.size / 2 + 4);
  }

  /** @param {CanvasRenderingContext2D} context @param {number} point @param {number} left @param {number} top */
  paintFilm(context, point, left, top) {
    const card = this.cards.get(point);
    const ready = card?.image?.complete;
    context.fillStyle = "#000";
    context.fillRect(left, top, FILM, FILM);
    if (ready) context.drawImage(card.image, left, top, FILM, FILM);
    const [r, g, b] = this.palette.subarray(4 * this.styles[2 * point], 4 * this.styles[2 * point] + 3);
    context.lineWidth = point === this.pointed ? 4 : 2;
    context.strokeStyle = point === this.pointed ? themeColour("text") : `rgb(${r},${g},${b})`;
    context.strokeRect(left, top, FILM, FILM);
  }

  /** @param {CanvasRenderingContext2D} context @param {Point[] | null} corners @param {boolean} open */
  paintOutline(context, corners, open) {
    if (!corners) return;
    context.beginPath();
    for (const [x, y] of corners) context.lineTo(...this.camera.toScreen(x, y));
    context.closePath();
    context.setLineDash(open ? [] : [5, 4]);
    context.lineWidth = 1.6;
    context.strokeStyle = themeColour("accent");
    context.stroke();
    context.setLineDash([]);
  }

  // Where the open case lies at this beta.
  herePlace() {
    const { path } = this.here;
    const { low, high, share } = between(path.length, currentBeta());
    /** @param {0 | 1} axis */
    const at = (axis) => path[low][axis] + share * (path[high][axis] - path[low][axis]);
    return /** @type {Point} */ ([at(0), at(1)]);
  }

  /** @param {CanvasRenderingContext2D} context @param {number} x @param {number} y */
  paintHere(context, x, y) {
    context.beginPath();
    for (let corner = 0; corner < 10; corner++) {
      const angle = (corner / 5 - 0.5) * Math.PI;
      const radius = corner % 2 ? 5 : 12;
      context.lineTo(x + radius * Math.cos(angle), y + radius * Math.sin(angle));
    }
    context.closePath();
    context.lineWidth = 4;
    context.strokeStyle = themeColour("surface");
    context.stroke();
    context.fillStyle = themeColour("text");
    context.fill();
    ring(context, x, y, HERE_REACH / 2);
  }

  /** @param {Uint8Array} palette @param {boolean} shaped */
  setPalette(palette, shaped) {
    this.palette = palette;
    this.scatter.setPalette(
      palette,
      shaped,
      rgb(themeColour("surface")).map((part) => part / 255),
    );
    this.draw();
  }
}

/** @param {CanvasRenderingContext2D} context @param {number} x @param {number} y @param {number} radius */
const ring = (context, x, y, radius) => {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  strokeEach(context, [themeColour("surface"), 4], [themeColour("text"), 2]);
};
