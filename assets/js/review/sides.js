// What is shown of a case, and to its left the same before the case was changed.
import { el } from "../lib/dom.js";
import { translate } from "../lib/i18n.js";

/** @import { Side } from "../lib/types.d.ts" */
/** @import { Case } from "./case/case.js" */

export class Sides {
  /** @param {Side} now @param {Side} past @param {`div.${string}`} what */
  constructor(now, past, what) {
    this.now = now;
    this.past = past;
    this.node = el(what);
  }

  /** @param {Case} opened */
  load(opened) {
    const { original } = opened;
    this.shown = original ? [this.past, this.now] : [this.now];
    this.node.replaceChildren(...this.shown.map(({ node }) => node));
    translate(this.node);
    for (const { caption } of this.shown) caption.hidden = !original;
    this.now.load(opened);
    if (original) this.past.load(original);
  }

  /** @param {number} beta */
  move(beta) {
    for (const side of this.shown) side.move(beta);
  }
}
