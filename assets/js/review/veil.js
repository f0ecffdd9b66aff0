// What stands on the stage in the place of an answer that is kept back, and above a case that is shown as it was
// reviewed, or under another version than the one that is served.
import { el } from "../lib/dom.js";
import { joined, moment, number } from "../lib/format.js";
import { findingNames, phrase, t, translate } from "../lib/i18n.js";

/** @import { Case } from "./case/case.js" */

export const veilView = () => {
  const note = el("p.bl-muted");
  const node = el("div.bl-veil", { role: "status" }, phrase("h2", "veil.title"), phrase("p", "veil.text"), note);

  /** @param {Case} opened */
  const load = (opened) => {
    note.textContent = t(opened.seen ? "veil.seen" : "veil.blind");
    translate(node);
  };
  return { node, load };
};

export const recordedView = () => {
  const title = el("b");
  const text = el("span");
  const node = el("p.bl-recorded-line", { role: "status", hidden: true }, title, " ", text);

  /** @param {Case} opened */
  const load = ({ recorded }) => {
    node.hidden = !recorded;
    if (!recorded) return;
    const { reviewer, time, beta, verdict, blind, corrected, comment, model, same_model: same } = recorded;
    const boxed = [...new Set(recorded.finding_boxes.map(([finding]) => finding))];
    title.textContent = t("recorded.title", {
      reviewer: reviewer || t("feedback.unnamed"),
      time: moment(time),
      beta: number(beta),
    });
    text.textContent = joined([
      t(`verdict.${verdict}`),
      blind && t("feedback.blind"),
      verdict === "disagree" && findingNames(corrected),
      boxed.length > 0 && t("recorded.boxed", { findings: findingNames(boxed) }),
      comment && `“${comment}”`,
      !same && t("recorded.other_model", { model: model.slice(0, 12) }),
    ]);
    node.title = node.textContent;
  };
  return { node, load };
};

/** @param {() => void} leave */
export const versionView = (leave) => {
  const name = el("b");
  const node = el(
    "p.bl-version-line",
    { role: "status", hidden: true },
    name,
    phrase("span", "version.note"),
    phrase("button.bl-toggle.bl-compact.bl-version-leave", "version.leave", { onclick: leave }),
  );

  /** @param {Case} opened */
  const load = ({ version, model }) => {
    node.hidden = !version;
    name.textContent = t("version.title", { version, model: model.slice(0, 12) });
  };
  return { node, load };
};
