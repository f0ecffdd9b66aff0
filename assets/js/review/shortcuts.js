// Keys that act without the mouse, and the list of them.
import { el } from "../lib/dom.js";
import { labelled, phrase } from "../lib/i18n.js";
import { placeBeside } from "./methods.js";

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

export class ShortcutHelp {
  constructor() {
    const id = "bl-help-keys";
    this.button = el("button.bl-help-button", {
      popovertarget: id,
      ...labelled("keys.title"),
      "aria-keyshortcuts": "?",
      text: "?",
    });
    this.help = el(
      "div.bl-help.bl-keys",
      { id, popover: "auto" },
      phrase("h3", "keys.title"),
      el(
        "dl",
        ...LISTED.flatMap((key) => [
          el("dt", el("kbd", key.toUpperCase().replace("_", "–"))),
          phrase("dd", `keys.${key}`),
        ]),
      ),
      phrase("p.bl-muted", "keys.note"),
    );
    this.help.addEventListener("toggle", () => placeBeside(this.help, this.button));
    this.node = el("span", this.button, this.help);
  }

  toggle() {
    this.help.togglePopover();
  }
}
