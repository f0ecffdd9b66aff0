// What the points of a map are coloured and filtered by: one byte a point, at every beta where it depends on beta.
import { between } from "../lib/beta.js";
import { bytes } from "../lib/bytes.js";
import { NOTHING, palette, rgb, viridis } from "../lib/colours.js";
import { number } from "../lib/format.js";
import { findingName, t } from "../lib/i18n.js";

/** @import * as m from "../lib/messages.d.ts" */

// As in explain/cohort/columns.py.
export const UNKNOWN = 255;
export const STEPS = 254;

const HAVE_NOTHING = [":none", ":without", ":right", ":tn", ":unjudged"];
// Places in the palette.
const [BLUE, ORANGE, GREEN, RED] = [0, 1, 2, 4];
/** @type {Record<string, number>} */
const COLOURS = {
  ":wrong": RED,
  ":fn": ORANGE,
  ":fp": RED,
  ":tp": BLUE,
  ":with": ORANGE,
  ":agree": GREEN,
  ":disagree": RED,
  ":unsure": ORANGE,
};

export class Column {
  /** @param {m.MapColumn} given @param {number} count */
  constructor({ column, finding, kind, names, betas, codes }, count) {
    this.name = column;
    this.finding = finding;
    this.kind = kind;
    this.names = names;
    this.betas = betas;
    this.count = count;
    this.id = `${column}/${finding}`;
    this.codes = bytes(codes);
    this.row = new Uint8Array(count);
    this.open();
  }

  get moves() {
    return this.betas > 1;
  }

  get filters() {
    return this.hidden.size > 0 || this.low > 0 || this.high < STEPS;
  }

  open() {
    /** @type {Set<number>} */
    this.hidden = new Set();
    this.low = 0;
    this.high = STEPS;
  }

  // The codes at beta: numbers between two beta are mixed, categories are those of the nearest one.
  /** @param {number} beta */
  at(beta) {
    const { codes, row, count } = this;
    const { low, share } = between(this.betas, beta);
    if (this.kind === "category" || !this.moves) {
      const nearest = Math.round(low + share);
      return codes.subarray(nearest * count, (nearest + 1) * count);
    }
    const a = low * count;
    const b = a + count;
    for (let i = 0; i < count; i++)
      row[i] = codes[a + i] === UNKNOWN ? UNKNOWN : codes[a + i] + share * (codes[b + i] - codes[a + i]) + 0.5;
    return row;
  }

  /** @param {number} code */
  passes(code) {
    if (this.kind === "category") return !this.hidden.has(code);
    return code === UNKNOWN ? this.low === 0 && this.high === STEPS : code >= this.low && code <= this.high;
  }

  /** @param {number} code */
  nameOf(code) {
    if (code === UNKNOWN) return t("atlas.unknown");
    const name = this.names[code];
    if (name.startsWith(":")) return t(`atlas.category.${name.slice(1)}`);
    // A study with several is not counted as one of them.
    return this.name === "findings" ? t("atlas.alone", { finding: findingName(name) }) : findingName(name);
  }

  // What a code means, in words or as a number.
  /** @param {number} code */
  says(code) {
    return this.kind === "category" || code === UNKNOWN ? this.nameOf(code) : number(code / STEPS);
  }

  title() {
    return this.finding ? `${t(`atlas.by.${this.name}`)} · ${findingName(this.finding)}` : t(`atlas.by.${this.name}`);
  }

  palette() {
    const colours = new Uint8Array(256 * 4);
    /** @param {number} code @param {number[]} values @param {number} [alpha] */
    const set = (code, [r, g, b], alpha = 255) => colours.set([r, g, b, alpha], 4 * code);
    if (this.kind === "number") for (let i = 0; i <= STEPS; i++) set(i, viridis(i / STEPS));
    else for (const code of this.names.keys()) set(code, rgb(this.colourOf(code)));
    set(UNKNOWN, rgb(this.colourOf(UNKNOWN)));
    return colours;
  }

  // Having nothing is grey, errors are red and orange, the rest are told apart by hue and shape.
  /** @param {number} code */
  colourOf(code) {
    const name = this.names[code];
    if (code === UNKNOWN || HAVE_NOTHING.includes(name)) return NOTHING;
    const colours = palette();
    return colours[COLOURS[name] ?? code % colours.length];
  }
}
