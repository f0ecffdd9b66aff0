// How often reviewers agree with the model, over time and by finding, and with one another.
import { el } from "../lib/dom.js";
import { on } from "../lib/events.js";
import { number } from "../lib/format.js";
import { findingName, ifDefined, phrase, t } from "../lib/i18n.js";
import { columnHeads, panelHead, scrolled, table } from "../lib/parts.js";
import { errorBars, plot, plotly } from "../lib/plot.js";
import { themeColour } from "../lib/theme.js";

/** @import { Figure, Mount } from "../lib/types.d.ts" */
/** @import * as m from "../lib/messages.d.ts" */

/** @type {Mount} */
export const mount = ({ element, value, follow }) => {
  /** @param {string} key */
  const figure = (key) => {
    const plot = el("div.bl-plot", { role: "img" });
    return { key, plot, node: el("section.bl-panel.bl-lab-figure", panelHead(key), plot) };
  };
  const days = figure("feedback.over_time");
  const findings = figure("feedback.per_finding");
  const body = el("tbody");
  const heads = columnHeads("feedback.column", ["pair", "finding", "studies", "same", "kappa"]);
  const pairs = scrolled(table("table.bl-table.bl-kappa", heads, body));
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

  /** @param {m.Share} share */
  const said = ({ agree, n }) => t("feedback.share", { agree, n });
  /** @param {Figure} figure @param {m.Share[]} all @param {(of: string) => string} named */
  const describe = (figure, all, named) => {
    const shares = all.map((share) => `${named(share.of)} ${said(share)}`);
    figure.plot.ariaLabel = `${t(figure.key)}: ${shares.join(", ")}`;
  };
  /** @param {m.Share[]} all */
  const points = (all) => all.map((share) => ({ ...share, value: share.agree / share.n }));

  const draw = async () => {
    /** @type {m.Agreement} */
    const { over_time: overTime = [], per_finding: perFinding = [], kappa = [] } = value();
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
          el("td.bl-num", String(k.n)),
          el("td.bl-num", t("feedback.share", { agree: k.same, n: k.n })),
          el("td.bl-num", ifDefined(k.kappa, number)),
        ),
      ),
    );
    if (!overTime.length) return;
    await plotly();
    const colour = themeColour("accent");
    const hover = "%{customdata}<extra></extra>";
    const share = { range: [-0.03, 1.03], tickformat: ".0%" };
    const inTime = points(overTime);
    await plot(
      days.plot,
      [
        {
          x: inTime.map(({ of }) => of),
          y: inTime.map(({ value }) => value),
          error_y: errorBars(inTime, themeColour("edge")),
          customdata: inTime.map(said),
          hovertemplate: `%{x|%Y-%m-%d}<br>${hover}`,
          mode: "markers+lines",
          line: { color: colour, width: 1.6 },
          marker: { color: colour, size: 8 },
        },
      ],
      {
        xaxis: {
          type: "date",
          tickformat: "%d %b",
          nticks: 8,
          ...(overTime.length === 1 ? { tickvals: [overTime[0].of] } : {}),
        },
        yaxis: share,
      },
    );
    const rows = points(perFinding).reverse();
    await plot(
      findings.plot,
      [
        {
          orientation: "h",
          type: "bar",
          y: rows.map(({ of }) => findingName(of)),
          x: rows.map(({ value }) => value),
          error_x: errorBars(rows, themeColour("edge")),
          customdata: rows.map(said),
          hovertemplate: `%{y}<br>${hover}`,
          marker: { color: colour },
        },
      ],
      { xaxis: share },
    );
    describe(days, overTime, (day) => day);
    describe(findings, perFinding, findingName);
  };
  on("theme", draw);
  follow(draw);
};
