// A question mark that opens a popover.
import { el } from "../lib/dom.js";
import { labelled } from "../lib/i18n.js";

/** @import { Attributes } from "../lib/types.d.ts" */

// Below its button where there is room, else above; never beyond the edge of the window.
/** @param {HTMLElement} help @param {HTMLElement} button */
const placeBeside = (help, button) => {
  const at = button.getBoundingClientRect();
  const box = help.getBoundingClientRect();
  const below = at.bottom + 6;
  help.style.left = `${Math.max(8, Math.min(at.left, innerWidth - box.width - 8))}px`;
  help.style.top = `${Math.max(8, below + box.height < innerHeight ? below : at.top - box.height - 6)}px`;
};

// A popover stands above panels that clip, and closes with Esc or a click elsewhere.
/** @param {HTMLElement} help @param {string} id @param {string} label @param {Attributes} [more] */
export const helpButton = (help, id, label, more) => {
  const button = el("button.bl-help-button", { popovertarget: id, ...labelled(label), ...more, text: "?" });
  help.id = id;
  help.popover = "auto";
  help.addEventListener("toggle", () => placeBeside(help, button));
  return button;
};
