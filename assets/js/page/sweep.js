// On the first visit the slider sweeps once by itself, so that it is seen what it moves: to the report alone, to the
// film alone, and back to where it stood. The server hears nothing of it. Whoever touches anything ends it, at once and
// at the β where it began; who has asked for less motion sees none.
import { currentBeta, setBeta } from "../lib/beta.js";
import { on } from "../lib/events.js";
import { currentTab } from "./tabs.js";

const STORED = "betalens.visited";
const TOUCHES = ["pointerdown", "keydown", "wheel", "touchstart"];
const STILL_MS = 900; // that the first case is seen before anything moves
const SWEEP_MS = 8000;

/** @param {number} share */
const eased = (share) => share * share * (3 - 2 * share);

// Where β is after a share of the sweep: its three ways, from the start to 0, to 1 and back, take as long as they are.
/** @param {number} start @param {number} share */
export const sweptBeta = (start, share) => {
  const gone = 2 * Math.min(Math.max(share, 0), 1);
  if (gone < start) return start * (1 - eased(gone / start));
  if (gone < start + 1) return eased(gone - start);
  return 1 - (1 - start) * (start < 1 ? eased((gone - start - 1) / (1 - start)) : 0);
};

// Moves β from frame to frame; what it returns ends it. Either way β is at its start in the end.
/** @param {number} start @param {(beta: number) => void} move @param {() => void} [ended] */
export const sweep = (start, move, ended = () => {}) => {
  let from = NaN;
  let isOver = false;
  const end = () => {
    if (isOver) return;
    isOver = true;
    move(start);
    ended();
  };
  /** @param {number} now */
  const frame = (now) => {
    if (isOver) return;
    if (Number.isNaN(from)) from = now;
    if (now - from >= SWEEP_MS) return end();
    move(sweptBeta(start, (now - from) / SWEEP_MS));
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  return end;
};

// Draws β, and the slider at it. The slider is not asked: it would ask the server.
/** @param {HTMLElement} bar */
const moverOf = (bar) => {
  const range = /** @type {HTMLInputElement} */ (bar.querySelector("input[type=range]"));
  const figure = /** @type {HTMLInputElement | null} */ (bar.querySelector("input[type=number]"));
  return (/** @type {number} */ beta) => {
    range.value = String(beta);
    range.style.setProperty("--range_progress", `${100 * beta}%`);
    if (figure) figure.value = String(Math.round(100 * beta) / 100);
    setBeta(beta);
  };
};

export const beginSweep = () => {
  if (localStorage.getItem(STORED)) return;
  let isOver = false;
  let waiting = 0;
  /** @type {(() => void) | null} */
  let end = null;
  const finish = () => {
    if (isOver) return;
    isOver = true;
    clearTimeout(waiting);
    localStorage.setItem(STORED, "yes");
    for (const touch of TOUCHES) removeEventListener(touch, finish, { capture: true });
    end?.();
  };
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return finish();
  // Before whatever the touch is meant for.
  for (const touch of TOUCHES) addEventListener(touch, finish, { capture: true, passive: true });
  document.addEventListener("visibilitychange", () => document.hidden && end && finish());
  on("opening", () => end && finish());
  on("tab", () => end && finish());

  const begin = () => {
    const bar = /** @type {HTMLElement | null} */ (document.querySelector(".bl-beta"));
    if (isOver || end || !bar || bar.inert || document.hidden || currentTab() !== "review") return;
    bar.classList.add("bl-sweeping");
    end = sweep(currentBeta(), moverOf(bar), () => {
      bar.classList.remove("bl-sweeping");
      finish();
    });
  };
  on("explained", ({ tier, modalities }) => {
    if (isOver || waiting || tier !== "exact" || modalities.length < 2) return;
    waiting = setTimeout(begin, STILL_MS);
  });
};
