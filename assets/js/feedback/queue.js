// The studies most worth a look, each with its reasons; in blind mode without them, as they say what the model thinks.
import { el } from "../lib/dom.js";
import { emit, on } from "../lib/events.js";
import { labelled, language, t } from "../lib/i18n.js";
import { note, offer, panelHead } from "../lib/parts.js";
import { reason } from "../lib/reasons.js";
import { blind } from "../review/blind.js";

/** @import * as m from "../lib/messages.d.ts" */
/** @import { Mount } from "../lib/types.d.ts" */

/** @type {Mount} */
export const mount = ({ element, trigger, value, follow }) => {
  const list = el("div.bl-queue-list");
  const which = el("select.bl-select.bl-push", {
    ...labelled("cases.queue"),
    onchange: () => trigger("choose", { queue: which.value }),
  });
  const purpose = el("p.bl-muted.bl-lab-note");
  const none = note("queue.waiting");
  const count = el("span.bl-muted.bl-num");
  element.replaceChildren(el("section.bl-panel.bl-queue", panelHead("queue.title", count, which), purpose, none, list));

  /** @param {string} study @param {number} index */
  const open = (study, index) => {
    emit("opening", study);
    emit("use-queue", queue);
    trigger("select", { index, value: study });
  };
  /** @type {m.Question["queue"]} */
  let queue = "evaluation";
  let drawn = "";
  const draw = () => {
    /** @type {Partial<m.CaseList> & Partial<m.Failed> | null} */
    const told = value();
    if (!told) return;
    const { studies = [], total = 0, error, question } = told;
    queue = question?.queue || queue;
    offer(which, ["evaluation", "training"], (name) => t(`cases.queue.${name}`));
    which.value = queue;
    purpose.textContent = t(`cases.purpose.${queue}`);
    none.hidden = studies.length > 0;
    none.textContent = error || t("queue.none");
    count.textContent = studies.length ? t("cases.count", { shown: studies.length, all: total }) : "";
    const now = JSON.stringify([studies, blind, language]);
    if (now === drawn) return; // a study that is being clicked must stay until the button is let go
    drawn = now;
    list.replaceChildren(
      ...studies.map((study, index) =>
        el(
          "button.bl-queued",
          { "data-study": study.id, onclick: () => open(study.id, index) },
          study.thumb ? el("img", { src: study.thumb, alt: "", loading: "lazy" }) : el("span.bl-case-blank.bl-muted"),
          el(
            "span.bl-queued-why",
            el("b", study.id),
            el("span.bl-muted", ` ${t(`lab.split.${study.split}`)}`),
            ...(blind ? [t("queue.blind")] : study.reasons.map(reason)).map((line) => el("span", line)),
          ),
        ),
      ),
    );
  };
  follow(draw);
  on("blind", draw);
};
