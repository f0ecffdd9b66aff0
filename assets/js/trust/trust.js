// The tests of the explanation on the stage, with their curves, and of every method over a split.
import { el } from "../lib/dom.js";
import { on } from "../lib/events.js";
import { exactShare, number, signed } from "../lib/format.js";
import { findingName, labelled, methodName, phrase, t } from "../lib/i18n.js";
import { columnHeads, note, offer, panelHead, scrolled, table, tableRow } from "../lib/parts.js";
import { axisTitle, plot, plotly } from "../lib/plot.js";
import { themeColour } from "../lib/theme.js";
import { tested, times, trustTests, trustVerdict } from "../review/tests.js";
import { faithfulnessTables } from "./faithfulness.js";

/** @import { Modality, Mount, Shown } from "../lib/types.d.ts" */
/** @import * as m from "../lib/messages.d.ts" */

/** @type {Mount} */
export const mount = ({ element, value, follow }) => {
  /** @type {m.MethodsTested} */
  const { titles } = value();
  /** @type {Modality[]} */
  const MODALITIES = ["image", "report"];
  /** @type {(keyof m.MethodFigures)[]} */
  const OF_EITHER = ["deletion", "insertion", "stability", "sanity", "completeness_error"];
  /** @type {Record<Modality, (keyof m.MethodFigures)[]>} */
  const COLUMNS = {
    image: ["n", "points_inside", "heat_concentration", "heat_in_lungs", ...OF_EITHER],
    report: ["n", "top_word_states", "rank_percentile", ...OF_EITHER],
  };

  /** @param {Modality} modality */
  const examined = (modality) => {
    /** @type {m.Tested["curves"]} */
    let curves = {};
    const method = el("span.bl-muted");
    const said = el("p.bl-muted.bl-lab-note");
    const rows = el("tbody");
    const figure = el("div.bl-trust-plot");
    const baseline = el("select.bl-select", { ...labelled("trust.baseline"), onchange: () => draw() });
    const node = el(
      "section.bl-panel",
      panelHead(`trust.title.${modality}`, method),
      el("div.bl-trust-body", el("table.bl-table.bl-trust-table", rows), el("div", baseline, figure)),
      said,
    );

    /** @param {Shown} test */
    const row = ({ name, value, good, parts }) =>
      el(
        "tr",
        el(`td.bl-${good ? "pass" : "doubt"}`, {
          text: good ? "✓" : "!",
          "aria-label": t(good ? "trust.pass" : "trust.doubt"),
        }),
        el("th", { scope: "row" }, phrase("b", `trust.short.${name}`), phrase("span.bl-muted", `trust.help.${name}`)),
        el("td.bl-num", value, ...parts.map((part) => el("span.bl-muted", part))),
      );
    const load = () => {
      const own = tested?.[modality];
      method.textContent = own ? `${methodName(own.method)} · ${findingName(tested.finding)}` : "";
      said.textContent = t(own ? `trust.alone.${modality}` : "trust.waiting");
      curves = own?.curves ?? {};
      const baselines = Object.keys(curves);
      figure.hidden = !baselines.length;
      baseline.hidden = baselines.length < 2;
      offer(baseline, baselines, (name) => t(`trust.baseline.${name}`));
      rows.replaceChildren(...(own ? trustTests(own) : []).map(row));
      if (baselines.length) draw();
    };

    const draw = async () => {
      await plotly();
      const shown = curves[baseline.value];
      if (!shown) return;
      /** @param {string} name @param {number[]} y @param {string} colour @param {string} [dash] */
      const line = (name, y, colour, dash) => ({
        x: tested.fractions,
        y,
        name: t(`trust.curve.${name}`),
        mode: "lines",
        line: { color: themeColour(colour), width: dash ? 1.3 : 2.4, dash },
      });
      // Giving back in random order is taking away in random order, read backwards.
      const backwards = shown.random.toReversed();
      plot(
        figure,
        [
          line("deletion", shown.deletion, "bad"),
          line("random_deletion", shown.random, "bad", "dot"),
          line("insertion", shown.insertion, "accent"),
          line("random_insertion", backwards, "accent", "dot"),
        ],
        {
          xaxis: { title: axisTitle("trust.axis"), range: [0, 1], fixedrange: false },
          yaxis: { range: [0, 1.02], fixedrange: false },
          dragmode: "zoom",
          showlegend: true,
          margin: { l: 44, r: 14, t: 52, b: 40 },
          legend: { orientation: "h", y: 1.02, yanchor: "bottom", font: { size: 10.5 } },
        },
      );
    };

    return { node, load };
  };

  const panels = MODALITIES.map(examined);
  /** @param {"deletion" | "insertion"} name @param {m.OfBaselines} passes @param {m.MethodFigures} figures */
  const verdict = (name, { passed, of, holds }, { faithfulness }) => {
    const said =
      of > 1 ? trustVerdict({ passed, of }) : signed(Object.values(faithfulness)[0][`${name}_difference`].value, 2);
    return `${holds ? "✓" : "!"} ${said}`;
  };
  const NOT_ASKED = "–"; // completeness of a method that promises none
  /** @param {keyof m.MethodFigures} name @param {m.MethodFigures} figures */
  const show = (name, figures) => {
    /** @type {any} */
    const figure = figures[name];
    const known = figure !== null && figure !== undefined;
    if (name === "completeness_error") return known ? exactShare(figure) : NOT_ASKED;
    if (!known) return t("not_defined");
    if (name === "n") return String(figure);
    if (figure.of) return verdict(/** @type {"deletion" | "insertion"} */ (name), figure, figures);
    return name.startsWith("heat") ? times(figure) : number(figure);
  };
  /** @param {m.Measured | null} measured @param {Modality} modality */
  const methodsTable = (measured, modality) => {
    const of = measured?.[modality] || {};
    const columns = COLUMNS[modality].filter((name) =>
      Object.values(of).some((figures) => figures[name] !== undefined && figures[name] !== null),
    );
    const heads = columnHeads("trust.column", columns);
    for (const [i, head] of heads.entries()) head.title = t(`trust.help.${columns[i]}`);
    const rows = Object.entries(of).map(([name, figures]) => {
      const cells = columns.map((column) => show(column, figures));
      return tableRow(methodName(titles[modality][name] || name), cells);
    });
    heads.unshift(...columnHeads("trust.methods", [modality]));
    return table("table.bl-table.bl-num", heads, el("tbody", ...rows));
  };
  const methods = el("section.bl-panel.bl-trust-methods");
  const drawMethods = () => {
    /** @type {m.MethodsTested} */
    const { measured } = value();
    methods.replaceChildren(
      panelHead("trust.methods"),
      ...(measured
        ? [
            scrolled(...MODALITIES.map((modality) => methodsTable(measured, modality))),
            note("trust.methods_note"),
            ...MODALITIES.flatMap((modality) => faithfulnessTables(measured[modality] || {}, titles[modality])),
          ]
        : [note("trust.unmeasured")]),
    );
  };
  follow(drawMethods);
  element.replaceChildren(el("div.bl-trust-page", ...panels.map((panel) => panel.node), methods));

  const load = () => {
    for (const panel of panels) panel.load();
  };
  for (const news of /** @type {const} */ (["trust", "explained", "veiled", "theme", "language"])) on(news, load);
  load();
};
