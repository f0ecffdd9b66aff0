// Hands what the server tells to whoever listens, as the event that it is made for; shows nothing itself.
import { emit } from "../lib/events.js";

/** @import { Events, Mount } from "../lib/types.d.ts" */

/** @type {Mount} */
export const mount = ({ props, value, watch }) => {
  const event = /** @type {keyof Events} */ (props.event);
  watch(() => props.value && emit(event, value()));
};
