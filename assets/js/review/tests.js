// What the tests of an explanation found, in a sentence and as chips under it, and as a table in their own tab.
import { el, put } from "../lib/dom.js";
import { on } from "../lib/events.js";
import { exactShare, number } from "../lib/format.js";
import { phrase, t } from "../lib/i18n.js";
import { fold } from "../lib/parts.js";

/** @import { Modality, Shown } from "../lib/types.d.ts" */
/** @import * as m from "../lib/messages.d.ts" */

// Deletion and insertion: with how many of the baselines the area beats random order, or the two areas where there is
// but one; and the areas of each.
/** @param {m.Figures} figures @param {"deletion" | "insertion"} name */
const areas = (figures, name) =>
  Object.entries(figures.areas).map(([baseline, area]) => [baseline, `${number(area[name])} / ${number(area.random)}`]);
/** @param {m.Figures} figures @param {"deletion" | "insertion"} name */
const verdict = (figures, name) => (figures[name].of === 1 ? areas(figures, name)[0][1] : trustVerdict(figures[name]));
/** @param {m.Figures} figures @param {"deletion" | "insertion"} name */
const each = (figures, name) =>
  figures[name].of === 1
    ? []
    : areas(figures, name).map(([baseline, both]) => `${t(`trust.baseline.${baseline}`)} ${both}`);
/** @param {{ passed: number, of: number }} given */
export const trustVerdict = ({ passed, of }) => t("trust.verdict", { passed, of });

// Figure, how it is shown, and what it is made of. Whether it speaks for the explanation the server says
// (explain/trust/pass_marks.py); a test that says nothing of this case is left out.
/** @param {unknown} value */
const yes = (value) => t(value ? "trust.yes" : "trust.no");
/** @param {number} value */
export const times = (value) => `${number(value, 1)}×`;
/** @typedef {(figures: m.Figures) => string} Show */
/** @type {[keyof m.Figures, Show, ((figures: m.Figures) => string[])?][]} */
const TESTS = [
  ["completeness_error", (f) => exactShare(f.completeness_error)],
  ["points_inside", (f) => yes(f.points_inside)],
  ["heat_concentration", (f) => times(f.heat_concentration)],
  ["heat_in_lungs", (f) => times(f.heat_in_lungs)],
  ["top_word_states", (f) => yes(f.top_word_states)],
  ["rank_percentile", (f) => number(f.rank_percentile)],
  ["deletion", (f) => verdict(f, "deletion"), (f) => each(f, "deletion")],
  ["insertion", (f) => verdict(f, "insertion"), (f) => each(f, "insertion")],
  ["stability", (f) => number(f.stability)],
  ["sanity", (f) => number(f.sanity)],
];
/** @param {m.Tested} given */
export const trustTests = ({ figures, passed }) =>
  TESTS.filter(([name]) => name in passed).map(([name, show, parts]) => ({
    name,
    value: show(figures),
    good: passed[name],
    parts: parts ? parts(figures) : [],
  }));

/** @param {Shown} given */
const chip = ({ name, value, good, parts }) =>
  el(
    "span",
    {
      class: `bl-test ${good ? "bl-pass" : "bl-doubt"}`,
      title: `${[value, ...parts].join(", ")}. ${t(`trust.help.${name}`)}`,
    },
    el("i", { "aria-hidden": "true", text: good ? "✓" : "!" }),
    phrase("span", `trust.short.${name}`),
    " ",
    el("b.bl-num", value),
  );

/** @param {Modality} modality @param {m.Tested} own */
const checks = (modality, own) => {
  const shown = trustTests(own);
  const passed = shown.filter(({ good }) => good).length;
  const said = el("summary", {
    class: passed < shown.length ? "bl-doubt" : "",
    title: t(`trust.alone.${modality}`),
    text: t("trust.checks", { passed, of: shown.length }),
  });
  return fold(`checks.${modality}`, said, el("div.bl-tests", ...shown.map(chip)));
};

/** @type {m.Tests | null} */
export let tested = null; // the tests of what is on the stage
/** @param {m.Tests | null} result */
const fill = (result) => {
  tested = result;
  for (const slot of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".bl-trust"))) {
    const modality = /** @type {Modality} */ (slot.dataset.modality);
    const own = result?.[modality];
    put(slot, own && trustTests(own).length > 0 && checks(modality, own));
  }
};
on("explained", () => fill(null));
on("veiled", () => fill(null));
on("trust", fill);
on("language", () => fill(tested));
