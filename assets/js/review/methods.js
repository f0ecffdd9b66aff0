// How one modality is explained: a choice of methods, what the chosen one is, costs and cannot do, and, until it has an
// answer, which one is shown instead.
import { el } from "../lib/dom.js";
import { on } from "../lib/events.js";
import { labelled, methodName, t } from "../lib/i18n.js";
import { offer } from "../lib/parts.js";
import { helpButton } from "./help.js";

/** @import { Modality } from "../lib/types.d.ts" */
/** @import { Case } from "./case/case.js" */
/** @import * as m from "../lib/messages.d.ts" */

// methods: in the order to show; choose: called with the name that was chosen.
/** @param {Modality} modality @param {m.MethodOf[]} methods @param {(name: string) => void} choose */
export const methodPicker = (modality, methods, choose) => {
  const select = el("select.bl-select.bl-compact", {
    ...labelled(`method.${modality}`),
    onchange: () => choose(select.value),
  });
  const fill = () =>
    offer(
      select,
      methods.map(({ name }) => name),
      (_, place) => methodName(methods[place].title),
    );
  on("language", fill);
  fill();
  const help = el("div.bl-help", { lang: "en" });
  /** @param {string} name */
  const called = (name) => methods.find((method) => method.name === name);
  help.addEventListener("beforetoggle", () => {
    const { title, help: told } = called(select.value);
    help.replaceChildren(el("h3", title), ...told.split("\n\n").map((text) => el("p", text)));
  });
  const node = el("span.bl-method", select, helpButton(help, `bl-help-${modality}`, "method.help"), help);

  const following = el("span");
  const note = el("span.bl-method-note", { role: "status", hidden: true }, following, el("progress"));

  /** @param {Case} opened */
  const show = (opened) => {
    select.value = opened.chosen[modality];
    note.hidden = !opened.isProvisional(modality);
    if (note.hidden) return;
    const [shown, chosen] = [opened.methods[modality], select.value].map((name) => methodName(called(name).title));
    following.textContent = t("method.provisional", { shown, chosen });
  };
  /** @param {string} name */
  const isOneSided = (name) => methods.some((method) => method.name === name && method.one_sided);
  return { node, note, show, isOneSided };
};
