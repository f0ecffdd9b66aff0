// How one modality is explained: a choice of methods, and what the chosen one is, costs and cannot do.
import { el } from "../lib/dom.js";
import { labelled } from "../lib/i18n.js";
import { helpButton } from "./help.js";

/** @import { Modality } from "../lib/types.d.ts" */
/** @import * as m from "../lib/messages.d.ts" */

// methods: in the order to show; choose: called with the name that was chosen.
/** @param {Modality} modality @param {m.MethodOf[]} methods @param {(name: string) => void} choose */
export const methodPicker = (modality, methods, choose) => {
  const select = el(
    "select.bl-select.bl-compact",
    { ...labelled(`method.${modality}`), onchange: () => choose(select.value) },
    ...methods.map(({ name, title }) => el("option", { value: name, text: title })),
  );
  const help = el("div.bl-help", { lang: "en" });
  help.addEventListener("beforetoggle", () => {
    const { title, help: told } = methods.find(({ name }) => name === select.value);
    help.replaceChildren(el("h3", title), ...told.split("\n\n").map((text) => el("p", text)));
  });
  const node = el("span.bl-method", select, helpButton(help, `bl-help-${modality}`, "method.help"), help);

  /** @param {string} name */
  const show = (name) => {
    select.value = name;
  };
  /** @param {string} name */
  const isOneSided = (name) => methods.some((method) => method.name === name && method.one_sided);
  return { node, show, isOneSided };
};
