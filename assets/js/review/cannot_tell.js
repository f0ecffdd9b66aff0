// Of a case that is unlike what the model learnt from, or whose film is no such film at all, its numbers say nothing:
// they are kept back until the reader asks for them, for this case alone, and stay grey then.
import { listed } from "../lib/format.js";
import { t } from "../lib/i18n.js";
import { toggle } from "../lib/parts.js";

/** @import { Case } from "./case/case.js" */
/** @import * as m from "../lib/messages.d.ts" */

/** @type {Set<string>} */
const asked = new Set(); // cases whose numbers were asked for

/** @param {Case} side */
const isUntellable = (side) => side.cannot_tell.length > 0;

/** @param {Case} side */
export const isKept = (side) => isUntellable(side) && !asked.has(side.case);

// Shows the numbers of a case, or keeps them back again.
/** @param {Case} side */
export const turnNumbers = (side) => {
  if (!asked.delete(side.case)) asked.add(side.case);
};

// Why the model cannot tell of a case, in one sentence; "" where it can.
/** @param {{ cannot_tell: m.CannotTell[] }} side */
export const whyNot = (side) => {
  const reasons = side.cannot_tell.map(({ kind, modality, nearer, of, named }) =>
    t(kind === "unlike" ? `cannot_tell.unlike.${modality}` : `no_chest_film.${kind}`, {
      nearer,
      of,
      named: named || t("no_chest_film.something_else"),
    }),
  );
  return reasons.length ? t("cannot_tell", { reasons: listed(reasons) }) : "";
};

// What nothing says of a case.
/** @param {Case} side */
export const unaskedOf = (side) => {
  const said = side.unasked.map(({ kind, modality, held_out, needed }) =>
    t(kind === "unmeasured" ? "unasked.unmeasured" : `unasked.too_few.${modality}`, { held_out, needed }),
  );
  return [...new Set(said)].join(" ");
};

// changed: called after it was pressed.
/** @param {() => void} changed */
export const numbersSwitch = (changed) => {
  /** @type {Case | null} */
  let opened = null;
  const node = toggle("cannot_tell.show", ".bl-compact.bl-show-numbers", () => {
    turnNumbers(opened);
    changed();
  });

  /** @param {Case} given */
  const load = (given) => {
    opened = given;
    node.hidden = !isUntellable(given);
    node.ariaPressed = String(!isKept(given));
  };

  return { node, load };
};
