// What the colours of a map mean, how many studies have each, and which are left out: the legend is the filter. A
// filter stays when the colour changes, and then stands below.
import { viridis } from "../lib/colours.js";
import { el } from "../lib/dom.js";
import { fromTo, number, whole } from "../lib/format.js";
import { labelled, phrase, t } from "../lib/i18n.js";
import { STEPS, UNKNOWN } from "./columns.js";

/** @import { Column } from "./columns.js" */

// As in scatter.js.
const SHAPES = ["M8 3a5 5 0 1 0 .01 0Z", "M3.5 3.5h9v9h-9Z", "M8 2l6 6-6 6-6-6Z", "M8 2.5 13.5 13h-11Z"];

// changed: called when another study is shown or hidden.
/** @param {(counted?: boolean) => void} changed */
export const legendView = (changed) => {
  /** @type {Column | null} */
  let column = null;
  /** @type {() => Column[]} */
  let filters = () => [];
  /** @type {{ code: number, node: HTMLElement, count: HTMLElement }[]} */
  let rows = [];
  const list = el("div.bl-atlas-legend", { role: "group", ...labelled("atlas.legend") });
  const total = el("p.bl-muted.bl-num.bl-atlas-legend-shown");
  const chips = el("div.bl-atlas-legend-chips");
  const node = el("div", list, chips, total);

  // now: what colours the map; others: all columns that leave something out.
  /** @param {Column} now @param {() => Column[]} others */
  const load = (now, others) => {
    column = now;
    filters = others;
    rows = column.kind === "category" ? categories() : [];
    list.replaceChildren(...(column.kind === "category" ? rows.map((row) => row.node) : range()));
    update();
  };

  /** @param {string} reason */
  const fail = (reason) => list.replaceChildren(el("p.bl-lab-warning", { role: "alert", text: reason }));

  const categories = () => {
    const codes = [...column.names.keys(), ...(column.codes.includes(UNKNOWN) ? [UNKNOWN] : [])];
    return codes.map((code) => {
      const unknown = code === UNKNOWN;
      const count = el("span.bl-num.bl-muted");
      const fill = column.colourOf(code);
      const node = el(
        "button.bl-atlas-legend-row",
        {
          title: t("atlas.legend_help"),
          onclick: ({ shiftKey }) => (shiftKey ? only(code) : toggle(code)),
          ondblclick: () => only(code),
        },
        el(
          "svg",
          { viewBox: "0 0 16 16", width: 14, height: 14, "aria-hidden": "true" },
          el("path", { d: SHAPES[unknown ? 0 : code % 4], fill }),
        ),
        el("span", column.nameOf(code)),
        count,
      );
      return { code, node, count };
    });
  };

  const range = () => {
    const stops = [0, 0.25, 0.5, 0.75, 1].map((share) => `rgb(${viridis(share).join(",")})`);
    /** @param {"low" | "high"} which @param {string} key */
    const edge = (which, key) => {
      const of = column;
      const output = el("output.bl-num", number(of[which] / STEPS));
      const input = el("input", {
        type: "range",
        min: 0,
        max: STEPS,
        step: 1,
        value: of[which],
        ...labelled(key),
        oninput: () => {
          of[which] = Number(input.value);
          output.textContent = number(of[which] / STEPS);
          changed();
        },
      });
      return el("label.bl-atlas-legend-edge", phrase("span.bl-muted", key), input, output);
    };
    return [
      el("div.bl-atlas-legend-bar", { style: `background:linear-gradient(to right,${stops.join(",")})` }),
      el("div.bl-atlas-legend-ends.bl-num.bl-muted", el("span", "0"), el("span", "0.5"), el("span", "1")),
      edge("low", "atlas.from"),
      edge("high", "atlas.to"),
    ];
  };

  /** @param {number} code */
  const toggle = (code) => {
    if (!column.hidden.delete(code)) column.hidden.add(code);
    changed();
  };

  // Twice on a name: it alone, or all again.
  /** @param {number} code */
  const only = (code) => {
    const others = rows.map((row) => row.code).filter((other) => other !== code);
    const alone = others.every((other) => column.hidden.has(other)) && !column.hidden.has(code);
    column.hidden = new Set(alone ? [] : others);
    changed();
  };

  // codes: of the column that colours; shown: 1 where a study passes every filter.
  /** @param {Uint8Array} [codes] @param {Uint8Array} [shown] */
  const update = (codes, shown) => {
    for (const { code, node } of rows) node.ariaPressed = String(!column.hidden.has(code));
    const others = filters().filter((other) => other !== column);
    chips.replaceChildren(...others.map(chip));
    if (!codes) return;
    const counts = new Uint32Array(256);
    let all = 0;
    for (let i = 0; i < codes.length; i++) {
      counts[codes[i]]++;
      all += shown[i];
    }
    for (const { code, count } of rows) count.textContent = whole(counts[code]);
    total.textContent = t("atlas.shown", { shown: whole(all), all: whole(codes.length) });
  };

  // What another column leaves out, to be taken back by a click.
  /** @param {Column} other */
  const chip = (other) => {
    const open = () => {
      other.open();
      changed();
    };
    return el(
      "button.bl-chip.bl-atlas-legend-chip",
      { title: t("atlas.filter_off"), onclick: open },
      el("span", `${other.title()}: ${says(other)}`),
      el("span", { "aria-hidden": "true", text: "✕" }),
    );
  };
  /** @param {Column} other */
  const says = (other) => {
    if (other.kind === "number") return fromTo(number(other.low / STEPS), number(other.high / STEPS));
    return t("atlas.without", { finding: [...other.hidden].map((code) => other.nameOf(code)).join(", ") });
  };

  return { node, load, fail, update };
};
