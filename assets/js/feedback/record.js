// One verdict with what was on the screen when it was given: recorded, not computed again.
import { el } from "../lib/dom.js";
import { emit, on } from "../lib/events.js";
import { number, probability } from "../lib/format.js";
import { findingName, phrase, t } from "../lib/i18n.js";

/** @import { Mount } from "../lib/types.d.ts" */
/** @import * as m from "../lib/messages.d.ts" */

/** @type {Mount} */
export const mount = ({ element, trigger, props, watch }) => {
  const panel = el("section", { class: "bl-panel bl-record", hidden: true, tabindex: -1 });
  element.replaceChildren(panel);

  /** @param {string} finding @param {number} p @param {string[] | null} has */
  const bar = (finding, p, has) =>
    el(
      "div",
      { class: `bl-bar-line${p >= 0.5 ? " bl-positive" : ""}` },
      el("span", { class: "bl-bar-name", text: findingName(finding) }),
      el(
        "span",
        { class: "bl-bar-track" },
        el("span", { class: "bl-bar-fill", style: `width:${100 * p}%` }),
        el("span", { class: "bl-bar-half" }),
      ),
      el("span", { class: "bl-num", text: probability(p) }),
      el("span", { class: "bl-record-has", text: has === null ? "" : has.includes(finding) ? "✓" : "–" }),
    );
  /** @param {number[]} values */
  const box = ([top, left, height, width]) =>
    el("i", {
      class: "bl-record-box",
      style: `top:${100 * top}%;left:${100 * left}%;height:${100 * height}%;width:${100 * width}%`,
    });
  /** @param {m.Reviewed} record */
  const film = (record) =>
    record.film
      ? el(
          "div",
          { class: "bl-record-film" },
          el(
            "span",
            {},
            el("img", { src: record.film, alt: t("feedback.record_film_alt") }),
            ...record.regions.map(box),
          ),
        )
      : el("p", {
          class: "bl-muted bl-record-film",
          text: t(`feedback.record_film.${record.no_film}`, { digest: record.image_sha256.slice(0, 12) }),
        });

  const draw = () => {
    if (!props.value) return;
    /** @type {m.Reviewed & Partial<m.Failed>} */
    const record = JSON.parse(props.value);
    panel.hidden = false;
    const close = phrase("button", "feedback.record_close", {
      type: "button",
      class: "bl-toggle",
      onclick: () => (panel.hidden = true),
    });
    if (record.error) {
      panel.replaceChildren(
        el(
          "header",
          { class: "bl-panel-head" },
          el("p", { text: record.error }),
          el("span", { class: "bl-push" }, close),
        ),
      );
      return;
    }
    const models = { model: record.digest.slice(0, 12), loaded: record.loaded.slice(0, 12), version: record.version };
    const which = record.same_model ? "same_model" : record.version ? "version" : "gone";
    const open =
      record.can_open &&
      el("button", {
        type: "button",
        class: "bl-button bl-primary bl-record-open",
        text: t(`feedback.record_open.${which}`, models),
        onclick: () => {
          emit("opening", "");
          trigger("open", { id: record.id });
        },
      });
    const facts = [
      record.time.replace("T", " ").replace("Z", " UTC"),
      record.reviewer || t("feedback.unnamed"),
      record.study,
      t(`verdict.${record.verdict}`),
      record.blind && t("feedback.blind"),
      record.evidence !== "neither" && `${t("feedback.column.evidence")}: ${t(`evidence.${record.evidence}`)}`,
      record.undone && t("feedback.record_undone"),
    ]
      .filter(Boolean)
      .join(" · ");
    panel.replaceChildren(
      el(
        "header",
        { class: "bl-panel-head" },
        phrase("h3", "feedback.record"),
        el("span", { class: "bl-num", text: facts }),
        el("span", { class: "bl-push bl-feedback-exports" }, open || null, close),
      ),
      el(
        "div",
        { class: "bl-record-body" },
        film(record),
        el(
          "div",
          {},
          el("h4", { text: t("feedback.record_probabilities", { beta: number(record.beta) }) }),
          el(
            "div",
            { class: "bl-bar-line bl-muted" },
            el("span"),
            el("span"),
            el("span"),
            phrase("span", "feedback.record_has", { class: "bl-record-has" }),
          ),
          ...Object.entries(record.probabilities).map(([finding, p]) => bar(finding, p, record.has)),
          el("p", {
            class: which === "gone" ? "bl-lab-warning" : "bl-muted",
            text: t(`feedback.record_model.${which}`, models),
          }),
        ),
        el(
          "div",
          {},
          record.comment ? el("p", { class: "bl-record-comment", text: `“${record.comment}”` }) : null,
          el(
            "p",
            { class: "bl-report-text" },
            ...record.report.map(([text, wrong]) => el("span", { class: wrong ? "bl-word bl-wrong" : null, text })),
          ),
        ),
      ),
    );
    panel.scrollIntoView({ block: "nearest" });
    panel.focus({ preventScroll: true });
  };
  watch("value", draw);
  on("language", () => panel.hidden || draw());
};
