// Hands the reader a file that the server wrote for them, or says why there is none.
import { el } from "../lib/dom.js";

/** @import { Mount } from "../lib/types.d.ts" */

/** @type {Mount} */
export const mount = ({ element, props, watch }) => {
  watch(() => {
    const { name, text, error } = JSON.parse(props.value || "{}");
    element.replaceChildren(...(error ? [el("p.bl-notice.bl-notice-error", { role: "alert", text: error })] : []));
    if (text === undefined) return;
    const href = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
    const link = el("a", { href, download: name });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(href), 10_000);
  });
};
