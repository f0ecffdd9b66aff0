// Builds elements. Text only ever enters through textContent, so a report can never become markup.

/** @import { Attributes, Tags } from "./types.d.ts" */

const SVG = ["svg", "path", "line", "circle", "text", "g", "rect"];

/**
 * @template {keyof Tags} Tag
 * @param {Tag} tag
 * @param {Attributes} [attributes]
 * @param {...(Node | string | null | undefined)} children
 * @returns {Tags[Tag]}
 */
export const el = (tag, attributes = {}, ...children) => {
  const node = SVG.includes(tag)
    ? document.createElementNS("http://www.w3.org/2000/svg", tag)
    : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "text") node.textContent = String(value);
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return /** @type {Tags[Tag]} */ (node);
};
