// Plotly from this server, in the colours of the page.
import { el } from "./dom.js";
import { themeColour } from "./theme.js";

/** @type {Promise<Event> | null} */
let loading = null;

export const plotly = async () => {
  const address = new URL("../../../plotly.js", import.meta.url).href; // beside the folder of all scripts
  loading ??= new Promise((resolve, reject) => {
    document.head.append(
      el("script", { src: address, onload: resolve, onerror: () => reject(new Error(`Not loaded: ${address}`)) }),
    );
  });
  await loading;
  return window.Plotly;
};

/** @param {{ xaxis?: object, yaxis?: object, [name: string]: unknown }} [extra] */
export const plotLayout = (extra = {}) => {
  const axis = {
    gridcolor: themeColour("line"),
    zeroline: false,
    linecolor: themeColour("line"),
    tickfont: { size: 11 },
    automargin: true,
  };
  return {
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    margin: { l: 44, r: 14, t: 10, b: 36 },
    font: { family: getComputedStyle(document.body).fontFamily, size: 12, color: themeColour("muted") },
    hoverlabel: {
      bgcolor: themeColour("raised"),
      bordercolor: themeColour("line"),
      font: { color: themeColour("text"), size: 12 },
    },
    showlegend: false,
    ...extra,
    xaxis: { ...axis, ...extra.xaxis },
    yaxis: { ...axis, ...extra.yaxis },
  };
};
export const plotConfig = {
  displaylogo: false,
  responsive: true,
  displayModeBar: false,
  plotlyServerURL: "",
  topojsonURL: "",
};
