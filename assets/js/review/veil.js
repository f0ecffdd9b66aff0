// What stands on the stage in the place of an answer that is kept back, and above a case that is shown as it was
// reviewed, or under another version than the one that is served.
import { el } from "../lib/dom.js";
import { joined, moment, number } from "../lib/format.js";
import { findingNames, phrase, t, translate } from "../lib/i18n.js";

/** @import * as m from "../lib/messages.d.ts" */
/** @import { Case } from "./case/case.js" */

export class VeilView {
  constructor() {
    this.note = el("p.bl-muted");
    this.node = el("div.bl-veil", { role: "status" }, phrase("h2", "veil.title"), phrase("p", "veil.text"), this.note);
  }

  /** @param {Case} opened */
  load(opened) {
    this.note.textContent = t(opened.seen ? "veil.seen" : "veil.blind");
    translate(this.node);
    return this.node;
  }
}

export class RecordedView {
  constructor() {
    this.text = el("span");
    this.node = el("p.bl-recorded-line", { role: "status", hidden: true }, el("b"), " ", this.text);
  }

  /** @param {m.Recorded | null} recorded */
  load(recorded) {
    this.node.hidden = !recorded;
    if (!recorded) return;
    const { reviewer, time, beta, verdict, blind, corrected, comment, model, same_model: same } = recorded;
    this.node.firstChild.textContent = t("recorded.title", {
      reviewer: reviewer || t("feedback.unnamed"),
      time: moment(time),
      beta: number(beta),
    });
    this.text.textContent = joined([
      t(`verdict.${verdict}`),
      blind && t("feedback.blind"),
      verdict === "disagree" && findingNames(corrected),
      comment && `“${comment}”`,
      !same && t("recorded.other_model", { model: model.slice(0, 12) }),
    ]);
    this.node.title = this.node.textContent;
  }
}

export class VersionView {
  /** @param {() => void} leave */
  constructor(leave) {
    this.name = el("b");
    this.node = el(
      "p.bl-version-line",
      { role: "status", hidden: true },
      this.name,
      phrase("span", "version.note"),
      phrase("button.bl-toggle.bl-compact.bl-version-leave", "version.leave", {
        onclick: leave,
      }),
    );
  }

  /** @param {Case} given */
  load({ version, model }) {
    this.node.hidden = !version;
    this.name.textContent = t("version.title", { version, model: model.slice(0, 12) });
  }
}
