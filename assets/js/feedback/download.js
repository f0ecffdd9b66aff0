// Hands the reader a file that the server wrote for them, or says why there is none.
import { el, put } from "../lib/dom.js";
import { saveFile } from "../lib/parts.js";

/** @import * as m from "../lib/messages.d.ts" */
/** @import { Mount } from "../lib/types.d.ts" */

/** @type {Mount} */
export const mount = ({ element, value, watch }) => {
  watch(() => {
    /** @type {Partial<m.Download>} */
    const { name, text, error } = value() ?? {};
    put(element, error && el("p.bl-notice.bl-notice-error", { role: "alert", text: error }));
    if (text !== undefined) saveFile(name, text);
  });
};
