// One verdict with what was on the screen when it was given: recorded, not computed again.
import { el } from "../lib/dom.js";
import { emit, on } from "../lib/events.js";
import { joined, moment, number, probability } from "../lib/format.js";
import { findingName, phrase, t } from "../lib/i18n.js";
import { panelHead } from "../lib/parts.js";

/** @import { Mount } from "../lib/types.d.ts" */
/** @import * as m from "../lib/messages.d.ts" */

/** @type {Mount} */
export const mount = ({ element, trigger, value, watch }) => {
  const panel = el("section.bl-panel.bl-record", { hidden: true, tabindex: -1 });
  element.replaceChildren(panel);

  /** @param {string} finding @param {number} p @param {string[] | null} has */
  const bar = (finding, p, has) =>
    el(
      "div",
      { class: `bl-bar-line${p >= 0.5 ? " bl-positive" : ""}` },
      el("span.bl-bar-name", findingName(finding)),
      el("span.bl-bar-track", el("span.bl-bar-fill", { style: `width:${100 * p}%` }), el("span.bl-bar-half")),
      el("span.bl-num", probability(p)),
      el("span.bl-record-has", has === null ? "" : has.includes(finding) ? "✓" : "–"),
    );
  /** @param {number[]} values @param {string} [finding] that is there; wrong evidence where not given */
  const box = ([top, left, height, width], finding) =>
    el(
      "i",
      {
        class: `bl-record-box${finding ? " bl-record-here" : ""}`,
        style: `top:${100 * top}%;left:${100 * left}%;height:${100 * height}%;width:${100 * width}%`,
      },
      finding && el("b", findingName(finding)),
    );
  /** @param {m.Reviewed} record */
  const film = (record) =>
    record.film
      ? el(
          "div.bl-record-film",
          el(
            "span",
            el("img", { src: record.film, alt: t("feedback.record_film_alt") }),
            ...record.regions.map((region) => box(region)),
            ...record.finding_boxes.map(([finding, ...region]) => box(region, finding)),
          ),
          record.can_open && phrase("p.bl-muted", "feedback.record_heat"),
        )
      : el(
          "p.bl-muted.bl-record-film",
          t(`feedback.record_film.${record.no_film}`, { digest: record.image_sha256.slice(0, 12) }),
        );

  const draw = () => {
    /** @type {(m.Reviewed & Partial<m.Failed>) | null} */
    const record = value();
    if (!record) return;
    panel.hidden = false;
    const close = phrase("button.bl-toggle", "feedback.record_close", { onclick: () => (panel.hidden = true) });
    if (record.error) {
      panel.replaceChildren(el("header.bl-panel-head", el("p", record.error), el("span.bl-push", close)));
      return;
    }
    const models = { model: record.digest.slice(0, 12), loaded: record.loaded.slice(0, 12), version: record.version };
    const which = record.same_model ? "same_model" : record.version ? "version" : "gone";
    const open =
      record.can_open &&
      el("button.bl-button.bl-primary.bl-record-open", {
        text: t(`feedback.record_open.${which}`, models),
        onclick: () => {
          emit("opening", "");
          trigger("open", { id: record.id });
        },
      });
    const facts = joined([
      moment(record.time),
      record.reviewer || t("feedback.unnamed"),
      record.study,
      t(`verdict.${record.verdict}`),
      record.blind && t("feedback.blind"),
      record.evidence !== "neither" && `${t("feedback.column.evidence")}: ${t(`evidence.${record.evidence}`)}`,
      record.undone && t("feedback.record_undone"),
    ]);
    panel.replaceChildren(
      panelHead("feedback.record", el("span.bl-num", facts), el("span.bl-push.bl-feedback-exports", open, close)),
      el(
        "div.bl-record-body",
        film(record),
        el(
          "div",
          el("h3", t("feedback.record_probabilities", { beta: number(record.beta) })),
          el(
            "div.bl-bar-line.bl-muted",
            el("span"),
            el("span"),
            el("span"),
            phrase("span.bl-record-has", "feedback.record_has"),
          ),
          ...Object.entries(record.probabilities).map(([finding, p]) => bar(finding, p, record.has)),
          el("p", {
            class: which === "gone" ? "bl-lab-warning" : "bl-muted",
            text: t(`feedback.record_model.${which}`, models),
          }),
        ),
        el(
          "div",
          record.comment && el("p.bl-record-comment", `“${record.comment}”`),
          el(
            "p.bl-report-text",
            ...record.report.map(([text, wrong]) => el("span", { class: wrong ? "bl-word bl-wrong" : null, text })),
          ),
        ),
      ),
    );
    panel.scrollIntoView({ block: "nearest" });
    panel.focus({ preventScroll: true });
  };
  watch(draw);
  on("language", () => panel.hidden || draw());
};
