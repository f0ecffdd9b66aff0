// The reference studies nearest to the open case: by image, by report, and by both at this beta.
import { currentBeta } from "../lib/beta.js";
import { cardParts } from "../lib/cards.js";
import { el, put } from "../lib/dom.js";
import { emit, on } from "../lib/events.js";
import { number } from "../lib/format.js";
import { phrase, t } from "../lib/i18n.js";
import { note, panelHead } from "../lib/parts.js";
import { debounce } from "../lib/timing.js";

/** @import { Case } from "./case/case.js" */
/** @import { Mount } from "../lib/types.d.ts" */
/** @import * as m from "../lib/messages.d.ts" */

/** @type {Mount} */
export const mount = ({ element, trigger, value, watch }) => {
  const STILL_MS = 350; // beta and case stand still for so long before the server is asked
  const body = el("div.bl-neighbours-body");
  const panel = el(
    "section.bl-panel.bl-neighbours",
    { hidden: true },
    panelHead("neighbours.title", phrase("span.bl-muted", "neighbours.help")),
    body,
  );
  element.replaceChildren(panel);

  /** @type {m.Neighbours | null} */
  let found = null;
  /** @type {Case | null} */
  let opened = null;
  const ask = debounce(() => opened && trigger("ask", { ticket: opened.ticket, beta: currentBeta() }), STILL_MS);

  /** @param {m.Near} near */
  const card = (near) => {
    const [film, labels, id, words] = cardParts(near);
    id.textContent = `${near.id} · ${t("neighbours.distance", { distance: number(near.distance) })}`;
    return el(
      "button.bl-neighbour",
      {
        "data-study": near.id,
        title: t("neighbours.open", { study: near.id }),
        onclick: () => {
          emit("opening", near.id);
          trigger("select", { index: 0, value: near.id });
        },
      },
      film,
      labels,
      id,
      words,
    );
  };
  /** @param {m.NearIn} given */
  const row = ({ space, near }) => {
    const by = space === "fused" && found.modalities.length < 2 ? "fused_one" : space;
    const name = t(`neighbours.by.${by}`, { beta: number(found.beta) });
    const missing = near === null ? `neighbours.no.${space}` : "neighbours.none";
    return el(
      "div.bl-neighbours-row",
      { "data-space": space },
      el("span.bl-muted", name),
      ...(near?.length ? near.map(card) : [phrase("p.bl-muted", missing)]),
    );
  };
  let isAway = false; // no case stands on the stage: what was asked to be opened was not
  const draw = () => {
    panel.hidden = !opened || isAway;
    const { progress, error, spaces = [] } = found ?? {};
    put(
      body,
      opened?.cannot_tell.length > 0 && note("neighbours.unlike"),
      !found && note("neighbours.waiting"),
      progress && el("p.bl-muted.bl-lab-note", { role: "status", text: t("neighbours.encoding", progress) }),
      error && el("p.bl-muted.bl-lab-note", error),
      ...spaces.map(row),
    );
  };
  watch(() => {
    /** @type {m.Neighbours | null} */
    const answer = value();
    if (!answer || !opened || (answer.ticket !== opened.ticket && !answer.progress)) return;
    found = answer;
    element.dataset.case = answer.progress || answer.error ? "" : opened.case;
    draw();
  });
  on("explained", (now) => {
    const same = opened?.case === now.case && opened.changes.length === now.changes.length;
    opened = now;
    found = same && found ? { ...found, ticket: now.ticket } : null;
    draw();
    if (!found) ask();
  });
  on("veiled", () => {
    opened = found = null;
    draw();
  });
  for (const [event, away] of /** @type {const} */ ([
    ["not-opened", true],
    ["opened", false],
  ])) {
    on(event, () => {
      isAway = away;
      draw();
    });
  }
  on("beta", () => opened?.modalities.length === 2 && ask());
  on("language", draw);
  draw();
};
