// Numbers as the page writes them.
import { language, t } from "./i18n.js";

// What rounds to nothing has no sign.
/** @param {number} value @param {number} [digits] */
export const number = (value, digits = 2) => {
  const said = value.toFixed(digits);
  return Number(said) === 0 ? said.replace("-", "") : said.replace("-", "\u2212");
};
// A probability is never quite 0 or 1, and must not be shown as if it were.
/** @param {number} p */
export const probability = (p) => (p >= 0.9995 ? ">0.999" : p < 0.0005 ? "<0.001" : number(p, 3));
/** @param {number} value @param {number} [digits] */
export const signed = (value, digits = 2) => {
  const said = number(value, digits);
  return value > 0 && Number(said) ? `+${said}` : said;
};
// Of two numbers as they are written. A dash between them would stand beside their signs.
/** @param {string} low @param {string} high */
export const fromTo = (low, high) => t("from_to", { low, high });
/** @param {number} value */
export const percent = (value) => `${Math.round(100 * value)}\u2009%`;
/** @param {number} value */
export const exactShare = (value) => `${number(100 * value, 2)}\u2009%`;
/** @param {string} time as ISO 8601, in UTC */
export const moment = (time) => time.replace("T", " ").replace("Z", " UTC");
/** @param {string[]} parts */
export const listed = (parts) => new Intl.ListFormat(language, { type: "conjunction" }).format(parts);
// What there is of the parts.
/** @param {(string | false | null | undefined)[]} parts @param {string} [between] */
export const joined = (parts, between = " · ") => parts.filter(Boolean).join(between);
// As long as it still takes: steps of five seconds, then minutes, as nobody knows it any better.
/** @param {number} seconds */
export const duration = (seconds) => {
  const [value, unit] =
    seconds > 90 ? [Math.round(seconds / 60), "minute"] : [Math.max(5, 5 * Math.ceil(seconds / 5)), "second"];
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(value);
};
/** @param {number} count */
export const whole = (count) => count.toLocaleString(language);
