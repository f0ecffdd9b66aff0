// Thumbnails of the reference studies to open, narrowed by finding and by discordance, or queued by what is most
// worth a look; or, when another case asks for a report, to take it from. In blind mode nothing here says what a
// study has.
import { el } from "../lib/dom.js";
import { emit, on } from "../lib/events.js";
import { joined } from "../lib/format.js";
import { findingName, findingNames, labelled, phrase, t } from "../lib/i18n.js";
import { offer, panelHead, toggle } from "../lib/parts.js";
import { reason } from "../lib/reasons.js";
import { blind } from "./blind.js";

/** @import * as m from "../lib/messages.d.ts" */
/** @import { Mount } from "../lib/types.d.ts" */

/** @type {Mount} */
export const mount = ({ element, trigger, value, follow }) => {
  const list = el("div.bl-case-list", { role: "listbox", ...labelled("cases.label") });
  const finding = el("select.bl-select", { ...labelled("cases.finding"), onchange: () => ask() });
  /** @param {HTMLElement} button */
  const pressed = (button) => button.ariaPressed === "true";
  /** @param {string} key @param {string} classes */
  const filter = (key, classes) => {
    const button = toggle(key, classes, () => {
      button.ariaPressed = String(!pressed(button));
      ask();
    });
    return button;
  };
  const discordant = filter("cases.discordant", "");
  const queue = filter("cases.queue", ".bl-only-queue");
  const count = el("span.bl-muted.bl-num");
  const hint = el(
    "p.bl-pick-hint",
    { role: "status", hidden: true },
    phrase("span", "swap.hint"),
    " ",
    phrase("button.bl-toggle", "swap.cancel", { onclick: () => emit("pick", false) }),
  );
  const panel = el(
    "section.bl-panel.bl-cases",
    panelHead("cases.title", count),
    hint,
    el("div.bl-case-filter", finding, discordant, queue),
    list,
  );
  element.replaceChildren(panel);

  const shown = () => /** @type {HTMLElement[]} */ ([...list.children]);
  /** @type {string | null} */
  let current = null;
  let picking = false;
  on("pick", (on) => {
    picking = on;
    hint.hidden = !on;
    panel.classList.toggle("bl-picking", on);
  });
  document.addEventListener("keydown", (event) => event.key === "Escape" && picking && emit("pick", false));
  const ask = () =>
    trigger("filter", { finding: finding.value, discordant: pressed(discordant), queue: pressed(queue) });
  on("use-queue", () => pressed(queue) || queue.click());
  // The card after the open one; from a case that is not on the list, its first.
  on("next-case", () => {
    const cards = shown();
    const next = cards[cards.findIndex((card) => card.dataset.study === current) + 1];
    if (!next) return emit("no-next");
    next.click();
    next.scrollIntoView({ block: "nearest" });
  });
  /** @param {string} study @param {number} index */
  const open = (study, index) => {
    emit("opening");
    if (picking) {
      emit("pick", false);
      trigger("pick", { value: study });
      return;
    }
    mark(study);
    trigger("select", { index, value: study });
  };
  /** @param {string} study */
  const mark = (study) => {
    current = study;
    for (const card of shown()) card.ariaSelected = String(card.dataset.study === study);
  };

  const draw = () => {
    /** @type {m.Shelf | null} */
    const shelf = value();
    if (!shelf) return;
    const queued = Boolean(shelf.queue);
    offer(finding, shelf.findings, findingName, phrase("option", "cases.any", { value: "" }));
    if (shelf.finding !== undefined) finding.value = shelf.finding;
    finding.hidden = blind || queued;
    discordant.hidden = blind || queued || !shelf.has_discordant;
    queue.ariaPressed = String(queued);
    count.textContent = t("cases.count", { shown: shelf.studies.length, all: shelf.total });
    list.replaceChildren(
      ...shelf.studies.map((study, index) => {
        const labels = findingNames(study.labels);
        const named = blind ? study.id : queued ? t(`queue.short.${study.reasons[0].kind}`) : labels;
        const why = queued ? study.reasons.map(reason) : [];
        return el(
          "button.bl-case",
          {
            role: "option",
            "data-study": study.id,
            "aria-selected": String(study.id === current),
            title: blind ? study.id : joined([study.id, labels, ...why]),
            onclick: () => open(study.id, index),
          },
          study.thumb
            ? el("img", { src: study.thumb, alt: "", loading: "lazy" })
            : phrase("span.bl-case-blank.bl-muted", "cases.no_film"),
          el("span.bl-case-name", named),
          study.discordant && !blind && el("span.bl-case-flag", { text: "≠", title: t("cases.discordant") }),
        );
      }),
    );
  };
  follow(draw);
  on("blind", draw);
  on("opened", (now) => mark(now.case));
};
