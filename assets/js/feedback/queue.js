// The studies most worth a look, each with its reasons; in blind mode without them, as they say what the model thinks.
import { el } from "../lib/dom.js";
import { emit, on } from "../lib/events.js";
import { language, phrase, t } from "../lib/i18n.js";
import { reason } from "../lib/reasons.js";
import { blind } from "../review/blind.js";

/** @import * as m from "../lib/messages.d.ts" */
/** @import { Mount } from "../lib/types.d.ts" */

/** @type {Mount} */
export const mount = ({ element, trigger, props, watch }) => {
  const list = el("div", { class: "bl-queue-list" });
  const none = phrase("p", "queue.waiting", { class: "bl-muted bl-lab-note" });
  const count = el("span", { class: "bl-muted bl-num" });
  element.replaceChildren(
    el(
      "section",
      { class: "bl-panel bl-queue" },
      el("header", { class: "bl-panel-head" }, phrase("h3", "queue.title"), count),
      phrase("p", "queue.note", { class: "bl-muted bl-lab-note" }),
      none,
      list,
    ),
  );

  /** @param {string} study @param {number} index */
  const open = (study, index) => {
    emit("opening");
    emit("use-queue");
    trigger("select", { index, value: study });
  };
  let drawn = "";
  const draw = () => {
    if (!props.value) return;
    /** @type {Partial<m.CaseList> & Partial<m.Failed>} */
    const { studies = [], total = 0, error } = JSON.parse(props.value);
    none.hidden = studies.length > 0;
    none.textContent = error || t("queue.none");
    count.textContent = studies.length ? t("cases.count", { shown: studies.length, all: total }) : "";
    const now = JSON.stringify([studies, blind, language]);
    if (now === drawn) return; // a study that is being clicked must stay until the button is let go
    drawn = now;
    list.replaceChildren(
      ...studies.map((study, index) =>
        el(
          "button",
          { type: "button", class: "bl-queued", "data-study": study.id, onclick: () => open(study.id, index) },
          study.thumb
            ? el("img", { src: study.thumb, alt: "", loading: "lazy" })
            : el("span", { class: "bl-case-blank bl-muted" }),
          el(
            "span",
            { class: "bl-queued-why" },
            el("b", { text: study.id }),
            el("span", { class: "bl-muted", text: ` ${t(`lab.split.${study.split}`)}` }),
            ...(blind ? [t("queue.blind")] : study.reasons.map(reason)).map((line) => el("span", { text: line })),
          ),
        ),
      ),
    );
  };
  watch("value", draw);
  on("language", draw);
  on("blind", draw);
  draw();
};
