// Which case is on the stage: its name, where it comes from, its place in the list, and why the queue offers it.
import { el } from "../lib/dom.js";
import { emit, on } from "../lib/events.js";
import { t } from "../lib/i18n.js";
import { reason } from "../lib/reasons.js";

/** @import { CasePlace } from "../lib/types.d.ts" */
/** @import { Case } from "./case/case.js" */

export class CaseBar {
  constructor() {
    /** @param {"previous" | "next"} which @param {string} sign */
    const step = (which, sign) =>
      el("button", {
        type: "button",
        class: "bl-icon bl-case-step",
        "data-i18n-label": `case.${which}`,
        "aria-label": t(`case.${which}`),
        text: sign,
        onclick: () => emit(`${which}-case`),
      });
    this.name = el("h2", { class: "bl-case-title" });
    this.split = el("span", { class: "bl-chip" });
    this.place = el("span", { class: "bl-muted bl-num" });
    this.judged = el("span", { class: "bl-case-verdict" });
    this.why = el("span", { class: "bl-case-reason" });
    this.node = el(
      "div",
      { class: "bl-case-bar", hidden: true },
      step("previous", "‹"),
      step("next", "›"),
      this.name,
      this.split,
      this.place,
      this.judged,
      this.why,
    );
    /** @type {Case | null} */
    this.opened = null;
    /** @type {CasePlace | null} */
    this.known = null;
    on("case-place", (known) => {
      this.known = known;
      this.draw();
    });
  }

  /** @param {Case} opened */
  load(opened) {
    this.opened = opened;
    this.node.hidden = false;
    this.draw();
  }

  draw() {
    if (!this.opened) return;
    const { case: id, split } = this.opened;
    const known = this.known?.study === id && this.known.index >= 0 ? this.known : null;
    this.name.textContent = split ? id : t("case.sent", { id });
    document.title = `${this.name.textContent} · BetaLens`;
    this.split.hidden = !split;
    this.split.textContent = split && t(`lab.split.${split}`);
    this.split.title = split && t(`case.split.${split}`);
    this.split.classList.toggle("bl-chip-learnt", split === "train");
    this.place.textContent = known ? t("case.place", { place: known.index + 1, total: known.total }) : "";
    this.judged.textContent = known?.judged ? t("case.judged", { verdict: t(`verdict.${known.judged}`) }) : "";
    this.why.textContent = known?.reasons.length ? t("case.why", { reason: reason(known.reasons[0]) }) : "";
  }
}
