// Hands what the server answers to the widget that asked for it; shows nothing itself.
import { emit } from "../lib/events.js";

/** @import { Mount } from "../lib/types.d.ts" */

/** @type {Mount} */
export const mount = ({ props, watch }) => {
  watch("value", () => {
    if (!props.value) return;
    const { to, ...answer } = JSON.parse(props.value);
    emit(to, answer);
  });
};
