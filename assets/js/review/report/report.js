// One report with each word's signed share of the decision: red with a solid line speaks for the finding, blue with a
// dashed line against it. One tab stop; the arrow keys walk from word to word, and while wrong evidence is marked a
// click or Enter marks one. What is new in a changed report is inserted, what is gone from the one before it deleted.
import { el } from "../../lib/dom.js";
import { emit, on } from "../../lib/events.js";
import { joined, signed } from "../../lib/format.js";
import { labelled, phrase, t } from "../../lib/i18n.js";
import { stepOf } from "../../lib/keys.js";
import { isKept } from "../cannot_tell.js";
import { marking, WRONG } from "../marking.js";

/** @import { Case } from "../case/case.js" */

// side: "now", or "then" for the report beside it; tell: called with the node of this and what is said of
// the word that is pointed at.
/** @param {"now" | "then"} side @param {(node: HTMLElement, said: string) => void} tell */
export const reportText = (side, tell) => {
  /** @type {Case | null} */
  let opened = null;
  /** @type {HTMLElement[]} */
  let words = [];
  /** @type {number[]} */
  let drawn = []; // the score that each of them shows
  /** @type {HTMLElement | null} */
  let current = null; // the word that was pointed at last
  let isPlain = false; // whether it is the report as it came, with its answer
  let top = 1; // the score that saturates the colour
  /** @type {Set<number>} */
  let changed = new Set();
  /** @type {Set<number>} */
  const wrong = new Set();
  const text = el("p.bl-report-text", { role: "group", "data-side": side, ...labelled("words.label") });
  const caption = el("span.bl-report-caption.bl-muted", { hidden: true });
  const node = el("div.bl-report-side", caption, text);

  // What costs nothing is in other units than what the checkpoint's scale was measured of: it has its own.
  /** @param {Case} given */
  const scaleOf = (given) =>
    given.isProvisional("report")
      ? given.arrays.words.values.reduce((most, score) => Math.max(most, Math.abs(score)), 0) || 1
      : given.scales.words;

  // Words that stand beside one another and changed, with what is between them, are one insertion or deletion.
  /** @param {HTMLElement[]} pieces */
  const inRuns = (pieces) => {
    const isChanged = (/** @type {HTMLElement | undefined} */ piece) => changed.has(Number(piece?.dataset.word ?? -1));
    /** @type {HTMLElement[]} */
    const shown = [];
    /** @type {HTMLElement | null} */
    let run = null;
    pieces.forEach((piece, i) => {
      const isBetween = !piece.dataset.word && isChanged(pieces[i - 1]) && isChanged(pieces[i + 1]);
      if (!isChanged(piece) && !isBetween) {
        run = null;
        shown.push(piece);
        return;
      }
      if (!run) {
        run = el(side === "now" ? "ins" : "del");
        shown.push(run);
      }
      run.append(piece);
    });
    return shown;
  };

  // apart: the places of the words that the report on the other side lacks.
  /** @param {Set<number>} apart */
  const setChanged = (apart) => {
    changed = apart;
  };

  /** @param {Case} given */
  const load = (given) => {
    opened = given;
    words = [];
    drawn = [];
    current = null;
    isPlain = side === "now" && !opened.veiled && !opened.original;
    drawMarkable();
    text.classList.toggle("bl-provisional", opened.isProvisional("report"));
    top = opened.arrays.words ? scaleOf(opened) : 1;
    if (!opened.segments.length) return text.replaceChildren(phrase("span.bl-muted", "words.none"));
    const stating = new Set(opened.truth?.words);
    const recorded = new Set(opened.original ? [] : opened.recorded?.words);
    const spans = opened.segments.map(([text, word, isRead]) => {
      if (!isRead) return el("span.bl-unread", phrase("span.bl-unread-mark", "words.unread"), el("span", text));
      if (word < 0) return el("span", text);
      const span = el("span.bl-word", { text, tabindex: words.length ? -1 : 0, "data-word": word });
      span.classList.toggle("bl-stating", stating.has(word));
      span.classList.toggle("bl-was-wrong", recorded.has(word));
      span.classList.toggle("bl-wrong", wrong.has(word));
      words.push(span);
      return span;
    });
    text.replaceChildren(...inRuns(spans));
  };

  const isMarkable = () => isPlain && marking === WRONG;
  const drawMarkable = () => text.classList.toggle("bl-markable", isMarkable());
  /** @param {HTMLElement} span */
  const mark = (span) => {
    if (!isMarkable() || span.dataset?.word === undefined) return;
    const word = Number(span.dataset.word);
    if (!wrong.delete(word)) wrong.add(word);
    span.classList.toggle("bl-wrong", wrong.has(word));
    read(span);
    emit("wrong-words", [...wrong]);
  };
  const clear = () => {
    wrong.clear();
    for (const span of words) span.classList.remove("bl-wrong");
    emit("wrong-words", []);
  };

  /** @param {number} beta */
  const move = (beta) => {
    const scores = opened.at("words", beta);
    if (!scores || isKept(opened)) return;
    words.forEach((span, i) => {
      const score = scores[Number(span.dataset.word)];
      if (Math.abs(score - drawn[i]) < top / 1000) return; // no eye would tell them apart
      drawn[i] = score;
      const share = Math.min(1, Math.abs(score) / top);
      const quiet = share < 0.04;
      span.classList.toggle("bl-pro", !quiet && score > 0);
      span.classList.toggle("bl-con", !quiet && score < 0);
      span.style.setProperty("--bl-share", share.toFixed(3));
      span.dataset.score = signed(score, 3);
    });
    if (current) read(current);
  };

  /** @param {HTMLElement} span */
  const read = (span) => {
    const score = span.dataset?.score;
    if (score === undefined) return;
    current = span;
    tell(node, `“${span.textContent}” ${score}`);
    const marked = wrong.has(Number(span.dataset.word));
    const more = marked ? t("mark.word_wrong") : isMarkable() && t("mark.word");
    span.title = joined([t("words.value", { value: score }), more], ". ");
    span.ariaLabel = `${span.textContent}, ${span.title}`;
  };
  // The word that is pointed at is on the other side now.
  const leave = () => {
    current = null;
  };

  /** @param {KeyboardEvent} event @param {HTMLElement} span the word it came to */
  const walk = (event, span) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      return mark(span);
    }
    const step = stepOf(event.key);
    const next = step && words[words.indexOf(span) + step];
    if (!next) return;
    event.preventDefault();
    span.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  };

  const at = (/** @type {Event} */ event) => /** @type {HTMLElement} */ (event.target);
  text.addEventListener("keydown", (event) => walk(event, at(event)));
  text.addEventListener("click", (event) => mark(at(event)));
  for (const name of ["pointerover", "focusin"]) text.addEventListener(name, (event) => read(at(event)));
  on("truth", (on) => text.classList.toggle("bl-show-truth", on));
  if (side === "now") {
    on("clear-marks", clear);
    on("marking", drawMarkable);
    on("to-words", () => words.find((span) => span.tabIndex === 0)?.focus());
  }

  return { node, caption, load, move, leave, setChanged };
};
