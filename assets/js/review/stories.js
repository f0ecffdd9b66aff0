// The stories of the table, a line each: a study, what to see in it, and the β to look from. They are true of one model
// and are not told of another.
import { el } from "../lib/dom.js";
import { emit, on } from "../lib/events.js";
import { joined, number } from "../lib/format.js";
import { findingName, labelled, t } from "../lib/i18n.js";
import { walkByArrows } from "../lib/keys.js";

/** @import * as m from "../lib/messages.d.ts" */

export const storiesView = () => {
  const node = el("div.bl-stories", { role: "group", ...labelled("stories.label"), hidden: true });
  const lines = () => /** @type {HTMLElement[]} */ ([...node.children]);
  /** @type {m.OfferedStory[]} */
  let stories = [];
  let of = "";
  let model = ""; // of the open case
  let open = ""; // study

  /** @param {m.OfferedStory} story */
  const line = ({ kind, study, finding, beta }) =>
    el("button.bl-story", {
      "data-study": study,
      "data-kind": kind,
      text: t(`story.${kind}`),
      title: joined([t(`story.${kind}`), study, findingName(finding), `β = ${number(beta)}`]),
      onclick: () => emit("go-to", { study, finding, beta }),
    });
  const isTold = () => stories.length > 0 && (!of || !model || of === model);
  // One line can be reached by Tab: that of the open case, or the first.
  const mark = () => {
    const at = stories.findIndex(({ study }) => study === open);
    node.hidden = !isTold();
    lines().forEach((button, i) => {
      button.ariaCurrent = String(i === at);
      button.tabIndex = i === Math.max(at, 0) ? 0 : -1;
    });
  };
  walkByArrows(node, lines);
  on("opened", (now) => {
    model = now.model;
    mark();
  });

  /** @param {m.CaseList} list */
  const load = (list) => {
    stories = list.stories;
    of = list.stories_of;
    node.replaceChildren(...stories.map(line));
    mark();
  };
  /** @param {string | null} study */
  const show = (study) => {
    open = study ?? "";
    mark();
  };
  // The story that a study tells, if any.
  /** @param {string | null} study */
  const storyOf = (study) => (isTold() ? stories.find((story) => story.study === study) : undefined);
  /** @param {string} study @param {m.OfferedStory["judged"]} judged */
  const judge = (study, judged) => {
    stories = stories.map((story) => (story.study === study ? { ...story, judged } : story));
  };
  return { node, load, show, storyOf, judge };
};
