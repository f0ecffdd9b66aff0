// Studies at a glance, as the server sends them: asked for once, a batch at a time, the newest wish first.
import { el } from "./dom.js";
import { findingName, t } from "./i18n.js";

const AT_ONCE = 24; // dashboard/atlas/service.py reads as many films for one request

export class Cards {
  // ask: called with the points that are wanted; changed: called when some came, or a film is ready to be drawn.
  constructor(ask, changed) {
    Object.assign(this, { ask, changed });
    this.clear();
  }

  clear() {
    Object.assign(this, { known: new Map(), wanted: [], asking: null, generation: (this.generation || 0) + 1 });
  }

  get(point) {
    return this.known.get(point);
  }

  // Only what is wanted now is fetched: who moves on does not wait for what was passed.
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

  load(cards, generation) {
    if (generation !== this.generation) return;
    for (const point of this.asking || []) this.known.set(point, null); // unless it came
    this.asking = null;
    for (const [point, card] of Object.entries(cards)) {
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
  static parts(card) {
    return [
      card.film
        ? el("img", { src: card.film, alt: "" })
        : el("span", { class: "bl-card-blank", text: t("cases.no_film") }),
      el("b", { text: card.labels.map(findingName).join(", ") || t("cases.none") }),
      el("span", { class: "bl-muted", text: card.id }),
      el("span", { class: "bl-card-words", text: card.words }),
    ];
  }
}
