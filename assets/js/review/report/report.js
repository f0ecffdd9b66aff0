// One report with each word's signed share of the decision: red with a solid line speaks for the finding, blue with a
// dashed line against it. One tab stop; the arrow keys walk from word to word, a click or Enter marks one as wrong.
import { el } from "../../lib/dom.js";
import { emit, on } from "../../lib/events.js";
import { signed } from "../../lib/format.js";
import { labelled, phrase, t } from "../../lib/i18n.js";
import { stepOf } from "../../lib/keys.js";

/** @import { Case } from "../case/case.js" */

export class ReportText {
  // side: "now", or "then" for the report before it was changed; tell: called with this and the word that is pointed
  // at.
  /** @param {"now" | "then"} side @param {(text: ReportText, said: string) => void} tell */
  constructor(side, tell) {
    this.tell = tell;
    this.text = el("p.bl-report-text", {
      role: "group",
      "data-side": side,
      ...labelled("words.label"),
    });
    this.caption = phrase("span.bl-report-caption.bl-muted", `what_if.${side}`, { hidden: true });
    this.node = el("div.bl-report-side", this.caption, this.text);
    /** @type {Set<number>} */
    this.wrong = new Set();
    const at = (/** @type {Event} */ event) => /** @type {HTMLElement} */ (event.target);
    this.text.addEventListener("keydown", (event) => this.walk(event, at(event)));
    this.text.addEventListener("click", (event) => this.mark(at(event)));
    on("truth", (on) => this.text.classList.toggle("bl-show-truth", on));
    for (const name of ["pointerover", "focusin"]) this.text.addEventListener(name, (event) => this.read(at(event)));
    if (side !== "now") return;
    on("clear-marks", () => this.clear());
    on("to-words", () => this.words?.find((span) => span.tabIndex === 0)?.focus());
  }

  /** @param {Case} opened */
  load(opened) {
    this.opened = opened;
    /** @type {HTMLElement[]} */
    this.words = [];
    this.current = null;
    this.markable = !opened.veiled && !opened.original;
    this.text.classList.toggle("bl-markable", this.markable);
    if (!opened.segments.length) {
      this.text.replaceChildren(phrase("span.bl-muted", "words.none"));
      return;
    }
    const stating = new Set(opened.truth?.words || []);
    const recorded = new Set((!opened.original && opened.recorded && opened.recorded.words) || []);
    this.text.replaceChildren(
      ...opened.segments.map(([text, word, isRead]) => {
        if (!isRead) return el("span.bl-unread", phrase("span.bl-unread-mark", "words.unread"), el("span", text));
        if (word < 0) return el("span", text);
        const span = el("span", {
          text,
          class: `bl-word${stating.has(word) ? " bl-stating" : ""}${recorded.has(word) ? " bl-was-wrong" : ""}`,
          tabindex: this.words.length ? -1 : 0,
          "data-word": word,
        });
        this.words.push(span);
        span.classList.toggle("bl-wrong", this.wrong.has(word));
        return span;
      }),
    );
  }

  /** @param {HTMLElement} span */
  mark(span) {
    if (!this.markable || !span.dataset || span.dataset.word === undefined) return;
    const word = Number(span.dataset.word);
    if (!this.wrong.delete(word)) this.wrong.add(word);
    span.classList.toggle("bl-wrong", this.wrong.has(word));
    this.read(span);
    emit("wrong-words", [...this.wrong]);
  }

  clear() {
    this.wrong.clear();
    for (const span of this.words || []) span.classList.remove("bl-wrong");
    emit("wrong-words", []);
  }

  /** @param {number} beta */
  move(beta) {
    const scores = this.opened.at("words", beta);
    if (!scores) return;
    const top = this.opened.scales.words;
    for (const span of this.words) {
      const score = scores[Number(span.dataset.word)];
      const share = Math.min(1, Math.abs(score) / top);
      const quiet = share < 0.04;
      span.classList.toggle("bl-pro", !quiet && score > 0);
      span.classList.toggle("bl-con", !quiet && score < 0);
      span.style.setProperty("--bl-share", share.toFixed(3));
      span.dataset.score = signed(score, 3);
    }
    if (this.current) this.read(this.current);
  }

  /** @param {HTMLElement} span */
  read(span) {
    if (!span.dataset || span.dataset.score === undefined) return;
    this.current = span;
    this.tell(this, `“${span.textContent}” ${span.dataset.score}`);
    const wrong = this.wrong.has(Number(span.dataset.word))
      ? t("mark.word_wrong")
      : this.markable
        ? t("mark.word")
        : "";
    span.title = [t("words.value", { value: span.dataset.score }), wrong].filter(Boolean).join(". ");
    span.ariaLabel = `${span.textContent}, ${span.title}`;
  }

  /** @param {KeyboardEvent} event @param {HTMLElement} span the word it came to */
  walk(event, span) {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      this.mark(span);
      return;
    }
    const step = stepOf(event.key);
    const next = step && this.words[this.words.indexOf(span) + step];
    if (!next) return;
    event.preventDefault();
    span.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }
}
