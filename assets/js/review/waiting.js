// Tells whoever draws the stage how many explanations are computed before this one; shows nothing itself.
import { emit } from "../lib/events.js";

export const mount = ({ props, watch }) => {
  watch("value", () => props.value && emit("waiting", JSON.parse(props.value)));
};
