// Deletion and insertion of every method against random order, by baseline: the mean over cases beside those by
// finding.
import { el } from "../lib/dom.js";
import { fromTo, signed } from "../lib/format.js";
import { findingName, methodName, t } from "../lib/i18n.js";
import { columnHeads, scrolled, table, tableRow } from "../lib/parts.js";

/** @import * as m from "../lib/messages.d.ts" */

/** @type {("deletion" | "insertion")[]} */
const DIRECTIONS = ["deletion", "insertion"];

/** @param {m.Difference} given */
const difference = ({ value, low, high }) => {
  const interval = low === null ? t("lab.no_interval") : fromTo(signed(low), signed(high));
  return el("td", signed(value), el("span.bl-muted", ` (${interval})`));
};

// A part that opens for each method: its figures, a row for all cases and one a finding.
/** @param {Record<string, m.MethodFigures>} methods @param {Record<string, string>} titles */
export const faithfulnessTables = (methods, titles) =>
  Object.entries(methods)
    .filter(([, figures]) => figures.faithfulness)
    .map(([name, figures]) => {
      const measured = DIRECTIONS.flatMap((direction) =>
        Object.keys(figures.faithfulness).map((baseline) => ({ direction, baseline })),
      );
      /** @param {string} name @param {m.MethodFinding} given */
      const row = (name, { n, faithfulness }) => {
        const differences = measured.map(({ direction, baseline }) =>
          faithfulness?.[baseline]
            ? difference(faithfulness[baseline][`${direction}_difference`])
            : el("td", t("not_defined")),
        );
        const shown = tableRow(name, [String(n)]);
        shown.append(...differences);
        return shown;
      };
      const { n, patients } = figures;
      const cases = t(figures.coarse ? "trust.cases_coarse" : "trust.cases", { n, patients });
      const heads = ["finding", "column.n", ...measured.map((one) => `short.${one.direction}_${one.baseline}`)];
      const rows = Object.entries(figures.per_finding).map(([finding, own]) => row(findingName(finding), own));
      const body = el("tbody", row(t("trust.all"), figures), ...rows);
      return el(
        "details.bl-faithful",
        el("summary", `${t("trust.faithful", { method: methodName(titles[name] || name) })} · ${cases}`),
        scrolled(table("table.bl-table.bl-num", columnHeads("trust", heads), body)),
        el("p.bl-muted.bl-lab-note", t("trust.faithful_note")),
      );
    });
