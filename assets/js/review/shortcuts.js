// Keys that act without the mouse, and the list of them.
import { el } from "../lib/dom.js";
import { phrase } from "../lib/i18n.js";
import { helpButton } from "./help.js";

const LISTED = ["a", "d", "u", "1_9", "s", "n", "z", "b", "m", "w"];
const TYPING =
  "input:not([type=checkbox]):not([type=radio]):not([type=range]), textarea, select, [contenteditable=true]";

// keys: what each does. They act while `node` is to be seen, and never while somebody types or holds another key.
/** @param {HTMLElement} node @param {Record<string, () => unknown>} keys */
export const onShortcut = (node, keys) =>
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.defaultPrevented) return;
    if (!node.checkVisibility() || (event.target instanceof Element && event.target.closest(TYPING))) return;
    const act = keys[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  });

// Returns the list of them, and the button that opens it.
export const shortcutHelp = () => {
  const keys = LISTED.flatMap((key) => [
    el("dt", el("kbd", key.toUpperCase().replace("_", "–"))),
    phrase("dd", `keys.${key}`),
  ]);
  const list = el(
    "div.bl-help.bl-keys",
    phrase("h3", "keys.title"),
    el("dl", ...keys),
    phrase("p.bl-muted", "keys.note"),
  );
  return { list, button: helpButton(list, "bl-help-keys", "keys.title", { "aria-keyshortcuts": "?" }) };
};
