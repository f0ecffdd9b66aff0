// What is shown of a case, and at its left the same of what it is shown beside.
import { el } from "../lib/dom.js";
import { joined, number } from "../lib/format.js";
import { findingName, t } from "../lib/i18n.js";
import { caseName } from "./case_bar.js";

/** @import { Beside, Side } from "../lib/types.d.ts" */
/** @import { Case } from "./case/case.js" */

// What stands above a side: of A and B all in which they may differ.
/**
 * @param {"now" | "then"} which
 * @param {Case} shown
 * @param {Case} other
 * @param {boolean} isPinned
 * @param {number} beta
 */
const captionOf = (which, shown, other, isPinned, beta) => {
  if (!isPinned) return t(`what_if.${which}`);
  const { model, version, finding } = shown;
  return joined([
    t(`pin.${which}`),
    caseName(shown),
    `β ${number(beta)}`,
    findingName(finding),
    model !== other.model && (version ? t("pin.version", { version }) : t("pin.served")),
  ]);
};

/** @param {Side} now @param {Side} past @param {`div.${string}`} what */
export const sidesView = (now, past, what) => {
  const node = el(what);
  /** @type {Case | null} */
  let opened = null;
  /** @type {Beside | null} */
  let beside = null;

  /** @param {Case} given @param {Beside | null} [given_beside] what is shown beside it; all that it is beside */
  const load = (given, given_beside = given.beside) => {
    opened = given;
    beside = given_beside;
    node.replaceChildren(...(beside ? [past.node, now.node] : [now.node]));
    now.caption.hidden = past.caption.hidden = !beside;
    now.load(opened);
    if (beside) past.load(beside.side);
  };
  /** @param {number} beta */
  const move = (beta) => {
    now.move(beta);
    if (!beside) return;
    const { side, isPinned, at } = beside;
    past.move(at(beta));
    now.caption.textContent = captionOf("now", opened, side, isPinned, beta);
    past.caption.textContent = captionOf("then", side, opened, isPinned, at(beta));
  };

  return { node, load, move };
};
