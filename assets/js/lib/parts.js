// What several features build alike.
import { el } from "./dom.js";
import { duration } from "./format.js";
import { phrase, t } from "./i18n.js";

/** @import { Attributes, Child } from "./types.d.ts" */
/** @import * as m from "./messages.d.ts" */

/** @param {string} key @param {...Child} more what stands behind its heading */
export const panelHead = (key, ...more) => el("header.bl-panel-head", phrase("h2", key), ...more);

/** @param {string} key */
export const note = (key) => phrase("p.bl-muted.bl-lab-note", key);

// A button that is pressed or not; `classes` with a dot before each.
/** @param {string} key @param {string} classes @param {() => void} onclick @param {Attributes} [more] */
export const toggle = (key, classes, onclick, more) =>
  phrase(`button.bl-toggle${classes}`, key, { "aria-pressed": "false", onclick, ...more });

// What is folded away until the reader opens it, and stays as they left it.
/** @param {string} name @param {HTMLElement} summary @param {...Child} children */
export const fold = (name, summary, ...children) => {
  const stored = `betalens.open.${name}`;
  const node = el("details.bl-fold", { open: localStorage.getItem(stored) === "true" }, summary, ...children);
  node.addEventListener("toggle", () => localStorage.setItem(stored, String(node.open)));
  return node;
};

/** @param {string} prefix of the phrases @param {string[]} names */
export const columnHeads = (prefix, names) => names.map((name) => phrase("th", `${prefix}.${name}`, { scope: "col" }));

// What does not fit is scrolled to, also by the arrow keys.
/** @param {...Child} children */
export const scrolled = (...children) => el("div.bl-scroll", { tabindex: 0 }, ...children);

/** @param {`table.${string}`} what @param {HTMLElement[]} heads @param {HTMLElement} body */
export const table = (what, heads, body) => el(what, el("thead", el("tr", ...heads)), body);

/** @param {string} name @param {(Node | string)[]} cells */
export const tableRow = (name, cells) =>
  el("tr", el("th", { scope: "row", text: name }), ...cells.map((cell) => el("td", cell)));

// Fills a select; what was chosen stays, where it is still among the values.
/**
 * @param {HTMLSelectElement} select
 * @param {string[]} values
 * @param {(value: string, place: number) => string} say
 * @param {Node} [any] stands for no choice, before the values
 */
export const offer = (select, values, say, any) => {
  const chosen = select.value;
  const options = values.map((value, place) => el("option", { value, text: say(value, place) }));
  select.replaceChildren(...(any ? [any] : []), ...options);
  if (values.includes(chosen)) select.value = chosen;
};

// What is said while the server works, or where it could not.
/** @param {string} feature whose phrases are used @param {{ progress?: m.JobProgress, error?: string }} given */
export const sayWork = (feature, { progress, error }) => {
  const doing = t(progress ? `${feature}.wait.${progress.name}` : `${feature}.waiting`);
  const left = progress?.seconds_left ? ` ${t("work.left", { time: duration(progress.seconds_left) })}` : "";
  return [
    el("p", error ? `${t(`${feature}.none`)} ${error}` : doing + left),
    progress?.total && el("progress", { max: progress.total, value: progress.done, "aria-label": doing }),
  ];
};

/** @param {string} name @param {BlobPart} content @param {string} [type] */
export const saveFile = (name, content, type = "text/csv;charset=utf-8") => {
  const href = URL.createObjectURL(new Blob([content], { type }));
  const link = el("a", { href, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(href), 10_000);
};
