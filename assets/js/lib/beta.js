// The β of the page, which its one slider sets.
import { emit } from "./events.js";

let beta = 0.5;

export const currentBeta = () => beta;

// Called by the slider's js-only event, for every step of a drag.
export const setBeta = (now) => {
  beta = Number(now);
  emit("beta", beta);
};

// Asks the slider for a beta, as if a person had moved it; it may refuse, being fixed.
export const askBeta = (wanted) => {
  const slider = document.querySelector(".bl-beta input[type=range]");
  if (!slider || slider.closest("[inert]")) return;
  slider.value = String(Math.round(100 * Math.min(1, Math.max(0, wanted))) / 100);
  slider.dispatchEvent(new Event("input", { bubbles: true }));
};
