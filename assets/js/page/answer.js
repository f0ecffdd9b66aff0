// Hands what the server answers to the widget that asked for it; shows nothing itself.
import { emit } from "../lib/events.js";

export const mount = ({ props, watch }) => {
  watch("value", () => {
    if (!props.value) return;
    const { to, ...answer } = JSON.parse(props.value);
    emit(to, answer);
  });
};
