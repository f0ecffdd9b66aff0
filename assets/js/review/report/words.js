// The report in its colours, and beside it the report before it was changed.
import { el } from "../../lib/dom.js";
import { phrase } from "../../lib/i18n.js";
import { panelHead } from "../../lib/parts.js";
import { sidesView } from "../sides.js";
import { ReportText } from "./report.js";

/** @import { Case } from "../case/case.js" */
/** @import { Picker } from "../../lib/types.d.ts" */

export class WordsView {
  // method: chooses one; tools: buttons at the end of the header.
  /** @param {Picker} method @param {...HTMLElement} tools */
  constructor(method, ...tools) {
    this.method = method;
    this.readout = el("span.bl-readout.bl-num", { "aria-live": "polite" });
    // Beta repeats the word that was pointed at last; there is one, on either side.
    /** @param {ReportText} side @param {string} text */
    const tell = (side, text) => {
      for (const other of [this.now, this.past]) if (other !== side) other.current = null;
      this.readout.textContent = text;
    };
    this.now = new ReportText("now", tell);
    this.past = new ReportText("then", tell);
    this.tools = el(
      "span.bl-word-tools",
      el(
        "span.bl-word-key",
        phrase("span.bl-word.bl-con", "words.against", { style: "--bl-share:.75" }),
        phrase("span.bl-word.bl-pro", "words.for", { style: "--bl-share:.75" }),
      ),
      method.node,
      ...tools,
    );
    this.sides = sidesView(this.now, this.past, "div.bl-report-sides");
    this.node = el(
      "section.bl-panel.bl-words",
      panelHead("words.title", this.readout, this.tools),
      this.sides.node,
      el("div.bl-trust", { "data-modality": "report" }),
    );
  }

  /** @param {Case} opened */
  load(opened) {
    this.readout.textContent = "";
    this.sides.load(opened);
    this.tools.hidden = Boolean(opened.veiled);
    this.method.node.hidden = !opened.arrays.words;
    this.method.show(opened.chosen.report);
  }

  /** @param {number} beta */
  move(beta) {
    this.sides.move(beta);
  }
}
