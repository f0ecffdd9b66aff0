// What a method came to over many cases, as cells of a table: a figure with its interval, and whether it meets its
// mark.
import { el } from "../lib/dom.js";
import { exactShare, fromTo, number, signed } from "../lib/format.js";
import { ifDefined, t } from "../lib/i18n.js";
import { times, trustVerdict } from "../review/tests.js";

/** @import { Interval, Modality } from "../lib/types.d.ts" */
/** @import * as m from "../lib/messages.d.ts" */

/** @typedef {keyof m.MethodFigures} Name */

const NOT_ASKED = "–"; // completeness of a method that promises none
const MORE = "↑";
const LESS = "↓";

/** @param {Name} name @returns {(value: number) => string} */
const writeOf = (name) =>
  name === "completeness_error" ? exactShare : name.startsWith("heat") ? times : (value) => number(value);

// Which way a figure should go, and how far. Films are deleted into three baselines, of which most must agree; of words
// there is one, with the difference to random order.
/** @param {Name} name @param {Modality} modality @param {Pick<m.MethodsTested, "least" | "most">} marks */
export const criterion = (name, modality, { least, most }) => {
  if (name in least) return `${MORE} ≥ ${writeOf(name)(least[name])}`;
  if (name in most) return `${LESS} ≤ ${writeOf(name)(most[name])}`;
  if (name !== "deletion" && name !== "insertion") return "";
  if (modality === "image") return `${MORE} ≥ ${trustVerdict({ passed: 2, of: 3 })}`;
  return name === "deletion" ? `${LESS} < 0` : `${MORE} > 0`;
};

/** @param {Interval | undefined} given @param {(value: number) => string} write */
const interval = (given, write) =>
  given && el("span.bl-muted", given.low === null ? t("lab.no_interval") : fromTo(write(given.low), write(given.high)));

// Not by colour alone.
/** @param {boolean | undefined} passes @param {string} said @param {HTMLElement | undefined} [more] */
const judged = (passes, said, more) =>
  passes === undefined
    ? el("td", said, more)
    : el(
        `td.bl-${passes ? "pass" : "doubt"}`,
        el("i", { role: "img", "aria-label": t(passes ? "trust.pass" : "trust.doubt"), text: passes ? "✓" : "!" }),
        " ",
        el("b", said),
        more,
      );

/** @param {Name} name @param {m.MethodFigures} figures */
export const methodCell = (name, figures) => {
  /** @type {any} */
  const figure = figures[name];
  const passes = figures.passed[name];
  if (figure?.of) {
    const direction = /** @type {"deletion" | "insertion"} */ (name);
    if (figure.of > 1) return judged(passes, trustVerdict(figure));
    const difference = Object.values(figures.faithfulness)[0][`${direction}_difference`];
    return judged(passes, signed(difference.value), interval(difference, signed));
  }
  if (name === "completeness_error" && figure === undefined) return el("td", NOT_ASKED);
  const write = writeOf(name);
  return judged(passes, ifDefined(figure, write), interval(figures.intervals[name], write));
};

/** @param {m.MethodFigures} figures */
export const casesCell = ({ n, patients, coarse }) =>
  el(
    "td",
    coarse
      ? el("span.bl-chip.bl-chip-coarse", { title: t("trust.coarse_help"), text: t("trust.coarse", { n }) })
      : String(n),
    el("span.bl-muted", t("trust.patients", { n: patients })),
  );
