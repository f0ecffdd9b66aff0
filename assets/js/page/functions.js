// Gradio makes functions of text, which the page's security policy forbids: whoever got a text into the page could run
// it. All that Gradio makes here is known beforehand: a widget's script, which is named instead of sent, its template,
// which is constant, and what the slider calls. Whatever else it is asked for is refused by the browser.
import { setBeta } from "../lib/beta.js";
import { on } from "../lib/events.js";

/** @import { Given, Mount } from "../lib/types.d.ts" */

const SLIDER = "betalens:setBeta"; // as in dashboard/review/tab.py
const NAMED = /^betalens:(\w+)(?: "\w+")*$/;
const CONSTANT = /^\s*return (?:`([^`$\\]*)`|("(?:[^"\\]|\\.)*"));?\s*$/;

// What Gradio gives a widget's script, in its order. Its `element` is the box around the widget's template.
/** @typedef {(name: "value", changed: () => void) => void} Watch */
/** @typedef {[HTMLElement, Given["trigger"], Given["props"], unknown, unknown, Watch]} GivenInOrder */
/** @param {Mount} mount @returns {(...given: GivenInOrder) => void} */
const run = (mount) => (box, trigger, props, _server, _upload, watchProperty) => {
  /** @type {HTMLElement} */
  const element = box.querySelector(".bl-widget") || box;
  const value = () => (props.value ? JSON.parse(props.value) : null);
  /** @type {Given["watch"]} */
  const watch = (changed) => watchProperty("value", changed);
  /** @type {Given["follow"]} */
  const follow = (draw) => {
    watch(draw);
    on("language", draw);
    draw();
  };
  mount({ element, trigger, props, value, watch, follow });
};

// widgets: name to what each runs when it appears.
/** @param {Record<string, Mount>} widgets */
export const standIn = (widgets) => {
  /** @param {string} body */
  const known = (body) => {
    const name = NAMED.exec(body)?.[1];
    const constant = CONSTANT.exec(body);
    if (name && Object.hasOwn(widgets, name)) return run(widgets[name]);
    return constant ? () => constant[1] ?? JSON.parse(constant[2]) : null;
  };
  /** @param {number} beta */
  const moved = async (beta) => {
    setBeta(beta);
    return /** @type {unknown[]} */ ([]);
  };
  /** @param {string} body */
  const called = (body) => (body.includes(SLIDER) ? moved : null);
  /** @param {Function} made @param {(body: string) => Function | null} find */
  const instead = (made, find) =>
    new Proxy(made, {
      apply: (target, self, given) => find(String(given.at(-1) ?? "")) ?? Reflect.apply(target, self, given),
      construct: (target, given) => find(String(given.at(-1) ?? "")) ?? Reflect.construct(target, given),
    });
  const later = Object.getPrototypeOf(async () => {});
  window.Function = /** @type {FunctionConstructor} */ (instead(Function, known));
  Object.defineProperty(later, "constructor", { value: instead(later.constructor, called) });
};
