// What is shown of a case, and to its left the same before the case was changed.
import { el } from "../lib/dom.js";
import { translate } from "../lib/i18n.js";

/** @import { Side } from "../lib/types.d.ts" */
/** @import { Case } from "./case/case.js" */

/** @param {Side} now @param {Side} past @param {`div.${string}`} what */
export const sidesView = (now, past, what) => {
  const node = el(what);
  let shown = [now];

  // original: the case before it was changed, where that is shown.
  /** @param {Case} opened */
  const load = (opened, original = opened.original) => {
    shown = original ? [past, now] : [now];
    node.replaceChildren(...shown.map((side) => side.node));
    translate(node);
    for (const { caption } of shown) caption.hidden = !original;
    now.load(opened);
    if (original) past.load(original);
  };
  /** @param {number} beta */
  const move = (beta) => {
    for (const side of shown) side.move(beta);
  };

  return { node, load, move };
};
