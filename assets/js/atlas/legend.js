// What the colours of a map mean, how many studies have each, and which are left out: the legend is the filter. A
// filter stays when the colour changes, and then stands below.
import { viridis } from "../lib/colours.js";
import { el } from "../lib/dom.js";
import { number, whole } from "../lib/format.js";
import { labelled, phrase, t } from "../lib/i18n.js";
import { themeColour } from "../lib/theme.js";
import { STEPS, UNKNOWN } from "./columns.js";

/** @import { Column } from "./columns.js" */

// As in scatter.js.
const SHAPES = ["M8 3a5 5 0 1 0 .01 0Z", "M3.5 3.5h9v9h-9Z", "M8 2l6 6-6 6-6-6Z", "M8 2.5 13.5 13h-11Z"];

export class Legend {
  // changed: called when another study is shown or hidden.
  /** @param {(counted?: boolean) => void} changed */
  constructor(changed) {
    this.changed = changed;
    this.list = el("div.bl-atlas-legend", {
      role: "group",
      ...labelled("atlas.legend"),
    });
    this.shown = el("p.bl-muted.bl-num.bl-atlas-legend-shown");
    this.chips = el("div.bl-atlas-legend-chips");
    this.node = el("div.bl-atlas-legend-panel", this.list, this.chips, this.shown);
  }

  // column: what colours the map; filters: all columns that leave something out.
  /** @param {Column} column @param {() => Column[]} filters */
  load(column, filters) {
    this.column = column;
    this.filters = filters;
    this.list.replaceChildren(...(column.kind === "category" ? this.categories() : this.range()));
    this.update();
  }

  /** @param {string} reason */
  fail(reason) {
    this.list.replaceChildren(el("p.bl-lab-warning", { role: "alert", text: reason }));
  }

  categories() {
    const { column } = this;
    const codes = [...column.names.keys(), ...(column.codes.includes(UNKNOWN) ? [UNKNOWN] : [])];
    this.rows = codes.map((code) => {
      const count = el("span.bl-num.bl-muted");
      const colour = code === UNKNOWN ? themeColour("edge") : column.colourOf(code);
      const node = el(
        "button.bl-atlas-legend-row",
        {
          "aria-pressed": String(!column.hidden.has(code)),
          title: t("atlas.legend_help"),
          onclick: () => this.toggle(code),
          ondblclick: () => this.only(code),
        },
        el(
          "svg",
          { viewBox: "0 0 16 16", width: 14, height: 14, "aria-hidden": "true" },
          el("path", { d: SHAPES[code === UNKNOWN ? 0 : code % 4], fill: colour }),
        ),
        el("span", column.nameOf(code)),
        count,
      );
      return { code, node, count };
    });
    return this.rows.map(({ node }) => node);
  }

  range() {
    const { column } = this;
    /** @type {{ code: number, node: HTMLElement, count: HTMLElement }[]} */
    this.rows = [];
    const stops = [0, 0.25, 0.5, 0.75, 1].map((share) => `rgb(${viridis(share).join(",")})`);
    /** @param {"low" | "high"} which @param {string} key */
    const edge = (which, key) => {
      const output = el("output.bl-num", number(column[which] / STEPS));
      const input = el("input", {
        type: "range",
        min: 0,
        max: STEPS,
        step: 1,
        value: column[which],
        ...labelled(key),
        oninput: () => {
          column[which] = Number(input.value);
          output.textContent = number(column[which] / STEPS);
          this.changed();
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
  }

  /** @param {number} code */
  toggle(code) {
    const { hidden } = this.column;
    if (!hidden.delete(code)) hidden.add(code);
    this.changed();
  }

  // Twice on a name: it alone, or all again.
  /** @param {number} code */
  only(code) {
    const { column, rows } = this;
    const others = rows.map((row) => row.code).filter((other) => other !== code);
    const alone = others.every((other) => column.hidden.has(other)) && !column.hidden.has(code);
    column.hidden = new Set(alone ? [] : others);
    this.changed();
  }

  // codes: of the column that colours; shown: 1 where a study passes every filter.
  /** @param {Uint8Array} [codes] @param {Uint8Array} [shown] */
  update(codes, shown) {
    for (const { code, node } of this.rows) node.ariaPressed = String(!this.column.hidden.has(code));
    this.chips.replaceChildren(
      ...this.filters()
        .filter((column) => column !== this.column)
        .map((column) =>
          el(
            "button.bl-chip.bl-atlas-legend-chip",
            {
              title: t("atlas.filter_off"),
              onclick: () => {
                column.open();
                this.changed();
              },
            },
            el("span", `${column.title()}: ${this.says(column)}`),
            el("span", { "aria-hidden": "true", text: "✕" }),
          ),
        ),
    );
    if (!codes) return;
    const counts = new Uint32Array(256);
    let all = 0;
    for (let i = 0; i < codes.length; i++) {
      counts[codes[i]]++;
      all += shown[i];
    }
    for (const { code, count } of this.rows) count.textContent = whole(counts[code]);
    this.shown.textContent = t("atlas.shown", {
      shown: whole(all),
      all: whole(codes.length),
    });
  }

  /** @param {Column} column */
  says(column) {
    if (column.kind === "number") return `${number(column.low / STEPS)} – ${number(column.high / STEPS)}`;
    return t("atlas.without", { finding: [...column.hidden].map((code) => column.nameOf(code)).join(", ") });
  }
}
