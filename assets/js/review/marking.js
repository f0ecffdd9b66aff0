// What the reader's hand marks on the open case: evidence that is wrong, on the film and among the words of the report,
// or where the finding on screen is. One of the two at a time, or neither; a verdict that is saved ends it.
import { emit, on } from "../lib/events.js";
import { toggle } from "../lib/parts.js";

/** @import { Marking } from "../lib/types.d.ts" */

export const WRONG = "wrong";
export const HERE = "here";
const KEYS = { [WRONG]: "m", [HERE]: "l" };

/** @type {Marking} */
export let marking = "";
/** @type {Marking[]} */
let offered = [];

/** @param {Marking} now */
export const setMarking = (now) => {
  if (now === marking || (now && !offered.includes(now))) return;
  marking = now;
  emit("marking", marking);
};
/** @param {"wrong" | "here"} which */
export const toggleMarking = (which) => setMarking(marking === which ? "" : which);

// What can be marked on the open case.
/** @param {Marking[]} now */
export const offerMarking = (now) => {
  offered = now;
  if (!offered.includes(marking)) setMarking("");
  emit("markable", offered);
};

/** @param {"wrong" | "here"} which */
export const markingButton = (which) => {
  const button = toggle(`mark.${which}`, `.bl-mark-${which}`, () => toggleMarking(which), {
    "aria-keyshortcuts": KEYS[which],
  });
  on("marking", (now) => (button.ariaPressed = String(now === which)));
  on("markable", (now) => (button.hidden = !now.includes(which)));
  return button;
};

on("saved", () => setMarking(""));
