// Keys that act without the mouse, and the list of them.
import { el } from "../lib/dom.js";
import { phrase } from "../lib/i18n.js";
import { helpButton } from "./help.js";

const LISTED = ["a", "d", "u", "1_9", "s", "n", "p", "c", "z", "b", "m", "l", "w", "r"];
// On the film alone (film/viewer.js).
const ON_FILM = { i: "I", f: "F", one: "1", zero: "0", zoom: "+ −", arrows: "← ↑ → ↓", h: "H" };
const TYPING =
  "input:not([type=checkbox]):not([type=radio]):not([type=range]), textarea, select, [contenteditable=true]";

const STORED = "betalens.keys";

// Whether a single letter may save a verdict or take one back: not before the reader has switched that on, as a letter
// is soon typed, or said to a computer that listens, where none was meant.
export const lettersSave = () => localStorage.getItem(STORED) === "on";

// Never while somebody types or holds another key, nor where the key has done something already.
/** @param {KeyboardEvent} event */
export const isShortcut = (event) =>
  !(event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) &&
  !(event.target instanceof Element && event.target.closest(TYPING));

// keys: what each does, once however long it is held. They act while `node` is to be seen.
/** @param {HTMLElement} node @param {Record<string, () => unknown>} keys */
export const onShortcut = (node, keys) =>
  document.addEventListener("keydown", (event) => {
    if (event.repeat || !isShortcut(event) || !node.checkVisibility()) return;
    const act = keys[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  });

// Returns the list of them, and the button that opens it.
/** @param {() => void} switched called when letters save from now on, or no longer do */
export const shortcutHelp = (switched) => {
  /** @param {string} key @param {string} shown */
  const line = (key, shown) => [el("dt", el("kbd", shown)), phrase("dd", `keys.${key}`)];
  const keys = LISTED.flatMap((key) => line(key, key.toUpperCase().replace("_", "–")));
  const onFilm = Object.entries(ON_FILM).flatMap(([key, shown]) => line(`film_${key}`, shown));
  const letters = el("input", {
    type: "checkbox",
    checked: lettersSave(),
    onchange: () => {
      localStorage.setItem(STORED, letters.checked ? "on" : "off");
      switched();
    },
  });
  const list = el(
    "div.bl-help.bl-keys",
    phrase("h3", "keys.title"),
    el("label.bl-keys-switch", letters, phrase("span", "keys.letters")),
    el("dl", ...keys),
    phrase("p.bl-muted", "keys.note"),
    phrase("h3", "keys.film"),
    el("dl", ...onFilm),
    phrase("p.bl-muted", "keys.film_note"),
  );
  return { list, button: helpButton(list, "bl-help-keys", "keys.title", { "aria-keyshortcuts": "?" }) };
};
