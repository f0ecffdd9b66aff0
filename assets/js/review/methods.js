// How one modality is explained: a choice of methods, and what the chosen one is, costs and cannot do.
import { el } from "../lib/dom.js";
import { labelled } from "../lib/i18n.js";

/** @import { Modality } from "../lib/types.d.ts" */
/** @import * as m from "../lib/messages.d.ts" */

// A popover below its button where there is room, else above; never beyond the edge of the window.
/** @param {HTMLElement} help @param {HTMLElement} button */
export const placeBeside = (help, button) => {
  const at = button.getBoundingClientRect();
  const box = help.getBoundingClientRect();
  const below = at.bottom + 6;
  help.style.left = `${Math.max(8, Math.min(at.left, innerWidth - box.width - 8))}px`;
  help.style.top = `${Math.max(8, below + box.height < innerHeight ? below : at.top - box.height - 6)}px`;
};

export class MethodPicker {
  // methods: [{ name, title, help }] in the order to show; choose: called with the name that was chosen.
  /** @param {Modality} modality @param {m.MethodOf[]} methods @param {(name: string) => void} choose */
  constructor(modality, methods, choose) {
    this.methods = methods;
    const label = `method.${modality}`;
    const id = `bl-help-${modality}`;
    this.select = el(
      "select.bl-select.bl-compact",
      {
        ...labelled(label),
        onchange: () => choose(this.select.value),
      },
      ...methods.map(({ name, title }) => el("option", { value: name, text: title })),
    );
    this.button = el("button.bl-help-button", {
      popovertarget: id,
      ...labelled("method.help"),
      text: "?",
    });
    // A popover stands above panels that clip, and closes with Esc or a click elsewhere.
    this.help = el("div.bl-help", { id, popover: "auto", lang: "en" });
    this.help.addEventListener("beforetoggle", () => this.describe());
    this.help.addEventListener("toggle", () => placeBeside(this.help, this.button));
    this.node = el("span.bl-method", this.select, this.button, this.help);
  }

  /** @param {string} name */
  show(name) {
    this.select.value = name;
  }

  describe() {
    const { title, help } = this.methods.find(({ name }) => name === this.select.value);
    this.help.replaceChildren(el("h3", title), ...help.split("\n\n").map((text) => el("p", text)));
  }
}
