// The figures of the β lab: a quantity over beta with its band and a cursor to drag, and the reliability diagram.
import { rgb } from "../lib/colours.js";
import { el } from "../lib/dom.js";
import { number } from "../lib/format.js";
import { phrase, t } from "../lib/i18n.js";
import { panelHead } from "../lib/parts.js";
import { axisTitle, errorBars, plot } from "../lib/plot.js";
import { themeColour } from "../lib/theme.js";
import { labFigure, labInterval } from "./lab_data.js";

/** @import { Plotted } from "../lib/types.d.ts" */
/** @import { LabData } from "./lab_data.js" */

const QUARTERS = [0, 0.25, 0.5, 0.75, 1];
/** @type {Record<string, number>} */
const KEYS = {
  ArrowRight: 1,
  ArrowUp: 1,
  ArrowLeft: -1,
  ArrowDown: -1,
  PageUp: 5,
  PageDown: -5,
  Home: -Infinity,
  End: Infinity,
};
/** @param {number} from @param {number} to */
const range = (from, to) => Array.from({ length: to - from }, (_, i) => from + i);
// Where a list has values: the places of the first, and behind the last, of each run.
/** @param {(number | null)[]} list */
const stretches = (list) =>
  list.reduce((runs, value, i) => {
    if (value === null) return runs;
    if (i && list[i - 1] !== null) runs.at(-1)[1] = i + 1;
    else runs.push([i, i + 1]);
    return runs;
  }, []);

export class BetaPlot {
  // move: called with the place on the grid of beta that a person asks for.
  /** @param {string} key @param {string} name @param {string} colour @param {(to: number) => void} move */
  constructor(key, name, colour, move) {
    this.key = key;
    this.name = name;
    this.colour = colour;
    this.move = move;
    this.index = 0;
    this.reading = el("output.bl-num.bl-lab-reading");
    this.plot = /** @type {Plotted} */ (/** @type {HTMLElement} */ (el("div.bl-plot")));
    this.cursor = el("i.bl-lab-cursor");
    this.none = el("p.bl-muted.bl-lab-none", { hidden: true });
    this.field = el(
      "div.bl-lab-field",
      { role: "slider", tabindex: 0, "aria-valuemin": 0, "aria-valuemax": 1, "data-plot": name },
      this.plot,
      this.cursor,
    );
    this.node = el("section.bl-panel.bl-lab-figure", panelHead(key, this.reading), this.field, this.none);
    this.field.addEventListener("pointerdown", (event) => this.grab(event));
    this.field.addEventListener("pointermove", (event) => this.drag(event));
    this.field.addEventListener("lostpointercapture", () => (this.dragging = false));
    this.field.addEventListener("keydown", (event) => this.keydown(event));
  }

  /** @param {LabData} lab @param {number} place */
  async draw(lab, place) {
    this.lab = lab;
    this.place = place;
    const { value, low, high } = lab.band(place, this.name);
    const x = lab.betas;
    const colour = themeColour(this.colour);
    const empty = value.every((v) => v === null);
    this.field.hidden = empty;
    this.none.hidden = !empty;
    this.none.textContent = t(place ? "lab.undefined" : "lab.choose");
    if (empty) return this.point(this.index);
    // A closed line around each stretch that has an interval: where there is none the band has a gap.
    const around = stretches(low).flatMap(([from, to]) => [
      ...range(from, to).map((i) => [x[i], low[i]]),
      ...range(from, to)
        .reverse()
        .map((i) => [x[i], high[i]]),
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
    if (best !== null && this.name === "auroc") {
      traces.push({
        x: [x[best]],
        y: [value[best]],
        mode: "markers",
        marker: { symbol: "diamond", size: 10, color: themeColour("surface"), line: { color: colour, width: 2.4 } },
        hovertemplate: `${t("lab.best")} %{x:.2f}<extra></extra>`,
      });
    }
    await plot(this.plot, traces, {
      xaxis: { range: [-0.01, 1.01], tickvals: QUARTERS },
      yaxis: {
        tickformat: ".3~f",
        nticks: 5,
        rangemode: this.name === "ece" ? "tozero" : "normal",
        ...(this.name === "threshold" ? { range: [-0.02, 1.02] } : {}),
      },
    });
    if (!this.plot.follows) {
      this.plot.follows = true;
      this.plot.on("plotly_afterplot", () => this.place_cursor());
    }
    this.point(this.index);
  }

  /** @param {number} index */
  point(index) {
    this.index = index;
    if (!this.lab) return;
    const now = this.lab.at(this.place, this.name, index);
    if (now.value === null) this.reading.replaceChildren();
    else this.reading.replaceChildren(el("b", labFigure(now.value)), ` (${labInterval(now)})`);
    this.field.ariaLabel = `${t(this.key)}, ${this.lab.label(this.place)}`;
    this.field.ariaValueNow = String(this.lab.betas[index]);
    this.field.ariaValueText = `β ${number(this.lab.betas[index])}: ${this.reading.textContent}`;
    this.place_cursor();
  }

  // Drawn over the plot and not in it, so that a move costs no redraw.
  place_cursor() {
    const axes = this.plot._fullLayout;
    if (!axes || !this.lab) return;
    const { xaxis, yaxis } = axes;
    this.cursor.style.left = `${xaxis._offset + xaxis.l2p(this.lab.betas[this.index])}px`;
    this.cursor.style.top = `${yaxis._offset}px`;
    this.cursor.style.height = `${yaxis._length}px`;
  }

  /** @param {PointerEvent} event */
  grab(event) {
    if (event.button !== 0) return;
    this.field.setPointerCapture(event.pointerId);
    this.dragging = true;
    this.drag(event);
  }

  /** @param {PointerEvent} event */
  drag(event) {
    const axes = this.plot._fullLayout;
    if (!this.dragging || !axes) return;
    const beta = axes.xaxis.p2l(event.clientX - this.plot.getBoundingClientRect().left - axes.xaxis._offset);
    this.move(this.lab.nearest(beta));
  }

  /** @param {KeyboardEvent} event */
  keydown(event) {
    const step = KEYS[event.key];
    if (!step || !this.lab) return;
    event.preventDefault();
    this.move(Math.min(this.lab.count - 1, Math.max(0, this.index + step)));
  }
}

export class ReliabilityPlot {
  constructor() {
    this.plot = el("div.bl-plot.bl-lab-reliability", { role: "img" });
    this.reading = el("span.bl-muted");
    this.node = el(
      "section.bl-panel.bl-lab-figure.bl-lab-tall",
      panelHead("lab.reliability", this.reading),
      this.plot,
      phrase("p.bl-muted.bl-lab-note", "lab.reliability_note"),
    );
  }

  /** @param {LabData} lab @param {number} place @param {number} index */
  draw(lab, place, index) {
    const bins = lab.reliability(place, index);
    const colour = themeColour("report");
    const most = Math.max(...bins.map((bin) => bin.count));
    /** @param {string} key */
    const axis = (key) => ({ title: axisTitle(key), range: [-0.03, 1.03], tickvals: QUARTERS });
    this.reading.textContent = `β = ${number(lab.betas[index])}`;
    const ece = `${t("lab.ece")}: ${labFigure(lab.at(place, "ece", index).value)}`;
    this.plot.ariaLabel = `${t("lab.reliability")}, ${lab.label(place)}. ${ece}`;
    plot(
      this.plot,
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
  }
}
