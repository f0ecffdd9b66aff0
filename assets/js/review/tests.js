// What the tests of an explanation found, in a sentence and as chips under it, and as a table in their own tab.
import { el, put } from "../lib/dom.js";
import { on } from "../lib/events.js";
import { exactShare, number } from "../lib/format.js";
import { phrase, t } from "../lib/i18n.js";
import { fold } from "../lib/parts.js";

/** @import { Modality, Shown } from "../lib/types.d.ts" */
/** @import * as m from "../lib/messages.d.ts" */
/** @import { Case } from "./case/case.js" */

/** @param {unknown} value */
const yes = (value) => t(value ? "trust.yes" : "trust.no");
/** @param {number} value */
export const times = (value) => `${number(value, 1)}×`;
/** @param {{ passed: number, of: number }} given */
export const trustVerdict = ({ passed, of }) => t("trust.verdict", { passed, of });

// Deletion and insertion: with how many of the baselines the area beats random order, or the two areas where there is
// but one; and the areas of each.
/** @param {m.Figures} figures @param {"deletion" | "insertion"} name */
const areas = (figures, name) => {
  const all = Object.entries(figures.areas).map(([baseline, area]) => {
    const both = `${number(area[name])} / ${number(area.random)}`;
    return { both, named: `${t(`trust.baseline.${baseline}`)} ${both}` };
  });
  if (figures[name].of === 1) return { value: all[0].both, parts: [] };
  return { value: trustVerdict(figures[name]), parts: all.map(({ named }) => named) };
};

// Figure, and how it is shown. Whether it speaks for the explanation the server says (explain/trust/pass_marks.py); a
// test that says nothing of this case is left out.
/** @type {[keyof m.Figures, ((value: any) => string) | null][]} */
const TESTS = [
  ["completeness_error", exactShare],
  ["points_inside", yes],
  ["heat_concentration", times],
  ["heat_in_lungs", times],
  ["top_word_states", yes],
  ["rank_percentile", number],
  ["deletion", null],
  ["insertion", null],
  ["stability", number],
  ["sanity", number],
];
/** @param {m.Tested} given @returns {Shown[]} */
export const trustTests = ({ figures, passed }) =>
  TESTS.filter(([name]) => name in passed).map(([name, show]) => {
    const shown = show
      ? { value: show(figures[name]), parts: [] }
      : areas(figures, /** @type {"deletion" | "insertion"} */ (name));
    return { name, good: passed[name], ...shown };
  });

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
/** @type {Case | null} */
export let explained = null; // what is on the stage, for a tab that is opened later
/** @param {m.Tests | null} result */
const fill = (result) => {
  tested = result;
  for (const slot of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".bl-trust"))) {
    const modality = /** @type {Modality} */ (slot.dataset.modality);
    const own = result?.[modality];
    put(slot, own && trustTests(own).length > 0 && checks(modality, own));
  }
};
on("explained", (now) => {
  explained = now;
  fill(null);
});
on("veiled", () => {
  explained = null;
  fill(null);
});
on("trust", fill);
on("language", () => fill(tested));
