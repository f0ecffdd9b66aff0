// Plotly from this server, in the colours of the page.
import { el } from "./dom.js";
import { t } from "./i18n.js";
import { themeColour } from "./theme.js";

/** @import { Plotted } from "./types.d.ts" */

/** @type {Promise<Event> | null} */
let loading = null;

// Must have come before `plot`.
export const plotly = () => {
  const address = new URL("../../../plotly.js", import.meta.url).href; // beside the folder of all scripts
  loading ??= new Promise((resolve, reject) => {
    document.head.append(
      el("script", { src: address, onload: resolve, onerror: () => reject(new Error(`Not loaded: ${address}`)) }),
    );
  });
  return loading;
};

// Also where it is not the window that changes: what stands beside a plot may come and go.
const resized = new ResizeObserver((changes) => {
  for (const { target } of changes) {
    const node = /** @type {Plotted} */ (target);
    if (node.clientWidth && node.clientWidth !== node._fullLayout?.width) window.Plotly.Plots.resize(node);
  }
});

const CONFIG = { displaylogo: false, displayModeBar: false, plotlyServerURL: "", topojsonURL: "" };

/** @typedef {{ xaxis?: object, yaxis?: object, [name: string]: unknown }} Layout */
/** @param {HTMLElement} node @param {object[]} traces @param {Layout} layout */
export const plot = (node, traces, layout) => {
  const axis = {
    gridcolor: themeColour("line"),
    zeroline: false,
    linecolor: themeColour("line"),
    tickfont: { size: 11 },
    automargin: true,
    fixedrange: true,
  };
  const whole = {
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    margin: { l: 44, r: 14, t: 6, b: 30 },
    font: { family: getComputedStyle(document.body).fontFamily, size: 12, color: themeColour("muted") },
    hoverlabel: {
      bgcolor: themeColour("raised"),
      bordercolor: themeColour("line"),
      font: { color: themeColour("text"), size: 12 },
    },
    showlegend: false,
    dragmode: false,
    hovermode: "closest",
    ...layout,
    xaxis: { ...axis, ...layout.xaxis },
    yaxis: { ...axis, ...layout.yaxis },
  };
  resized.observe(node);
  return window.Plotly.react(node, traces, whole, CONFIG);
};

// A line over a plot, at a value of its x axis; no part of the plot, so that a move costs no redraw.
/** @param {HTMLElement} node */
export const plotCursor = (node) => {
  const figure = /** @type {Plotted} */ (node);
  const line = el("i.bl-lab-cursor");
  let at = 0;
  /** @param {number} [value] the last one, where it is left out */
  const place = (value = at) => {
    at = value;
    const axes = figure._fullLayout;
    if (!axes) return;
    line.style.left = `${axes.xaxis._offset + axes.xaxis.l2p(at)}px`;
    line.style.top = `${axes.yaxis._offset}px`;
    line.style.height = `${axes.yaxis._length}px`;
  };
  // Once there is a plot; it may change its size by itself.
  const follow = () => {
    if (!figure.follows) figure.on("plotly_afterplot", () => place());
    figure.follows = true;
  };
  // Under a pointer; null before there is a plot.
  /** @param {PointerEvent} event */
  const valueAt = ({ clientX }) => {
    const axis = figure._fullLayout?.xaxis;
    return axis ? axis.p2l(clientX - figure.getBoundingClientRect().left - axis._offset) : null;
  };
  return { line, place, follow, valueAt };
};

/** @param {string} key */
export const axisTitle = (key) => ({ text: t(key), standoff: 6, font: { size: 12 } });

/** @param {{ value: number, low: number, high: number }[]} points @param {string} color */
export const errorBars = (points, color) => ({
  type: "data",
  symmetric: false,
  array: points.map(({ value, high }) => high - value),
  arrayminus: points.map(({ value, low }) => value - low),
  color,
  thickness: 1.2,
  width: 3,
});
