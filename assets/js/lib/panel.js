// The head of a panel.
import { el } from "./dom.js";
import { phrase } from "./i18n.js";

/** @import { Child } from "./types.d.ts" */

/** @param {string} key @param {...Child} more what stands behind its heading */
export const panelHead = (key, ...more) => el("header.bl-panel-head", phrase("h3", key), ...more);
