// A line of the phrases, in the language of the page; the value holds its key, and whether it heads a panel.
import { phrase } from "../lib/i18n.js";

/** @import { Mount } from "../lib/types.d.ts" */

/** @type {Mount} */
export const mount = ({ element, value }) => {
  /** @type {{ key: string, heading?: boolean }} */
  const { key, heading } = value();
  element.replaceChildren(phrase(heading ? "h2" : "span", key));
};
