// Studies at a glance, as the server sends them.
import { el } from "./dom.js";
import { Fetched } from "./fetched.js";
import { findingNames, t } from "./i18n.js";

/** @import * as m from "./messages.d.ts" */
/** @import { Drawn } from "./types.d.ts" */

// By the number of a point; of an answer to what was asked before `clear` nothing is taken.
/** @extends {Fetched<number, Drawn>} */
export class Cards extends Fetched {
  // ask: called with the points that are wanted; changed: called when some came, or a film is ready to be drawn.
  /** @param {(points: number[], generation: number) => void} ask @param {() => void} changed */
  constructor(ask, changed) {
    super((points) => ask(points, this.generation));
    this.changed = changed;
    this.generation = 0;
  }

  clear() {
    super.clear();
    this.generation++;
  }

  /** @param {Record<string, m.Card>} cards @param {number} generation */
  load(cards, generation) {
    if (generation !== this.generation) return;
    this.take(Object.entries(cards).map(([point, card]) => [Number(point), this.drawn(card)]));
    this.changed();
  }

  /** @param {Drawn} card */
  drawn(card) {
    if (card.film) {
      card.image = new Image();
      card.image.onload = this.changed;
      card.image.src = card.film;
    }
    return card;
  }
}

// What stands on a card: its parts, for whoever shows it.
/** @param {m.Card} card */
export const cardParts = (card) => [
  card.film ? el("img", { src: card.film, alt: "" }) : el("span.bl-card-blank", t("cases.no_film")),
  el("b", findingNames(card.labels)),
  el("span.bl-muted", card.id),
  el("span.bl-card-words", card.words),
];
