// Numbers as the page writes them.
import { language } from "./i18n.js";

/** @param {number} value @param {number} [digits] */
export const number = (value, digits = 2) => value.toFixed(digits).replace("-", "\u2212");
// A probability is never quite 0 or 1, and must not be shown as if it were.
/** @param {number} p */
export const probability = (p) => (p >= 0.9995 ? ">0.999" : p < 0.0005 ? "<0.001" : number(p, 3));
/** @param {number} value @param {number} [digits] */
export const signed = (value, digits = 2) => (value >= 0 ? "+" : "") + number(value, digits);
/** @param {number} value */
export const percent = (value) => `${Math.round(100 * value)}\u2009%`;
/** @param {number} value */
export const exactShare = (value) => `${number(100 * value, 2)}\u2009%`;
/** @param {string} time as ISO 8601, in UTC */
export const moment = (time) => time.replace("T", " ").replace("Z", " UTC");
// What there is of the parts.
/** @param {(string | false | null | undefined)[]} parts @param {string} [between] */
export const joined = (parts, between = " · ") => parts.filter(Boolean).join(between);
/** @param {number} count */
export const whole = (count) => count.toLocaleString(language);
