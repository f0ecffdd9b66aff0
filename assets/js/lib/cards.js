// Studies at a glance, as the server sends them: asked for once, a batch at a time, the newest wish first.
import { el } from "./dom.js";
import { findingNames, t } from "./i18n.js";

/** @import * as m from "./messages.d.ts" */
/** @import { Drawn } from "./types.d.ts" */

const AT_ONCE = 24; // dashboard/atlas/service.py reads as many films for one request

export class Cards {
  // ask: called with the points that are wanted; changed: called when some came, or a film is ready to be drawn.
  /** @param {(points: number[], generation: number) => void} ask @param {() => void} changed */
  constructor(ask, changed) {
    this.ask = ask;
    this.changed = changed;
    this.clear();
  }

  clear() {
    /** @type {Map<number, Drawn | null>} */
    this.known = new Map();
    /** @type {number[]} */
    this.wanted = [];
    /** @type {number[] | null} */
    this.asking = null;
    /** @type {number} */
    this.generation = (this.generation || 0) + 1;
  }

  /** @param {number} point */
  get(point) {
    return this.known.get(point);
  }

  // Only what is wanted now is fetched: who moves on does not wait for what was passed.
  /** @param {number[]} points */
  want(points) {
    this.wanted = points.filter((point) => !this.known.has(point));
    this.fetch();
  }

  // One request at a time: of two answers in one frame a widget would see the second alone.
  fetch() {
    if (this.asking || !this.wanted.length) return;
    this.asking = this.wanted.slice(0, AT_ONCE);
    this.ask(this.asking, this.generation);
  }

  /** @param {Record<string, m.Card>} cards @param {number} generation */
  load(cards, generation) {
    if (generation !== this.generation) return;
    for (const point of this.asking || []) this.known.set(point, null); // unless it came
    this.asking = null;
    for (const [point, sent] of Object.entries(cards)) {
      /** @type {Drawn} */
      const card = sent;
      this.known.set(Number(point), card);
      if (!card.film) continue;
      card.image = new Image();
      card.image.onload = this.changed;
      card.image.src = card.film;
    }
    this.wanted = this.wanted.filter((point) => !this.known.has(point));
    this.changed();
    this.fetch();
  }

  // What stands on a card: its parts, for whoever shows it.
  /** @param {m.Card} card */
  static parts(card) {
    return [
      card.film ? el("img", { src: card.film, alt: "" }) : el("span.bl-card-blank", t("cases.no_film")),
      el("b", findingNames(card.labels)),
      el("span.bl-muted", card.id),
      el("span.bl-card-words", card.words),
    ];
  }
}
