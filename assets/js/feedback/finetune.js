// How far a fine-tuning is, and the way to end it; then what it learnt, the figures before and after, and what became
// of the version.
import { el, put } from "../lib/dom.js";
import { fromTo, number, signed } from "../lib/format.js";
import { findingName, ifDefined, phrase, t } from "../lib/i18n.js";
import { columnHeads, sayWork, scrolled, table, tableRow } from "../lib/parts.js";

/** @import * as m from "../lib/messages.d.ts" */
/** @import { Mount } from "../lib/types.d.ts" */

/** @type {Mount} */
export const mount = ({ element, trigger, value, follow }) => {
  const wait = el("div.bl-wait");
  const cancel = phrase("button.bl-toggle.bl-finetune-cancel", "finetune.cancel", {
    onclick: () => {
      cancel.disabled = true; // until it has ended: the step at hand is done first
      trigger("cancel");
    },
  });
  const working = el("div.bl-finetune-working", { hidden: true }, wait, cancel);
  const said = el("p.bl-lab-note", { role: "status" });
  const learnt = el("p.bl-muted.bl-lab-note");
  const body = el("tbody");
  const columns = ["figure", "before", "after", "change", "interval"];
  const figures = table("table.bl-table.bl-num", columnHeads("finetune.column", columns), body);
  const untaught = el("details.bl-untaught", { hidden: true });
  element.replaceChildren(working, said, learnt, untaught, scrolled(figures));

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
  /** @param {m.ComparisonRow} row */
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
        : fromTo(signed(row.low, 4), signed(row.high, 4)),
    ];
  };
  const draw = () => {
    /** @type {(m.Finetuned & m.Finetuning) | null} */
    const result = value();
    const done = result && !(result.progress || result.error || result.cancelled);
    working.hidden = !result?.progress;
    if (working.hidden) cancel.disabled = false;
    else put(wait, ...sayWork("finetune", cancel.disabled ? {} : result));
    figures.hidden = learnt.hidden = !done;
    untaught.hidden = !done || !(result.untaught.length + result.unknown_findings.length);
    if (!done) {
      said.textContent = result?.cancelled ? t("finetune.cancelled") : (result?.error ?? "");
      return;
    }
    const became = result.promoted ? "promoted" : result.gate.decided ? "kept" : "undecided";
    said.textContent = t(`finetune.${became}`, {
      version: result.version,
      worse: result.worse.map((name) => (name === "macro" ? t("finetune.row.macro") : findingName(name))).join(", "),
    });
    const { patients, detectable } = result.gate;
    const power =
      detectable === null ? t("finetune.unmeasured") : t("finetune.gate", { patients, loss: number(detectable, 3) });
    learnt.textContent = `${t("finetune.learnt", {
      studies: result.learnt.studies,
      changed: result.learnt.labels_changed,
      replay: result.learnt.replay,
      others: result.learnt.not_learnt,
    })} ${power}`;
    untaught.replaceChildren(
      phrase("summary", "finetune.untaught"),
      el(
        "ul",
        ...result.untaught.map((study) =>
          el(
            "li",
            el("b", study.study_id),
            ` ${t(`finetune.untaught.${study.why}`)}`,
            study.may_be ? ` ${t("finetune.untaught.may_be", { study: study.may_be })}` : "",
          ),
        ),
        ...result.unknown_findings.map((finding) => el("li", el("b", finding), ` ${t("finetune.untaught.unknown")}`)),
      ),
    );
    body.replaceChildren(...result.rows.map((row) => tableRow(nameOf(row), cells(row))));
  };
  follow(draw);
};
