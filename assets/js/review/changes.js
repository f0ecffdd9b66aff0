// What was done to the case, above its two films, and the way back.
import { el } from "../lib/dom.js";
import { phrase, t } from "../lib/i18n.js";

/** @import { Case } from "./case/case.js" */

// undo: called with true for every change, false for the last.
/** @param {(all: boolean) => void} undo */
export const changesView = (undo) => {
  const list = el("span.bl-change-list");
  const node = el(
    "header.bl-what-if",
    { hidden: true },
    phrase("h3", "what_if.title"),
    list,
    phrase("button.bl-toggle.bl-undo", "what_if.undo", { onclick: () => undo(false) }),
    phrase("button.bl-toggle.bl-reset", "what_if.reset", { onclick: () => undo(true) }),
  );

  /** @param {Case} opened */
  const load = ({ original, changes }) => {
    node.hidden = !original;
    const said = changes.map(({ kind, study_id }) => t(`what_if.${kind}`, { study: study_id }));
    list.textContent = list.title = said.join(" · ");
  };
  return { node, load };
};
