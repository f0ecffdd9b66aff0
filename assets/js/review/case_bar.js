// Which case is on the stage: its name, where it comes from, its place in the list, and what to see in it: its story,
// or why the queue offers it. From a cell of the β lab there is a way back to it.
import { el } from "../lib/dom.js";
import { emit, on } from "../lib/events.js";
import { findingName, labelled, t } from "../lib/i18n.js";
import { reason } from "../lib/reasons.js";
import { onShortcut } from "./shortcuts.js";

/** @import { CasePlace, LabCell } from "../lib/types.d.ts" */
/** @import { Case } from "./case/case.js" */

// A study's id; what somebody sent is said to be theirs.
/** @param {Case} of */
export const caseName = ({ case: id, split }) => (split ? id : t("case.sent", { id }));

// more: stand at its end.
/** @param {...HTMLElement} more */
export const caseBar = (...more) => {
  /** @param {"previous" | "next"} which @param {string} sign */
  const step = (which, sign) =>
    el("button.bl-icon.bl-case-step", {
      ...labelled(`case.${which}`),
      text: sign,
      onclick: () => emit(`${which}-case`),
    });
  const name = el("h2.bl-case-title", { tabindex: -1 });
  const from = el("span.bl-chip");
  const place = el("span.bl-muted.bl-num");
  const judged = el("span.bl-case-verdict");
  const why = el("span.bl-case-reason");
  const back = el("button.bl-toggle.bl-case-back", {
    hidden: true,
    "aria-keyshortcuts": "R",
    onclick: () => emit("to-cell", cell),
  });
  const node = el(
    "div.bl-case-bar",
    back,
    step("previous", "‹"),
    step("next", "›"),
    name,
    from,
    place,
    judged,
    why,
    ...more,
  );

  /** @type {Case | null} */
  let opened = null;
  /** @type {CasePlace | null} */
  let known = null;
  /** @type {LabCell | null} */
  let cell = null;
  // A story is of one finding of the case as it came, and gives the answer away.
  const storyNow = () => {
    const story = known?.study === opened.case ? known.story : null;
    const isShown = story && story.finding === opened.finding && !opened.veiled && !opened.changes.length;
    return isShown ? t(`story.${story.kind}`) : null;
  };
  const draw = () => {
    if (!opened) return;
    const { case: id, split } = opened;
    const listed = known?.study === id && known.index >= 0 ? known : null;
    name.textContent = caseName(opened);
    document.title = `${name.textContent} · BetaLens`;
    from.hidden = !split;
    from.textContent = split && t(`lab.split.${split}`);
    from.title = split && t(`case.split.${split}`);
    from.classList.toggle("bl-chip-learnt", split === "train");
    place.textContent = listed ? t("case.place", { place: listed.index + 1, total: listed.total }) : "";
    const said = known?.study === id ? known.judged : "";
    judged.textContent = said ? t("case.judged", { verdict: t(`verdict.${said}`) }) : "";
    back.hidden = !split || cell?.study !== id;
    if (!back.hidden)
      back.textContent = t(`case.to_cell.${cell.cell}`, { n: cell.count, finding: findingName(cell.finding) });
    const queued = listed?.reasons.length ? t("case.why", { reason: reason(listed.reasons[0]) }) : "";
    const story = storyNow();
    why.textContent = story ?? queued;
    why.title = story ?? "";
    why.classList.toggle("bl-case-story", story !== null);
  };
  on("case-place", (now) => {
    known = now;
    draw();
  });
  on("from-cell", (now) => {
    cell = now;
    draw();
  });
  onShortcut(node, { r: () => back.hidden || back.click() });
  /** @param {Case} now */
  const load = (now) => {
    opened = now;
    draw();
  };
  return { node, load };
};
