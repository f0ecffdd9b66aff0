// What was done to the case, above its two films, and the way back.
import { el } from "../lib/dom.js";
import { phrase, t } from "../lib/i18n.js";

/** @import { Case } from "./case/case.js" */

export class ChangesView {
  // undo: called with true for every change, false for the last.
  /** @param {(all: boolean) => void} undo */
  constructor(undo) {
    this.list = el("span.bl-change-list");
    this.node = el(
      "header.bl-what-if",
      { hidden: true },
      phrase("h3", "what_if.title"),
      this.list,
      phrase("button.bl-toggle.bl-undo", "what_if.undo", { onclick: () => undo(false) }),
      phrase("button.bl-toggle.bl-reset", "what_if.reset", { onclick: () => undo(true) }),
    );
  }

  /** @param {Case} opened */
  load(opened) {
    this.node.hidden = !opened.original;
    this.list.textContent = opened.changes
      .map(({ kind, study_id }) => t(`what_if.${kind}`, { study: study_id }))
      .join(" · ");
    this.list.title = this.list.textContent;
  }
}
