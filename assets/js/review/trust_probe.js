// Asks for the tests of what is on the stage once it stands still, and hands them to whoever draws them.
import { emit, on } from "../lib/events.js";

/** @import { Mount } from "../lib/types.d.ts" */

/** @type {Mount} */
export const mount = ({ trigger, props, watch }) => {
  const STILL_MS = 700;
  let waiting = 0;
  on("explained", ({ ticket, tier }) => {
    clearTimeout(waiting);
    if (tier === "exact") waiting = setTimeout(() => trigger("submit", { ticket }), STILL_MS);
  });
  on("veiled", () => clearTimeout(waiting));
  watch("value", () => props.value && emit("trust", JSON.parse(props.value)));
};
