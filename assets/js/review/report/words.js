// The report in its colours, and beside it that of A, or the report before it was changed where that was another.
import { el } from "../../lib/dom.js";
import { phrase } from "../../lib/i18n.js";
import { panelHead } from "../../lib/parts.js";
import { markingButton, WRONG } from "../marking.js";
import { sidesView } from "../sides.js";
import { changedWords } from "./diff.js";
import { reportText } from "./report.js";

/** @import { Case } from "../case/case.js" */
/** @import { Picker } from "../../lib/types.d.ts" */

// method: chooses one; more: stand at the end of the header.
/** @param {Picker} method @param {...HTMLElement} more */
export const wordsView = (method, ...more) => {
  const readout = el("span.bl-readout.bl-num", { "aria-live": "polite" });
  // Beta repeats the word that was pointed at last; there is one, on either side.
  /** @param {HTMLElement} node @param {string} text */
  const tell = (node, text) => {
    for (const side of [now, past]) if (side.node !== node) side.leave();
    readout.textContent = text;
  };
  const now = reportText("now", tell);
  const past = reportText("then", tell);
  const sides = sidesView(now, past, "div.bl-report-sides");
  const key = el(
    "span.bl-word-key",
    phrase("span.bl-word.bl-con", "words.against", { style: "--bl-share:.75" }),
    phrase("span.bl-word.bl-pro", "words.for", { style: "--bl-share:.75" }),
  );
  const tools = el("span.bl-word-tools", key, method.node, markingButton(WRONG), ...more);
  const node = el(
    "section.bl-panel.bl-words",
    panelHead("words.title", method.note, readout, tools),
    sides.node,
    el("div.bl-trust", { "data-modality": "report" }),
  );

  /** @param {Case} side */
  const wordsOf = ({ segments }) => segments.filter(([, word]) => word >= 0).map(([text]) => text);
  /** @param {Case} opened */
  const load = (opened) => {
    readout.textContent = "";
    const { beside } = opened;
    const isOther = beside?.isPinned && beside.side.case !== opened.case; // whose report is another anyway
    const [before, after] = beside && !isOther ? [beside.side, opened].map(wordsOf) : [[], []];
    const { gone, fresh } = changedWords(before, after);
    now.setChanged(fresh);
    past.setChanged(gone);
    sides.load(opened, beside?.isPinned || gone.size || fresh.size ? beside : null);
    tools.hidden = Boolean(opened.veiled);
    key.hidden = method.node.hidden = !opened.arrays.words;
    method.show(opened);
  };

  return { node, load, move: sides.move };
};
