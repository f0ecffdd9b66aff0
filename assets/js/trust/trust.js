// The tests of the explanation on the stage, with their curves, and of every method over a split.
import { el } from "../lib/dom.js";
import { on } from "../lib/events.js";
import { number, signed } from "../lib/format.js";
import { findingName, labelled, phrase, t } from "../lib/i18n.js";
import { panelHead } from "../lib/panel.js";
import { plotConfig, plotLayout, plotly } from "../lib/plot.js";
import { themeColour } from "../lib/theme.js";
import { tested, trustTests, trustVerdict } from "../review/tests.js";
import { faithfulnessTables } from "./faithfulness.js";

/** @import { Modality, Mount } from "../lib/types.d.ts" */
/** @import * as m from "../lib/messages.d.ts" */

/** @type {Mount} */
export const mount = ({ element, props, watch }) => {
  /** @type {m.MethodsTested} */
  const { titles } = JSON.parse(props.value);
  /** @type {Modality[]} */
  const MODALITIES = ["image", "report"];
  /** @type {Record<Modality, (keyof m.MethodFigures)[]>} */
  const COLUMNS = {
    image: [
      "n",
      "points_inside",
      "heat_concentration",
      "heat_in_lungs",
      "deletion",
      "insertion",
      "stability",
      "sanity",
      "completeness_error",
    ],
    report: [
      "n",
      "top_word_states",
      "rank_percentile",
      "deletion",
      "insertion",
      "stability",
      "sanity",
      "completeness_error",
    ],
  };

  class Examined {
    /** @param {Modality} modality */
    constructor(modality) {
      this.modality = modality;
      this.method = el("span.bl-muted");
      this.note = el("p.bl-muted.bl-lab-note");
      this.rows = el("tbody");
      this.plot = el("div.bl-trust-plot");
      this.baseline = el("select.bl-select", {
        ...labelled("trust.baseline"),
        onchange: () => this.draw(),
      });
      this.node = el(
        "section.bl-panel.bl-lab-panel",
        panelHead(`trust.title.${modality}`, this.method),
        el("div.bl-trust-body", el("table.bl-table.bl-trust-table", this.rows), el("div", this.baseline, this.plot)),
        this.note,
      );
    }

    /** @param {m.Tests | null} result */
    load(result) {
      const own = result?.[this.modality];
      this.method.textContent = own ? `${own.method} · ${findingName(result.finding)}` : "";
      this.note.textContent = t(own ? `trust.alone.${this.modality}` : "trust.waiting");
      this.curves = own ? own.curves : {};
      this.fractions = own && result.fractions;
      const baselines = Object.keys(this.curves);
      const chosen = this.baseline.value;
      this.plot.hidden = !baselines.length;
      this.baseline.hidden = baselines.length < 2;
      this.baseline.replaceChildren(
        ...baselines.map((name) => el("option", { value: name, text: t(`trust.baseline.${name}`) })),
      );
      if (baselines.includes(chosen)) this.baseline.value = chosen;
      this.rows.replaceChildren(
        ...(own ? trustTests(own) : []).map(({ name, value, good, parts }) =>
          el(
            "tr",
            el("td", {
              class: good ? "bl-pass" : "bl-doubt",
              text: good ? "✓" : "!",
              "aria-label": t(good ? "trust.pass" : "trust.doubt"),
            }),
            el(
              "th",
              { scope: "row" },
              phrase("b", `trust.short.${name}`),
              phrase("span.bl-muted", `trust.help.${name}`),
            ),
            el("td.bl-num", value, ...parts.map((part) => el("span.bl-muted", part))),
          ),
        ),
      );
      if (baselines.length) this.draw();
    }

    async draw() {
      const Plotly = await plotly();
      const curves = this.curves[this.baseline.value];
      if (!curves) return;
      /** @param {string} name @param {number[]} y @param {string} colour @param {string} [dash] */
      const line = (name, y, colour, dash) => ({
        x: this.fractions,
        y,
        name: t(`trust.curve.${name}`),
        mode: "lines",
        line: { color: themeColour(colour), width: dash ? 1.3 : 2.4, dash },
      });
      // Giving back in random order is taking away in random order, read backwards.
      const backwards = [...curves.random].reverse();
      Plotly.react(
        this.plot,
        [
          line("deletion", curves.deletion, "bad"),
          line("random_deletion", curves.random, "bad", "dot"),
          line("insertion", curves.insertion, "accent"),
          line("random_insertion", backwards, "accent", "dot"),
        ],
        plotLayout({
          xaxis: { title: { text: t("trust.axis"), standoff: 6, font: { size: 12 } }, range: [0, 1] },
          yaxis: { range: [0, 1.02] },
          showlegend: true,
          margin: { l: 44, r: 14, t: 52, b: 40 },
          legend: { orientation: "h", y: 1.02, yanchor: "bottom", font: { size: 10.5 } },
        }),
        plotConfig,
      );
    }
  }

  const panels = MODALITIES.map((modality) => new Examined(modality));
  /** @param {"deletion" | "insertion"} name @param {m.OfBaselines} passes @param {m.MethodFigures} figures */
  const verdict = (name, { passed, of, holds }, { faithfulness }) => {
    const said =
      of > 1 ? trustVerdict({ passed, of }) : signed(Object.values(faithfulness)[0][`${name}_difference`].value, 2);
    return `${holds ? "✓" : "!"} ${said}`;
  };
  const NOT_ASKED = "–"; // completeness of a method that promises none
  /** @param {keyof m.MethodFigures} name @param {any} value @param {m.MethodFigures} figures */
  const show = (name, value, figures) =>
    value === null || value === undefined
      ? name === "completeness_error"
        ? NOT_ASKED
        : t("not_defined")
      : name === "n"
        ? String(value)
        : value.of
          ? verdict(/** @type {"deletion" | "insertion"} */ (name), value, figures)
          : name === "completeness_error"
            ? `${number(100 * value, 2)}\u2009%`
            : name.startsWith("heat")
              ? `${number(value, 1)}×`
              : number(value, 2);
  /** @param {m.Measured | null} measured @param {Modality} modality */
  const table = (measured, modality) => {
    const of = measured?.[modality] || {};
    const columns = COLUMNS[modality].filter((name) =>
      Object.values(of).some((figures) => figures[name] !== undefined && figures[name] !== null),
    );
    return el(
      "table.bl-table.bl-num",
      el(
        "thead",
        el(
          "tr",
          phrase("th", `trust.methods.${modality}`, { scope: "col" }),
          ...columns.map((name) =>
            phrase("th", `trust.column.${name}`, { scope: "col", title: t(`trust.help.${name}`) }),
          ),
        ),
      ),
      el(
        "tbody",
        ...Object.entries(of).map(([name, figures]) =>
          el(
            "tr",
            el("th", { scope: "row", text: titles[modality][name] || name }),
            ...columns.map((column) => el("td", show(column, figures[column], figures))),
          ),
        ),
      ),
    );
  };
  const methods = el("section.bl-panel.bl-lab-panel.bl-trust-methods");
  const drawMethods = () => {
    /** @type {m.MethodsTested} */
    const { measured } = JSON.parse(props.value);
    methods.replaceChildren(
      panelHead("trust.methods"),
      ...(measured
        ? [
            el("div.bl-scroll", ...MODALITIES.map((modality) => table(measured, modality))),
            phrase("p.bl-muted.bl-lab-note", "trust.methods_note"),
            ...MODALITIES.flatMap((modality) => faithfulnessTables(measured[modality] || {}, titles[modality])),
          ]
        : [phrase("p.bl-muted.bl-lab-note", "trust.unmeasured")]),
    );
  };
  watch("value", drawMethods);
  on("language", drawMethods);
  drawMethods();
  element.replaceChildren(el("div.bl-trust-page", ...panels.map((panel) => panel.node), methods));

  const load = () => {
    for (const panel of panels) panel.load(tested);
  };
  on("trust", load);
  on("explained", load);
  on("veiled", load);
  on("theme", load);
  on("language", load);
  load();
};
