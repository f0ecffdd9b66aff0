// What a fine-tuning learnt, the figures before and after, and what became of the version.
import { el } from "../lib/dom.js";
import { on } from "../lib/events.js";
import { number, signed } from "../lib/format.js";
import { findingName, ifDefined, phrase, t } from "../lib/i18n.js";

/** @import * as m from "../lib/messages.d.ts" */
/** @import { Mount } from "../lib/types.d.ts" */

/** @type {Mount} */
export const mount = ({ element, props, watch }) => {
  const COLUMNS = ["figure", "before", "after", "change", "interval"];
  const said = el("p.bl-lab-note", { role: "status" });
  const learnt = el("p.bl-muted.bl-lab-note");
  const body = el("tbody");
  const table = el(
    "table.bl-table.bl-num",
    el("thead", el("tr", ...COLUMNS.map((name) => phrase("th", `finetune.column.${name}`, { scope: "col" })))),
    body,
  );
  const untaught = el("details.bl-untaught", { hidden: true });
  element.replaceChildren(said, learnt, untaught, el("div.bl-scroll", table));

  /** @param {number | null} value */
  const plain = (value) => ifDefined(value, (known) => number(known, 4));
  /** @param {{ name: string }} given */
  const nameOf = ({ name }) => {
    const [kind, of] = name.split("|");
    if (kind === "auroc" || kind === "ece")
      return of
        ? `${t(`finetune.row.${kind}`)}, ${of.startsWith("β") ? of : findingName(of)}`
        : t("finetune.row.macro");
    return kind === "as_corrected" ? t(`finetune.row.${kind}_${of}`) : t(`trust.short.${kind}`);
  };
  /** @param {m.FinetunedRow} row */
  const cells = (row) => {
    const known = row.before !== null && row.after !== null;
    return [
      plain(row.before),
      plain(row.after),
      ifDefined(known ? row.after - row.before : null, (change) => signed(change, 4)),
      row.low === null
        ? row.paired && known
          ? t("lab.no_interval")
          : ""
        : `${signed(row.low, 4)} … ${signed(row.high, 4)}`,
    ];
  };
  const draw = () => {
    /** @type {m.Finetuned & { error?: string } | null} */
    const value = props.value ? JSON.parse(props.value) : null;
    const done = value && !value.error;
    table.hidden = learnt.hidden = !done;
    untaught.hidden = !done || !(value.untaught.length + value.unknown_findings.length);
    const became =
      done && (value.promoted ? "finetune.promoted" : value.gate.decided ? "finetune.kept" : "finetune.undecided");
    said.textContent = !value
      ? ""
      : value.error ||
        t(became, {
          version: value.version,
          worse: value.worse.map((name) => (name === "macro" ? t("finetune.row.macro") : findingName(name))).join(", "),
        });
    if (!done) return;
    const { patients, detectable } = value.gate;
    const power =
      detectable === null ? t("finetune.unmeasured") : t("finetune.gate", { patients, loss: number(detectable, 3) });
    learnt.textContent = `${t("finetune.learnt", {
      studies: value.learnt.studies,
      changed: value.learnt.labels_changed,
      replay: value.learnt.replay,
      others: value.learnt.not_learnt,
    })} ${power}`;
    untaught.replaceChildren(
      phrase("summary", "finetune.untaught"),
      el(
        "ul",
        ...value.untaught.map((study) =>
          el(
            "li",
            el("b", study.study_id),
            ` ${t(`finetune.untaught.${study.why}`)}`,
            study.may_be ? ` ${t("finetune.untaught.may_be", { study: study.may_be })}` : "",
          ),
        ),
        ...value.unknown_findings.map((finding) => el("li", el("b", finding), ` ${t("finetune.untaught.unknown")}`)),
      ),
    );
    body.replaceChildren(
      ...value.rows.map((row) =>
        el("tr", el("th", { scope: "row", text: nameOf(row) }), ...cells(row).map((text) => el("td", text))),
      ),
    );
  };
  watch("value", draw);
  on("language", draw);
  draw();
};
