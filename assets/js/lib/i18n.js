// Words for what our own widgets draw. Gradio translates its own labels and marks the language it
// chose on <html lang>; watching that keeps both halves of the page in one language, live.
import { whenBegun } from "./begun.js";
import { el } from "./dom.js";
import { emit } from "./events.js";

/** @import { Attributes, Phrases, What } from "./types.d.ts" */

const STORED = "betalens.language";
/** @param {string | null} tag */
const supported = (tag) => (/^zh/i.test(tag ?? "") ? "zh-CN" : "en");

/** @type {Record<string, Phrases>} */
let phrases = { en: {} };
/** @type {string | null} */
let localeModule = null;

export let language = "en";

/** @type {Map<string, Intl.PluralRules>} */
const plurals = new Map();
/** @param {string} language */
const plural = (language) => {
  if (!plurals.has(language)) plurals.set(language, new Intl.PluralRules(language));
  return plurals.get(language);
};

// Where a phrase counts something as {n}, KEY.one is what is said of one, in languages that say it otherwise.
/**
 * @param {string} key
 * @param {Record<string, any>} [values] what stands in the phrase as {name}
 * @returns {string}
 */
export const t = (key, values = {}) => {
  const known = phrases[language] || {};
  const counted = "n" in values ? known[`${key}.${plural(language).select(Number(values.n))}`] : undefined;
  const phrase = counted ?? known[key] ?? phrases.en[key] ?? key;
  return phrase.replace(/\{(\w+)\}/g, (hole, name) => (name in values ? values[name] : hole));
};

// The key that begins so and says this text in some language.
/**
 * @param {string} text
 * @param {string} beginning
 */
const keyOf = (text, beginning) => {
  for (const known of Object.values(phrases)) {
    const key = Object.keys(known).find((name) => name.startsWith(beginning) && known[name] === text);
    if (key) return key;
  }
  return null;
};

// Puts a text of Gradio's that says a phrase whose key begins so into the language of the page. The node stays: it is
// Gradio's.
/** @param {Text} node @param {string} beginning */
export const sayAnew = (node, beginning) => {
  const said = node.data.trim();
  const key = said && keyOf(said, beginning);
  if (key && said !== t(key)) node.data = node.data.replace(said, t(key));
};

// A phrase of assets/i18n: translated now, and again whenever the language changes.
/**
 * @template {What} W
 * @param {W} what
 * @param {string} key
 * @param {Attributes} [attributes]
 */
export const phrase = (what, key, attributes) => el(what, { ...attributes, "data-i18n": key, text: t(key) });

// Attributes that label an element with a phrase, now and again whenever the language changes.
/** @param {string} key */
export const labelled = (key) => ({ "data-i18n-label": key, "aria-label": t(key) });

// A figure as `show` writes it. What is undefined has no number.
/**
 * @template Value
 * @param {Value | null | undefined} value
 * @param {(value: Value) => string} show
 */
export const ifDefined = (value, show) => (value === null || value === undefined ? t("not_defined") : show(value));

// A name that the phrases do not know is shown as it stands.
/** @param {string} kind @param {string} name @returns {string} */
const named = (kind, name) => phrases[language]?.[`${kind}.${name}`] ?? phrases.en[`${kind}.${name}`] ?? name;

/** @param {string} finding as the study table names it */
export const findingName = (finding) => named("finding", finding);

/** @param {string} title of a method of explanation, as its file has it */
export const methodName = (title) => named("method.called", title);

/** @param {string[]} findings what a study has */
export const findingNames = (findings) => findings.map(findingName).join(", ") || t("cases.none");

// Also for what comes back into the page: the language may have changed while it was out.
/** @param {Document | HTMLElement} root */
export const translate = (root) => {
  /** @param {string} selector @returns {NodeListOf<HTMLElement>} */
  const all = (selector) => root.querySelectorAll(selector);
  for (const node of all("[data-i18n]")) node.textContent = t(node.dataset.i18n);
  for (const node of all("[data-i18n-label]")) {
    node.ariaLabel = node.title = t(node.dataset.i18nLabel);
  }
};

// Gradio exports its language switch from one of its own modules.
/** @param {string} wanted */
export const setLanguage = async (wanted) => {
  localStorage.setItem(STORED, wanted);
  const gradio = localeModule && (await import(new URL(localeModule, document.baseURI).href));
  if (gradio) gradio.changeLocale(wanted);
  else document.documentElement.lang = wanted;
};

// all: language to its phrases; module: the address of Gradio's that changes its language.
/**
 * @param {Record<string, Phrases>} all
 * @param {string | null} [module]
 */
export const setPhrases = (all, module = null) => {
  phrases = all;
  localeModule = module;
};

export const beginI18n = () => {
  language = supported(localStorage.getItem(STORED) || navigator.language);
  new MutationObserver(() => {
    const now = supported(document.documentElement.lang);
    if (now === language && document.title.endsWith(t("page.title"))) return;
    language = now;
    translate(document);
    document.title = t("page.title");
    emit("language", language);
  }).observe(document.documentElement, { attributes: true, attributeFilter: ["lang"] });
  whenBegun(() => {
    const wanted = localStorage.getItem(STORED);
    if (wanted && wanted !== document.documentElement.lang) setLanguage(wanted).catch(() => {});
  });
};
