// Builds elements. Text only ever enters as text, so a report can never become markup.

/** @import { Attributes, Build, Child } from "./types.d.ts" */

const SVG = ["svg", "path", "line", "circle", "text", "g", "rect"];

/** @param {unknown[]} children */
const there = (children) => /** @type {(Node | string)[]} */ (children.filter(Boolean));

// what: a tag, and its classes behind dots, as a style sheet names them. Attributes may be left out; a child that is
// nothing is. A button sends no form, unless it says so.
/** @param {string} what @param {...(Attributes | Child)} given */
const build = (what, ...given) => {
  const [tag, ...classes] = what.split(".");
  const node = SVG.includes(tag)
    ? document.createElementNS("http://www.w3.org/2000/svg", tag)
    : document.createElement(tag);
  if (classes.length) node.setAttribute("class", classes.join(" "));
  if (tag === "button") node.setAttribute("type", "button");
  const attributes = given[0]?.constructor === Object ? given.shift() : {};
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "text") node.textContent = String(value);
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...there(given));
  return node;
};

/** @param {Element} node @param {...Child} children */
export const put = (node, ...children) => node.replaceChildren(...there(children));

// What is written anew with every move of β. A node that is exchanged, or an attribute that is set, has the browser
// look at the styles around it, even where nothing is another; so a text changes in its node, and what is the same is
// left.
/** @param {Node} node @param {string} text */
export const write = (node, text) => {
  const { firstChild } = node;
  if (firstChild?.nodeType !== 3 || firstChild.nextSibling) node.textContent = text;
  else if (firstChild.nodeValue !== text) firstChild.nodeValue = text;
};
/** @param {HTMLElement} node @param {boolean} hidden */
export const hide = (node, hidden) => {
  if (node.hidden !== hidden) node.hidden = hidden;
};

export const el = /** @type {Build} */ (build);
