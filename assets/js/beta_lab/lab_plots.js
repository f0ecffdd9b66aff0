// The figures of the β lab: a quantity over beta with its band and a cursor to drag, and the reliability diagram.
import { rgb } from "../lib/colours.js";
import { el } from "../lib/dom.js";
import { number } from "../lib/format.js";
import { t } from "../lib/i18n.js";
import { SLIDER_STEPS } from "../lib/keys.js";
import { note, panelHead } from "../lib/parts.js";
import { axisTitle, errorBars, plot, plotCursor } from "../lib/plot.js";
import { themeColour } from "../lib/theme.js";
import { labFigure, labInterval, stretches } from "./lab_data.js";

/** @import { LabData } from "./lab_data.js" */

const QUARTERS = [0, 0.25, 0.5, 0.75, 1];
// A person asks for a place on the grid of beta by `move`, or for one so many steps further by `step`: of keys that are
// pressed faster than a frame is drawn, none is lost.
/**
 * @param {string} name
 * @param {string} colourName
 * @param {(to: number) => void} move
 * @param {(by: number) => void} step
 */
export const betaPlot = (name, colourName, move, step) => {
  const key = `lab.${name}`;
  /** @type {LabData | null} */
  let lab = null;
  let place = 0;
  let index = 0;
  let dragging = false;
  const reading = el("output.bl-num.bl-lab-reading");
  const figure = el("div.bl-plot");
  const cursor = plotCursor(figure);
  const none = el("p.bl-muted.bl-lab-none", { hidden: true });
  const field = el(
    "div.bl-lab-field",
    { role: "slider", tabindex: 0, "aria-valuemin": 0, "aria-valuemax": 1, "data-plot": name },
    figure,
    cursor.line,
  );
  const node = el("section.bl-panel.bl-lab-figure", panelHead(key, reading), field, none);

  /** @param {LabData} data @param {number} at */
  const draw = async (data, at) => {
    lab = data;
    place = at;
    const { value, low, high } = lab.band(place, name);
    const x = lab.betas;
    const colour = themeColour(colourName);
    const empty = value.every((v) => v === null);
    field.hidden = empty;
    none.hidden = !empty;
    node.hidden = name === "threshold" && !place; // of all findings together there is none
    none.textContent = t("lab.undefined");
    if (empty) return point(index);
    // A closed line around each stretch that has an interval: where there is none the band has a gap.
    const around = stretches(low).flatMap((run) => [
      ...run.map((i) => [x[i], low[i]]),
      ...run.toReversed().map((i) => [x[i], high[i]]),
      [null, null],
    ]);
    const best = lab.bestIndex(place);
    /** @type {object[]} */
    const traces = [
      {
        x: around.map(([at]) => at),
        y: around.map(([, bound]) => bound),
        mode: "lines",
        line: { width: 0 },
        hoverinfo: "skip",
        fill: "toself",
        fillcolor: `rgba(${rgb(colour).join(",")},0.22)`,
      },
      {
        x,
        y: value,
        mode: "lines",
        line: { color: colour, width: 2.4 },
        customdata: x.map((_, i) => (value[i] === null ? "" : labInterval({ low: low[i], high: high[i] }))),
        hovertemplate: "β %{x:.2f} · %{y:.3f} (%{customdata})<extra></extra>",
      },
    ];
    if (best !== null && name === "auroc") {
      traces.push({
        x: [x[best]],
        y: [value[best]],
        mode: "markers",
        marker: { symbol: "diamond", size: 10, color: themeColour("surface"), line: { color: colour, width: 2.4 } },
        hovertemplate: `${t("lab.best")} %{x:.2f}<extra></extra>`,
      });
    }
    await plot(figure, traces, {
      xaxis: { range: [-0.01, 1.01], tickvals: QUARTERS },
      yaxis: {
        tickformat: ".3~f",
        nticks: 5,
        rangemode: name === "ece" ? "tozero" : "normal",
        ...(name === "threshold" ? { range: [-0.02, 1.02] } : {}),
      },
    });
    cursor.follow();
    point(index);
  };

  /** @param {number} at */
  const point = (at) => {
    index = at;
    if (!lab) return;
    const now = lab.at(place, name, index);
    if (now.value === null) reading.replaceChildren();
    else reading.replaceChildren(el("b", labFigure(now.value)), ` (${labInterval(now)})`);
    field.ariaLabel = `${t(key)}, ${lab.label(place)}`;
    field.ariaValueNow = String(lab.betas[index]);
    field.ariaValueText = `β ${number(lab.betas[index])}: ${reading.textContent}`;
    cursor.place(lab.betas[index]);
  };

  /** @param {PointerEvent} event */
  const drag = (event) => {
    const beta = dragging ? cursor.valueAt(event) : null;
    if (beta !== null) move(lab.nearest(beta));
  };
  field.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    field.setPointerCapture(event.pointerId);
    dragging = true;
    drag(event);
  });
  field.addEventListener("pointermove", drag);
  field.addEventListener("lostpointercapture", () => (dragging = false));
  field.addEventListener("keydown", (event) => {
    const by = SLIDER_STEPS[event.key];
    if (!by) return;
    event.preventDefault();
    step(by);
  });

  return { node, draw, point };
};

export const reliabilityPlot = () => {
  const figure = el("div.bl-plot.bl-lab-reliability", { role: "img" });
  const reading = el("span.bl-muted");
  const node = el(
    "section.bl-panel.bl-lab-figure.bl-lab-tall",
    panelHead("lab.reliability", reading),
    figure,
    note("lab.reliability_note"),
  );

  /** @param {LabData} lab @param {number} place @param {number} index */
  const draw = (lab, place, index) => {
    const bins = lab.reliability(place, index);
    const colour = themeColour("report");
    const most = Math.max(...bins.map((bin) => bin.count));
    /** @param {string} key */
    const axis = (key) => ({ title: axisTitle(key), range: [-0.03, 1.03], tickvals: QUARTERS });
    reading.textContent = `β = ${number(lab.betas[index])}`;
    const ece = `${t("lab.ece")}: ${labFigure(lab.at(place, "ece", index).value)}`;
    figure.ariaLabel = `${t("lab.reliability")}, ${lab.label(place)}. ${ece}`;
    plot(
      figure,
      [
        {
          x: [0, 1],
          y: [0, 1],
          mode: "lines",
          line: { color: themeColour("edge"), width: 1, dash: "dot" },
          hoverinfo: "skip",
        },
        {
          x: bins.map((bin) => bin.predicted),
          y: bins.map((bin) => bin.value),
          mode: "markers+lines",
          line: { color: colour, width: 1.4 },
          error_y: errorBars(bins, colour),
          marker: {
            color: colour,
            size: bins.map((bin) => 5 + 11 * Math.sqrt(bin.count / most)),
            line: { width: 1, color: themeColour("surface") },
          },
          customdata: bins.map((bin) => bin.count),
          hovertemplate: [
            `${t("lab.predicted")} %{x:.3f}`,
            `${t("lab.observed")} %{y:.3f}`,
            "n = %{customdata}<extra></extra>",
          ].join("<br>"),
        },
      ],
      { margin: { l: 52, r: 14, t: 6, b: 42 }, xaxis: axis("lab.predicted"), yaxis: axis("lab.observed") },
    );
  };

  return { node, draw };
};
