// Every finding over beta: a small chart each, all on one axis. One that is pressed is the chosen finding; pressed once
// more, all of them are.
import { el, put } from "../lib/dom.js";
import { fromTo, joined, number } from "../lib/format.js";
import { ifDefined, labelled, phrase, t } from "../lib/i18n.js";
import { offer, panelHead } from "../lib/parts.js";
import { linearAxis, logAxis } from "./axis.js";
import { labFigure, stretches } from "./lab_data.js";

/** @import { LabData } from "./lab_data.js" */
/** @import { Axis } from "./axis.js" */

/** @param {number} value */
const plain = (value) => value;
// An error may be much smaller than any number of decimals shows.
/** @param {number} value */
const digits = (value) => String(Number(value.toPrecision(2)));
// What can be drawn, by its name: which quantity of the lab, how its values are read and written, and on which axis.
const FIGURES = {
  auroc: { of: "auroc", read: plain, write: labFigure, axis: linearAxis },
  error: { of: "auroc", read: (/** @type {number} */ value) => 1 - value, write: digits, axis: logAxis },
  average_precision: { of: "average_precision", read: plain, write: labFigure, axis: linearAxis },
  ece: { of: "ece", read: plain, write: labFigure, axis: linearAxis },
};
const SIZE = 100; // of a chart, stretched to its box

/** @param {(place: number) => void} choose */
export const multiplesView = (choose) => {
  /** @type {LabData | null} */
  let lab = null;
  let chosen = 0;
  let index = 0;
  /** @type {HTMLElement[]} */
  let values = []; // at the current beta, by finding
  const figure = el("select.bl-select", { ...labelled("lab.figure"), onchange: () => draw() });
  const grid = el("div.bl-multiples");
  const said = el("p.bl-muted.bl-lab-note");
  /** @param {string} kind @param {string} key */
  const legend = (kind, key) => el("span", el(`i.bl-mark.bl-mark-${kind}`), phrase("span", key));
  const node = el(
    "section.bl-panel.bl-lab-multiples",
    panelHead("lab.multiples", figure, phrase("span.bl-muted", "lab.multiples_help")),
    grid,
    el(
      "p.bl-multiples-key.bl-muted",
      legend("report", "bars.report_alone"),
      legend("image", "bars.image_alone"),
      legend("best", "lab.best"),
      legend("now", "lab.now"),
    ),
    said,
  );

  const drawn = () => FIGURES[/** @type {keyof typeof FIGURES} */ (figure.value)];
  /** @param {number | null} value as it is drawn */
  const write = (value) => ifDefined(value, drawn().write);
  /** @param {number} place */
  const bandOf = (place) => {
    const { of, read } = drawn();
    const band = lab.band(place, of);
    /** @param {(number | null)[]} list */
    const each = (list) => list.map((value) => (value === null ? null : read(value)));
    return { value: each(band.value), low: each(band.low), high: each(band.high) };
  };

  /** @param {number} place @param {ReturnType<typeof bandOf>} band @param {Axis} axis */
  const chart = (place, { value, low, high }, axis) => {
    /** @param {(number | null)[]} list @param {number} i */
    const at = (list, i) => `${(SIZE * lab.betas[i]).toFixed(2)} ${(SIZE * (1 - axis.place(list[i]))).toFixed(2)}`;
    /** @param {number[]} run @param {(number | null)[]} list */
    const along = (run, list) => run.map((i) => at(list, i));
    const band = stretches(low).map((run) => `M${[...along(run, low), ...along(run.toReversed(), high)].join("L")}Z`);
    const line = stretches(value).map((run) => `M${along(run, value).join("L")}`);
    /** @param {string} kind @param {number | null} i */
    const mark = (kind, i) => {
      if (i === null || value[i] === null) return null;
      const made = el(`i.bl-mark.bl-mark-${kind}`);
      made.style.left = `${100 * lab.betas[i]}%`;
      made.style.top = `${100 * (1 - axis.place(value[i]))}%`;
      return made;
    };
    const best = lab.bestIndex(place);
    const ends = { report: value[0], image: value.at(-1) };
    const now = el("b.bl-num");
    values.push(now);
    return el(
      "button.bl-multiple",
      {
        "data-finding": lab.names[place],
        "aria-pressed": String(place === chosen),
        title: joined([
          t(`lab.figure.${figure.value}`),
          `${t("bars.report_alone")} ${write(ends.report)}`,
          `${t("bars.image_alone")} ${write(ends.image)}`,
          best !== null && `${t("lab.best")} ${number(lab.betas[best])}`,
        ]),
        onclick: () => choose(place === chosen ? 0 : place),
      },
      el("span.bl-multiple-head", el("span", lab.label(place)), now),
      el(
        "span.bl-multiple-plot",
        ...axis.ticks.map((tick) => {
          const label = el("span.bl-multiple-tick.bl-num", axis.say(tick));
          label.style.top = `${100 * (1 - axis.place(tick))}%`;
          return label;
        }),
        el(
          "svg",
          { viewBox: `0 0 ${SIZE} ${SIZE}`, preserveAspectRatio: "none", "aria-hidden": "true" },
          el("path.bl-multiple-grid", {
            d: axis.ticks.map((tick) => `M0 ${SIZE * (1 - axis.place(tick))}h${SIZE}`).join(""),
          }),
          el("path.bl-multiple-band", { d: band.join("") }),
          el("path.bl-multiple-line", { d: line.join("") }),
        ),
        el("i.bl-multiple-now"),
        mark("report", 0),
        mark("image", lab.count - 1),
        mark("best", best),
      ),
    );
  };

  const draw = () => {
    if (!lab) return;
    offer(figure, Object.keys(FIGURES), (name) => t(`lab.figure.${name}`));
    const bands = lab.names.map((_, place) => bandOf(place)).slice(1);
    const axis = drawn().axis(bands.flatMap((band) => Object.values(band).flat()).filter((value) => value !== null));
    node.hidden = !axis;
    if (!axis) return;
    values = [];
    const focused = document.activeElement;
    const again = focused instanceof HTMLElement && grid.contains(focused) ? focused.dataset.finding : "";
    put(grid, ...bands.map((band, i) => chart(i + 1, band, axis)));
    const same = [...grid.children].find((one) => one instanceof HTMLElement && one.dataset.finding === again);
    if (again && same instanceof HTMLElement) same.focus();
    const range = fromTo(axis.say(axis.ticks[0]), axis.say(axis.ticks.at(-1)));
    said.textContent = t(figure.value === "error" ? "lab.multiples_log" : "lab.multiples_axis", { range });
    point(index);
  };

  /** @param {LabData} data @param {number} place */
  const load = (data, place) => {
    lab = data;
    chosen = place;
    draw();
  };
  /** @param {number} at */
  const point = (at) => {
    index = at;
    if (!lab || node.hidden) return;
    grid.style.setProperty("--now", `${100 * lab.betas[index]}%`);
    const { of, read } = drawn();
    values.forEach((node, i) => {
      const { value } = lab.at(i + 1, of, index);
      node.textContent = write(value === null ? null : read(value));
    });
  };

  return { node, load, point };
};
