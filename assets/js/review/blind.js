// Whether the page is in blind mode: what the model thinks is kept back until the reader has answered.
import { emit } from "../lib/events.js";

export let blind = false;

/** @param {boolean} now */
export const setBlind = (now) => {
  if (now === blind) return;
  blind = now;
  emit("blind", now);
};
