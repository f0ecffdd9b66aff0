// Tells whoever draws the stage how many explanations are computed before this one; shows nothing itself.
import { emit } from "../lib/events.js";

/** @import { Mount } from "../lib/types.d.ts" */

/** @type {Mount} */
export const mount = ({ props, watch }) => {
  watch("value", () => props.value && emit("waiting", JSON.parse(props.value)));
};
