// Plotly from this server, in the colours of the page.
(() => {
  const B = window.BetaLens;

  B.plotly = async () => {
    if (!window.Plotly) await B.loadScript(B.url("betalens/plotly.js"));
    return window.Plotly;
  };

  B.plotLayout = (extra = {}) => {
    const axis = { gridcolor: B.colour("line"), zeroline: false, linecolor: B.colour("line"), tickfont: { size: 11 }, automargin: true };
    return {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", margin: { l: 44, r: 14, t: 10, b: 36 },
      font: { family: getComputedStyle(document.body).fontFamily, size: 12, color: B.colour("muted") },
      hoverlabel: { bgcolor: B.colour("raised"), bordercolor: B.colour("line"), font: { color: B.colour("text"), size: 12 } },
      showlegend: false, ...extra, xaxis: { ...axis, ...extra.xaxis }, yaxis: { ...axis, ...extra.yaxis },
    };
  };
  B.plotConfig = { displaylogo: false, responsive: true, displayModeBar: false, plotlyServerURL: "", topojsonURL: "" };

  // Okabe and Ito's palette, made to be told apart by colour-blind readers, then greys for what is left.
  B.palette = ["#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#f0e442", "#0072b2", "#b3d465", "#9a8cff", "#ff9da7", "#8c8c8c", "#c7b299"];
})();
