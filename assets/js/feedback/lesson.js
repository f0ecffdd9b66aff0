// What fine-tuning would learn, before it is begun: of how many studies that were judged.
import { el } from "../lib/dom.js";
import { t } from "../lib/i18n.js";

/** @import * as m from "../lib/messages.d.ts" */
/** @import { Mount } from "../lib/types.d.ts" */

/** @type {Mount} */
export const mount = ({ element, value, follow }) =>
  follow(() => {
    /** @type {m.Lesson | m.Failed | null} */
    const told = value();
    if (!told) return;
    const said =
      "error" in told ? told.error : t(told.taught ? "lesson.some" : "lesson.none", { ...told, n: told.corrected });
    element.replaceChildren(el("p.bl-lab-note", { role: "status", text: said }));
  });
