// The verdicts that pass the filters, as text and nothing else; the server filters, as it has them all.
import { el, put } from "../lib/dom.js";
import { on } from "../lib/events.js";
import { joined, number } from "../lib/format.js";
import { findingName, findingNames, labelled, phrase, t } from "../lib/i18n.js";
import { columnHeads, offer, panelHead, scrolled, table } from "../lib/parts.js";
import { debounce } from "../lib/timing.js";

/** @import { Mount } from "../lib/types.d.ts" */
/** @import * as m from "../lib/messages.d.ts" */

/** @type {Mount} */
export const mount = ({ element, trigger, value, watch }) => {
  /** @type {(keyof m.Row)[]} */
  const COLUMNS = ["time", "reviewer", "study", "verdict", "corrected", "evidence", "beta", "model", "comment"];
  /** @type {(keyof m.Choices)[]} */
  const FILTERS = ["reviewer", "finding", "verdict", "model"];
  /** @type {Record<keyof m.Choices, (value: string) => string>} */
  const name = {
    reviewer: (value) => value,
    finding: findingName,
    model: (value) => value.slice(0, 8),
    verdict: (value) => t(`verdict.${value}`),
  };
  /** @param {string} key @param {string} id */
  const select = (key, id) =>
    el("select.bl-select.bl-compact", { id: `bl-feedback-${id}`, ...labelled(key), onchange: () => ask() });
  const selects = Object.fromEntries(FILTERS.map((field) => [field, select(`feedback.filter.${field}`, field)]));
  const order = select("feedback.order", "order");
  const text = el("input.bl-input.bl-compact", {
    type: "search",
    id: "bl-feedback-text",
    maxlength: 200,
    oninput: () => askSoon(),
  });
  const counts = el("div.bl-counts");
  const exports = ["csv", "finetune"].map((what) =>
    phrase("button.bl-toggle", what === "csv" ? "feedback.download" : "feedback.finetune", {
      "data-what": what,
      onclick: () => trigger("download", { what }),
    }),
  );
  const body = el("tbody");
  const verdicts = table("table.bl-table", columnHeads("feedback.column", COLUMNS), body);
  const none = el("p.bl-empty");
  const note = el("span.bl-muted.bl-num", { role: "status" });
  const bar = el("div.bl-feedback-filters", { role: "search" }, ...Object.values(selects), text, order, note);
  element.replaceChildren(
    el(
      "section.bl-panel.bl-verdicts",
      panelHead("feedback.title", counts, el("span.bl-push.bl-feedback-exports", ...exports)),
      bar,
      scrolled(verdicts),
      none,
    ),
  );

  let asked = 0;
  const ask = () =>
    trigger("filter", {
      ...Object.fromEntries(FILTERS.map((field) => [field, selects[field].value])),
      text: text.value,
      order: order.value,
      asked: ++asked,
    });
  const askSoon = debounce(ask, 250);

  /** @type {Record<string, (row: m.Row) => string>} */
  const cell = {
    time: (row) => row.time.replace("T", " ").replace("Z", ""),
    reviewer: (row) => row.reviewer || "–",
    corrected: (row) => (row.verdict === "disagree" ? findingNames(row.corrected) : ""),
    evidence: ({ evidence, marks }) =>
      joined([evidence !== "neither" && t(`evidence.${evidence}`), marks > 0 && t("feedback.marks", { n: marks })]),
    beta: (row) => number(row.beta),
  };
  /** @param {m.Row} row */
  const verdictCell = (row) =>
    el(
      "td",
      el(`b.bl-count-${row.verdict}`, t(`verdict.${row.verdict}`)),
      row.blind && el("span.bl-chip", t("feedback.blind")),
      row.conflict && el("span.bl-chip.bl-conflict", t("feedback.conflict")),
    );
  /** @param {m.Row} row @param {number} index */
  const studyCell = (row, index) =>
    el(
      "td",
      el("button.bl-link", {
        text: row.study || "–",
        "aria-label": t("feedback.open", { study: row.study }),
        onclick: () => trigger("select", { index, value: row.id }),
      }),
    );

  let drawn = "";
  const draw = () => {
    /** @type {m.Log} */
    const { rows, counts: tally, total, matching, choices, filters, error } = value();
    if (filters && filters.asked < asked) return; // what was chosen since is on its way
    put(
      counts,
      total && el("span.bl-muted.bl-num", t("feedback.total", { n: total })),
      ...Object.entries((total && tally) || {}).map(([verdict, n]) =>
        el(`span.bl-count.bl-count-${verdict}.bl-num`, `${t(`verdict.${verdict}`)} ${n}`),
      ),
    );
    offer(order, ["disagreements", "newest"], (value) => t(`feedback.order.${value}`));
    if (filters) order.value = filters.order;
    for (const field of choices ? FILTERS : []) {
      offer(selects[field], choices[field], name[field], phrase("option", `feedback.any.${field}`, { value: "" }));
      selects[field].value = choices[field].includes(filters[field]) ? filters[field] : "";
    }
    text.ariaLabel = text.placeholder = t("feedback.filter.text");
    bar.hidden = !choices;
    for (const button of exports) button.disabled = !choices;
    note.textContent = choices ? t("feedback.shown", { shown: rows.length, n: matching }) : "";
    verdicts.hidden = !rows.length;
    none.hidden = rows.length > 0;
    none.textContent = error || t(total ? "feedback.none" : "feedback.empty");
    const now = JSON.stringify(rows);
    if (now === drawn) return; // a row that is being clicked must stay until the button is let go
    drawn = now;
    body.replaceChildren(
      ...rows.map((row, index) =>
        el(
          "tr",
          { "data-flag": row.id },
          ...COLUMNS.map((column) =>
            column === "verdict"
              ? verdictCell(row)
              : column === "study"
                ? studyCell(row, index)
                : el("td", {
                    class: ["time", "beta", "model"].includes(column) ? "bl-num" : null,
                    text: cell[column] ? cell[column](row) : String(row[column]),
                  }),
          ),
        ),
      ),
    );
  };
  watch(draw);
  on("language", () => {
    drawn = "";
    draw();
  });
  draw();
};
