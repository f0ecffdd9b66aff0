// Deletion and insertion of one explanation: the curves with their areas, and, at the step under the pointer or the
// arrow keys, the film or the report as it was when the model was asked.
import { el, put } from "../lib/dom.js";
import { number, percent, probability } from "../lib/format.js";
import { labelled, phrase, t } from "../lib/i18n.js";
import { SLIDER_STEPS } from "../lib/keys.js";
import { offer } from "../lib/parts.js";
import { axisTitle, plot, plotCursor, plotly } from "../lib/plot.js";
import { themeColour } from "../lib/theme.js";
import { drawFilm, reportParts } from "./degraded.js";

/** @import { Direction } from "./degraded.js" */
/** @import { TestFilms } from "./trust.js" */
/** @import { Case } from "../review/case/case.js" */
/** @import * as m from "../lib/messages.d.ts" */

const FIRST = 3; // of 12 steps: a quarter is away
/** @type {Direction[]} */
const DIRECTIONS = ["deletion", "insertion"];

// films: asks for those of the film, which come by `show`.
/** @param {() => void} films */
export const curvesView = (films) => {
  /** @type {m.Tested | null} */
  let own = null;
  /** @type {Case | null} */
  let opened = null;
  /** @type {number[]} */
  let fractions = [];
  /** @type {TestFilms | null} */
  let pictures = null;
  let step = FIRST;
  const baseline = el("select.bl-select", { ...labelled("trust.baseline"), onchange: () => draw() });
  const choice = el("label.bl-trust-baseline", phrase("span", "trust.baseline"), baseline);
  const figure = el("div.bl-trust-plot");
  const cursor = plotCursor(figure);
  const field = el(
    "div.bl-lab-field",
    { role: "slider", tabindex: 0, "aria-valuemin": 0, ...labelled("trust.axis") },
    figure,
    cursor.line,
  );
  const sides = DIRECTIONS.map((direction) => {
    const canvas = el("canvas", { role: "img" });
    const text = el("p.bl-trust-report");
    const said = el("figcaption.bl-num");
    return { direction, canvas, text, said, node: el(`figure.bl-trust-${direction}`, canvas, text, said) };
  });
  const node = el(
    "div.bl-trust-curves",
    { hidden: true },
    choice,
    field,
    el("div.bl-trust-sides", ...sides.map((side) => side.node)),
    phrase("p.bl-muted.bl-trust-hint", "trust.scrub"),
  );

  const draw = async () => {
    await plotly();
    const shown = own?.curves[baseline.value];
    if (!shown) return;
    const areas = own.figures.areas[baseline.value];
    /** @param {string} name @param {number[]} y @param {number} area @param {string} colour @param {string} [dash] */
    const line = (name, y, area, colour, dash) => ({
      x: fractions,
      y,
      name: `${t(`trust.curve.${name}`)} · ${t("trust.area", { area: number(area) })}`,
      mode: "lines",
      line: { color: themeColour(colour), width: dash ? 1.3 : 2.4, dash },
      hoverinfo: "skip",
    });
    // Giving back in random order is taking away in random order, read backwards.
    const backwards = shown.random.toReversed();
    await plot(
      figure,
      [
        line("deletion", shown.deletion, areas.deletion, "bad"),
        line("random_deletion", shown.random, areas.random, "bad", "dot"),
        line("insertion", shown.insertion, areas.insertion, "accent"),
        line("random_insertion", backwards, areas.random, "accent", "dot"),
      ],
      {
        xaxis: {
          title: axisTitle("trust.axis"),
          range: [0, 1.01],
          tickvals: [0, 0.25, 0.5, 0.75, 1],
          tickformat: ".0%",
        },
        yaxis: { title: axisTitle("trust.probability"), range: [0, 1.02] },
        showlegend: true,
        margin: { l: 52, r: 14, t: 60, b: 40 },
        legend: { orientation: "h", y: 1.02, yanchor: "bottom" },
      },
    );
    cursor.follow();
    point();
  };

  const point = () => {
    const shown = own?.curves[baseline.value];
    if (!shown || !own.steps) return;
    cursor.place(fractions[step]);
    const share = percent(fractions[step]);
    field.ariaValueMax = String(fractions.length - 1);
    field.ariaValueNow = String(step);
    const random = { deletion: shown.random[step], insertion: shown.random.at(-1 - step) };
    const isFilm = own.steps.shape.length === 2;
    for (const { direction, canvas, text, said } of sides) {
      const facts = { share, p: probability(shown[direction][step]), random: probability(random[direction]) };
      said.textContent = t(`trust.at.${direction}`, facts);
      canvas.hidden = !isFilm || !pictures;
      text.hidden = isFilm;
      canvas.ariaLabel = said.textContent;
      if (!isFilm) put(text, ...reportParts(opened?.segments ?? [], own.steps, direction, step));
      else if (pictures)
        drawFilm(canvas, { own: pictures.own, instead: pictures.instead[baseline.value] }, own.steps, direction, step);
    }
    field.ariaValueText = sides.map(({ said }) => said.textContent).join(" ");
    if (isFilm && !pictures) films();
  };

  /** @param {number} to */
  const move = (to) => {
    step = Math.min(fractions.length - 1, Math.max(0, to));
    point();
  };
  for (const name of /** @type {const} */ (["pointermove", "pointerdown"]))
    field.addEventListener(name, (event) => {
      const share = cursor.valueAt(event);
      if (share !== null) move(Math.round(share * (fractions.length - 1)));
    });
  field.addEventListener("keydown", (event) => {
    const by = SLIDER_STEPS[event.key];
    if (!by) return;
    event.preventDefault();
    move(step + by);
  });

  /**
   * @param {m.Tested | undefined} given
   * @param {number[]} at
   * @param {Case | null} shown
   * @param {TestFilms | null} known
   */
  const load = (given, at, shown, known) => {
    own = given?.steps ? given : null;
    fractions = at;
    opened = shown;
    pictures = known;
    node.hidden = !own;
    if (!own) return;
    const baselines = Object.keys(own.curves);
    choice.hidden = baselines.length < 2;
    offer(baseline, baselines, (name) => t(`trust.baseline.${name}`));
    point();
    draw();
  };
  /** @param {TestFilms} given */
  const show = (given) => {
    pictures = given;
    point();
  };
  return { node, load, show };
};
