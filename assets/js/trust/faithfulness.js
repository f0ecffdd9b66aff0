// Deletion and insertion of every method against random order, by baseline: the mean over cases beside those by
// finding.
import { el } from "../lib/dom.js";
import { signed } from "../lib/format.js";
import { findingName, t } from "../lib/i18n.js";

/** @import * as m from "../lib/messages.d.ts" */

/** @type {("deletion" | "insertion")[]} */
const DIRECTIONS = ["deletion", "insertion"];

/** @param {m.Difference} given */
const difference = ({ value, low, high }) =>
  el(
    "td",
    signed(value, 2),
    el("span.bl-muted", low === null ? ` (${t("lab.no_interval")})` : ` (${signed(low, 2)} … ${signed(high, 2)})`),
  );
/** @param {string} name @param {m.MethodFinding} given @param {string[]} baselines */
const row = (name, { n, faithfulness }, baselines) =>
  el(
    "tr",
    el("th", { scope: "row", text: name }),
    el("td", String(n)),
    ...DIRECTIONS.flatMap((direction) =>
      baselines.map((baseline) =>
        faithfulness?.[baseline]
          ? difference(faithfulness[baseline][`${direction}_difference`])
          : el("td", t("not_defined")),
      ),
    ),
  );

// A part that opens for each method: its figures, a row for all cases and one a finding.
/** @param {Record<string, m.MethodFigures>} methods @param {Record<string, string>} titles */
export const faithfulnessTables = (methods, titles) =>
  Object.entries(methods)
    .filter(([, figures]) => figures.faithfulness)
    .map(([name, figures]) => {
      const baselines = Object.keys(figures.faithfulness);
      const cases = t(figures.coarse ? "trust.cases_coarse" : "trust.cases", {
        n: figures.n,
        patients: figures.patients,
      });
      return el(
        "details.bl-faithful",
        el("summary", `${t("trust.faithful", { method: titles[name] || name })} · ${cases}`),
        el(
          "div.bl-scroll",
          el(
            "table.bl-table.bl-num",
            el(
              "thead",
              el(
                "tr",
                el("th", { scope: "col", text: t("trust.finding") }),
                el("th", { scope: "col", text: t("trust.column.n") }),
                ...DIRECTIONS.flatMap((direction) =>
                  baselines.map((baseline) =>
                    el("th", { scope: "col", text: t(`trust.short.${direction}_${baseline}`) }),
                  ),
                ),
              ),
            ),
            el(
              "tbody",
              row(t("trust.all"), figures, baselines),
              ...Object.entries(figures.per_finding).map(([finding, own]) => row(findingName(finding), own, baselines)),
            ),
          ),
        ),
        el("p.bl-muted.bl-lab-note", t("trust.faithful_note")),
      );
    });
