// A line of the phrases, in the language of the page; the value holds its key.
import { phrase } from "../lib/i18n.js";

/** @import { Mount } from "../lib/types.d.ts" */

/** @type {Mount} */
export const mount = ({ element, value }) => {
  element.replaceChildren(phrase("span", value().key));
};
