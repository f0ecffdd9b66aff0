// Widgets never reach into one another; they talk through events on the document.
/** @import { Events } from "./types.d.ts" */

/**
 * @template {keyof Events} Name
 * @param {Name} name
 * @param {(detail: Events[Name]) => void} listener
 */
export const on = (name, listener) =>
  document.addEventListener(`betalens:${name}`, (event) =>
    listener(/** @type {CustomEvent<Events[Name]>} */ (event).detail),
  );

/**
 * @template {keyof Events} Name
 * @param {Name} name
 * @param {Events[Name]} [detail]
 */
export const emit = (name, detail) => document.dispatchEvent(new CustomEvent(`betalens:${name}`, { detail }));
