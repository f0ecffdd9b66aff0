// Hands the server's exact answer to whoever draws it; shows nothing itself.
import { emit } from "../lib/events.js";

/** @import { Mount } from "../lib/types.d.ts" */

/** @type {Mount} */
export const mount = ({ props, watch }) => {
  watch("value", () => props.value && emit("settled", JSON.parse(props.value)));
};
