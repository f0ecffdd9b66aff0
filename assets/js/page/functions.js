// Gradio makes functions of text, which the page's security policy forbids: whoever got a text into the page could run
// it. All that Gradio makes here is known beforehand: a widget's script, which is named instead of sent, its template,
// which is constant, and what the slider calls. Whatever else it is asked for is refused by the browser.
import { setBeta } from "../lib/beta.js";

const SLIDER = "betalens:setBeta"; // as in dashboard/review/tab.py
const NAMED = /^betalens:(\w+)(?: "\w+")*$/;
const CONSTANT = /^\s*return (?:`([^`$\\]*)`|("(?:[^"\\]|\\.)*"));?\s*$/;

// What Gradio gives a widget's script, in its order. Its `element` is the box around the widget's template.
const run = (mount) => (element, trigger, props, _server, _upload, watch) =>
  mount({ element: element.querySelector(".bl-widget") || element, trigger, props, watch });

// widgets: name to what each runs when it appears.
export const standIn = (widgets) => {
  const known = (body) => {
    const name = NAMED.exec(body)?.[1];
    const constant = CONSTANT.exec(body);
    if (name && Object.hasOwn(widgets, name)) return run(widgets[name]);
    return constant ? () => constant[1] ?? JSON.parse(constant[2]) : null;
  };
  const moved = async (beta) => {
    setBeta(beta);
    return [];
  };
  const called = (body) => (body.includes(SLIDER) ? moved : null);
  const instead = (made, find) =>
    new Proxy(made, {
      apply: (target, self, given) => find(String(given.at(-1) ?? "")) ?? Reflect.apply(target, self, given),
      construct: (target, given) => find(String(given.at(-1) ?? "")) ?? Reflect.construct(target, given),
    });
  const later = Object.getPrototypeOf(async () => {});
  window.Function = instead(Function, known);
  Object.defineProperty(later, "constructor", { value: instead(later.constructor, called) });
};
