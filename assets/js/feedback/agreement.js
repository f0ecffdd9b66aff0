// How often reviewers agree with the model, over time and by finding, and with one another.
import { el } from "../lib/dom.js";
import { on } from "../lib/events.js";
import { number } from "../lib/format.js";
import { findingName, ifDefined, phrase, t } from "../lib/i18n.js";
import { panelHead } from "../lib/panel.js";
import { plotConfig, plotLayout, plotly } from "../lib/plot.js";
import { themeColour } from "../lib/theme.js";

/** @import { Figure, Mount } from "../lib/types.d.ts" */
/** @import * as m from "../lib/messages.d.ts" */

/** @type {Mount} */
export const mount = ({ element, props, watch }) => {
  const COLUMNS = ["pair", "finding", "studies", "same", "kappa"];
  /** @param {string} key */
  const figure = (key) => {
    const plot = el("div.bl-plot", { role: "img" });
    return {
      key,
      plot,
      node: el("section.bl-panel.bl-lab-figure", panelHead(key), plot),
    };
  };
  const days = figure("feedback.over_time");
  const findings = figure("feedback.per_finding");
  const body = el("tbody");
  const pairs = el(
    "div.bl-scroll",
    el(
      "table.bl-table.bl-kappa",
      el("thead", el("tr", ...COLUMNS.map((name) => phrase("th", `feedback.column.${name}`, { scope: "col" })))),
      body,
    ),
  );
  const note = el("p.bl-muted.bl-lab-note");
  const none = phrase("p.bl-muted.bl-lab-none", "feedback.agreement_none");
  element.replaceChildren(
    el(
      "div.bl-agreement",
      days.node,
      findings.node,
      el("section.bl-panel.bl-lab-figure", panelHead("feedback.kappa"), pairs, note),
    ),
    none,
  );

  const axis = { fixedrange: true };
  const share = { ...axis, range: [-0.03, 1.03], tickformat: ".0%" };
  /** @param {m.Share[]} all */
  const errors = (all) => ({
    type: "data",
    symmetric: false,
    array: all.map((s) => s.high - s.agree / s.n),
    arrayminus: all.map((s) => s.agree / s.n - s.low),
    color: themeColour("edge"),
    thickness: 1.2,
    width: 3,
  });
  /** @param {m.Share[]} all */
  const said = (all) => all.map((s) => t("feedback.share", { agree: s.agree, n: s.n }));
  /** @param {Figure} given @param {m.Share[]} all @param {(of: string) => string} named */
  const describe = ({ key, plot }, all, named) =>
    (plot.ariaLabel = `${t(key)}: ${all.map((s) => `${named(s.of)} ${t("feedback.share", { agree: s.agree, n: s.n })}`).join(", ")}`);

  const draw = async () => {
    /** @type {m.Agreement} */
    const { over_time: overTime = [], per_finding: perFinding = [], kappa = [] } = JSON.parse(props.value);
    none.hidden = overTime.length > 0;
    for (const { node } of [days, findings]) node.hidden = !overTime.length;
    note.textContent = t(kappa.length ? "feedback.kappa_note" : "feedback.kappa_none");
    pairs.hidden = !kappa.length;
    body.replaceChildren(
      ...kappa.map((k) =>
        el(
          "tr",
          el("td", `${k.first} · ${k.second}`),
          el("td", findingName(k.finding)),
          ...[String(k.n), t("feedback.share", { agree: k.same, n: k.n }), ifDefined(k.kappa, number)].map((text) =>
            el("td.bl-num", text),
          ),
        ),
      ),
    );
    if (!overTime.length) return;
    const Plotly = await plotly();
    const colour = themeColour("accent");
    /** @param {object} extra */
    const layout = (extra) =>
      plotLayout({ dragmode: false, hovermode: "closest", margin: { l: 44, r: 14, t: 6, b: 30 }, ...extra });
    const hover = "%{customdata}<extra></extra>";
    await Plotly.react(
      days.plot,
      [
        {
          x: overTime.map((s) => s.of),
          y: overTime.map((s) => s.agree / s.n),
          error_y: errors(overTime),
          customdata: said(overTime),
          hovertemplate: `%{x|%Y-%m-%d}<br>${hover}`,
          mode: "markers+lines",
          line: { color: colour, width: 1.6 },
          marker: { color: colour, size: 8 },
        },
      ],
      layout({
        xaxis: {
          ...axis,
          type: "date",
          tickformat: "%d %b",
          nticks: 8,
          ...(overTime.length === 1 ? { tickvals: [overTime[0].of] } : {}),
        },
        yaxis: share,
      }),
      plotConfig,
    );
    const rows = [...perFinding].reverse();
    await Plotly.react(
      findings.plot,
      [
        {
          orientation: "h",
          type: "bar",
          y: rows.map((s) => findingName(s.of)),
          x: rows.map((s) => s.agree / s.n),
          error_x: errors(rows),
          customdata: said(rows),
          hovertemplate: `%{y}<br>${hover}`,
          marker: { color: colour },
        },
      ],
      layout({ xaxis: share, yaxis: { ...axis } }),
      plotConfig,
    );
    describe(days, overTime, (day) => day);
    describe(findings, perFinding, findingName);
  };
  watch("value", draw);
  on("language", draw);
  on("theme", draw);
  draw();
};
