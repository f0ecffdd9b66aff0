// The β of the page, which its one slider sets.
import { emit } from "./events.js";

let beta = 0.5;

export const currentBeta = () => beta;

// Called by the slider's js-only event, for every step of a drag; and once more with the same β when the server has
// answered, which is no news.
/** @param {number | string} now */
export const setBeta = (now) => {
  if (Number(now) === beta) return;
  beta = Number(now);
  emit("beta", beta);
};

const slider = () => /** @type {HTMLInputElement} */ (document.querySelector(".bl-beta input[type=range]"));

// Where the slider stands, which it tells a moment later by `setBeta`.
export const sliderBeta = () => Number(slider().value);

// Asks the slider for a beta, as if a person had moved it; it may refuse, being fixed.
/** @param {number} wanted */
export const askBeta = (wanted) => {
  const moved = slider();
  if (!moved || moved.closest("[inert]")) return;
  moved.value = String(Math.round(100 * Math.min(1, Math.max(0, wanted))) / 100);
  moved.dispatchEvent(new Event("input", { bubbles: true }));
};

// Where a beta lies among `count` slices at equal distances: the two around it, and the share of the second.
/** @param {number} count @param {number} at */
export const between = (count, at) => {
  const place = Math.min(Math.max(at, 0), 1) * (count - 1);
  const low = Math.min(Math.floor(place), Math.max(count - 2, 0));
  return { low, high: Math.min(low + 1, count - 1), share: place - low };
};
