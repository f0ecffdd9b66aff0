// The map of the reference studies. Its geometry comes once; moving beta morphs it here.
const B = window.BetaLens;
const plot = B.el("div", { class: "bl-atlas-plot" });
const colour = B.el("select", { class: "bl-select", id: "bl-atlas-colour", onchange: () => draw() });
const content = B.el("section", { class: "bl-panel bl-atlas", hidden: true },
  B.el("header", { class: "bl-panel-head" }, B.phrase("h3", "atlas.title"),
    B.phrase("label", "atlas.colour", { class: "bl-muted bl-push", for: "bl-atlas-colour" }), colour),
  plot, B.phrase("p", "atlas.note", { class: "bl-muted bl-lab-note" }));
const waiting = B.phrase("p", "atlas.waiting", { class: "bl-empty" });
element.replaceChildren(waiting, content);

let atlas = null, here = null, groups = [];

// Between slices of beta a point moves along a line, as explain.atlas has it.
const positions = () => {
  const { values, count } = atlas;
  const at = B.beta * (atlas.slices.length - 1);
  const low = Math.min(Math.floor(at), atlas.slices.length - 2), share = at - low;
  const mix = (i) => values[low * count * 2 + i] * (1 - share) + values[(low + 1) * count * 2 + i] * share;
  return Array.from({ length: count }, (_, i) => [mix(2 * i), mix(2 * i + 1)]);
};
const herePosition = () => {
  const at = B.beta * (here.path.length - 1), low = Math.min(Math.floor(at), here.path.length - 2), share = at - low;
  return [0, 1].map((axis) => here.path[low][axis] * (1 - share) + here.path[low + 1][axis] * share);
};

const group = () => {
  const chosen = colour.value;
  const members = (test) => atlas.ids.map((_, i) => i).filter(test);
  if (chosen) {
    return [
      { name: B.t("atlas.without", { finding: B.findingName(chosen) }), rows: members((i) => !atlas.labels[i].includes(chosen)), colour: B.colour("edge"), size: 5 },
      { name: B.findingName(chosen), rows: members((i) => atlas.labels[i].includes(chosen)), colour: "#e69f00", size: 7 },
    ];
  }
  const kinds = [...atlas.findings, ""];
  return kinds.map((finding, k) => ({
    name: finding ? B.findingName(finding) : B.t("cases.none"), rows: members((i) => (atlas.labels[i][0] || "") === finding),
    colour: finding ? B.palette[k % B.palette.length] : B.colour("muted"), size: finding ? 6 : 5,
  })).filter((kind) => kind.rows.length);
};

const draw = async () => {
  if (!atlas || !atlas.ids) return;
  const Plotly = await B.plotly(atlas.plotly);
  groups = group();
  const xy = positions();
  const traces = groups.map(({ name, rows, colour: fill, size }) => ({
    type: "scattergl", mode: "markers", name, x: rows.map((i) => xy[i][0]), y: rows.map((i) => xy[i][1]), customdata: rows,
    text: rows.map((i) => `${atlas.ids[i]}<br>${atlas.labels[i].map(B.findingName).join(", ") || B.t("cases.none")}`),
    hovertemplate: "%{text}<extra></extra>", marker: { color: fill, size, opacity: 0.85, line: { width: 0 } },
  }));
  if (here) {
    const [x, y] = herePosition();
    traces.push({ type: "scattergl", mode: "markers", name: B.t("atlas.here"), x: [x], y: [y], hovertemplate: `${B.t("atlas.here")}<extra></extra>`,
      marker: { symbol: "star", size: 20, color: B.colour("text"), line: { color: B.colour("surface"), width: 2 } } });
  }
  const bare = { showgrid: false, showline: false, showticklabels: false, ticks: "" };
  const layout = B.plotLayout({
    xaxis: bare, yaxis: { ...bare, scaleanchor: "x" }, showlegend: true, uirevision: "kept", hovermode: "closest", dragmode: "pan",
    margin: { l: 10, r: 10, t: 10, b: 10 }, legend: { font: { size: 12, color: B.colour("text") }, itemsizing: "constant", x: 1, xanchor: "right", y: 1, bgcolor: "rgba(0,0,0,0)" },
  });
  await Plotly.react(plot, traces, layout, { ...B.plotConfig, scrollZoom: true });
  element.dataset.points = atlas.count;
  if (!plot.listens) {
    plot.listens = true;
    plot.on("plotly_click", ({ points: [point] }) => {
      if (point.customdata !== undefined) trigger("select", { index: point.customdata, value: atlas.ids[point.customdata] });
    });
  }
};

const move = B.everyFrame(() => {
  if (!atlas || !plot.data || !plot.offsetParent) return;
  const xy = positions();
  const x = groups.map(({ rows }) => rows.map((i) => xy[i][0])), y = groups.map(({ rows }) => rows.map((i) => xy[i][1]));
  if (here && plot.data.length > groups.length) {
    const [hx, hy] = herePosition();
    x.push([hx]);
    y.push([hy]);
  }
  window.Plotly.restyle(plot, { x, y });
});

const load = () => {
  atlas = JSON.parse(props.value);
  content.hidden = !atlas.ids;
  waiting.hidden = Boolean(atlas.ids);
  if (!atlas.ids) {
    waiting.textContent = "error" in atlas ? `${B.t("atlas.none")} ${atlas.error}` : B.t("atlas.waiting");
    return;
  }
  atlas.values = B.floats(atlas.block);
  atlas.count = atlas.ids.length;
  const chosen = colour.value;
  colour.replaceChildren(B.phrase("option", "cases.any", { value: "" }), ...atlas.findings.map((name) => B.el("option", { value: name, text: B.findingName(name) })));
  colour.value = chosen;
  draw();
};
watch("value", load);
B.on("atlas-case", (now) => {
  here = now;
  draw();
});
B.on("beta", move);
B.on("theme", draw);
B.on("language", () => atlas && load());
load();
