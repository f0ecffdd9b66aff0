// Everything over beta, measured once by the server: a move of the cursor redraws from what is here.
const B = window.BetaLens;
const setup = JSON.parse(props.value);
const MODALITIES = ["image", "report"];

let lab = null, place = 0, index = 0, finding = "", scores = null, wanted = null, last = null;

const select = (id, onchange) => B.el("select", { class: "bl-select", id, onchange });
const split = select("bl-lab-split", () => trigger("measure", { split: split.value }));
const chooser = select("bl-lab-finding", () => choose(chooser.selectedIndex));
const note = B.el("p", { class: "bl-muted bl-lab-note bl-num" });
const save = B.el("button", { type: "button", class: "bl-button bl-primary bl-lab-save", onclick: () => keep() });
const saved = B.el("p", { class: "bl-lab-saved", role: "status", hidden: true });
const test = B.phrase("p", "lab.warn_test", { class: "bl-lab-warning", role: "note", hidden: true });
const alone = B.el("div", { class: "bl-lab-warning bl-lab-alone", role: "note", hidden: true });
const cards = B.el("div", { class: "bl-lab-cards" });
const body = B.el("tbody");

const plots = [["lab.auroc", "auroc", "accent"], ["lab.average_precision", "average_precision", "image"], ["lab.ece", "ece", "report"], ["lab.threshold", "threshold", "con"]]
  .map(([key, name, colour]) => new B.BetaPlot(key, name, colour, (to) => move(to, true)));
const reliability = new B.ReliabilityPlot();
const confusion = new B.ConfusionView((ids) => trigger("films", { ids }), (study) => {
  B.emit("opening");
  trigger("open", { study, finding, beta: lab.betas[index] });
});

const COLUMNS = ["finding", "positives", "best", "best_auroc", "best_ap", "best_ece", "gain_image", "gain_report"];
const table = B.el("section", { class: "bl-panel bl-lab-table" }, B.el("header", { class: "bl-panel-head" }, B.phrase("h3", "lab.table"), B.phrase("span", "lab.table_note", { class: "bl-muted" })),
  B.el("div", { class: "bl-scroll" }, B.el("table", { class: "bl-table bl-num" },
    B.el("thead", {}, B.el("tr", {}, ...COLUMNS.map((name) => B.phrase("th", `lab.column.${name}`, { scope: "col" })))), body)),
  B.phrase("p", "lab.no_interval_note", { class: "bl-muted bl-lab-note" }));
const content = B.el("div", { class: "bl-lab", hidden: true }, test, cards, alone,
  B.el("div", { class: "bl-lab-figures" }, ...plots.map((plot) => plot.node), reliability.node), confusion.node, table);
const wait = B.el("div", { class: "bl-empty bl-lab-wait", role: "status" });
const head = B.el("div", { class: "bl-lab-head" }, B.phrase("label", "lab.split", { for: "bl-lab-split" }), split,
  B.phrase("label", "lab.finding", { for: "bl-lab-finding" }), chooser, note, save);
element.replaceChildren(head, saved, wait, content);

const splitName = (name) => B.t(`lab.split.${name}`);
const verdictClass = { better: "good", worse: "bad", same: "warn", alike: "warn", unsure: "muted" };
const titled = (band, ...how) => (band.low === null ? "" : `${B.t("lab.interval")} `) + B.labInterval(band, ...how);

const card = (title, ...children) => B.el("section", { class: "bl-panel bl-lab-card" }, B.el("h3", { text: title }), ...children);
const bestCard = () => {
  const [best, low, high] = lab.best[place];
  const at = best === null ? null : lab.at(place, "auroc", lab.bestIndex(place));
  return card(`${B.t("lab.best")} · ${lab.label(place)}`,
    B.el("p", { class: "bl-lab-big bl-num", text: B.figure(best, B.number) },
      best === null ? null : B.el("span", { class: "bl-muted", text: titled({ low, high }, B.number, 2) })),
    B.el("p", { class: "bl-muted bl-num", text: at ? `AUROC ${B.labFigure(at.value)} (${B.labInterval(at)})` : B.t("lab.undefined") }),
    best === null ? null : B.phrase("button", "lab.go", { type: "button", class: "bl-toggle", onclick: () => move(lab.bestIndex(place), true) }));
};
const gainCard = (modality) => {
  const { value, low, high, p } = lab.at(place, modality, index), verdict = lab.verdict(place, modality, index);
  const measured = !["itself", "undefined"].includes(verdict);
  return card(B.t(`lab.against.${modality}`, { beta: B.number(lab.betas[index]) }),
    B.el("p", { class: "bl-lab-big bl-num", text: B.labSigned(value) },
      measured ? B.el("span", { class: "bl-muted", text: titled({ low, high }, B.signed) }) : null),
    B.el("p", { class: `bl-lab-verdict bl-lab-${verdictClass[verdict] || "muted"}`, "data-verdict": verdict },
      B.el("b", { text: B.t(`lab.verdict.${verdict}`, { margin: lab.margin }) }), p === null ? null : B.el("span", { class: "bl-muted bl-num", text: B.labP(p) })));
};

// Which modality does as well alone, for the chosen finding or for all of them.
const warnAlone = () => {
  const places = place ? [place] : lab.names.map((_, i) => i);
  const of = (test) => places.filter((i) => test(lab.alone[i])).map((i) => lab.label(i)).join(B.t("lab.comma"));
  const lines = [["report", of((a) => a.includes("report") && a.length === 1)], ["image", of((a) => a.includes("image") && a.length === 1)], ["both", of((a) => a.length === 2)]]
    .filter(([, names]) => names);
  alone.hidden = !lines.length;
  alone.replaceChildren(B.el("b", { text: B.t("lab.alone") }), ...lines.map(([which, findings]) => B.el("p", { "data-alone": which, text: B.t(`lab.alone.${which}`, { findings }) })));
};

const row = (i) => {
  const at = lab.bestIndex(i), [best, low, high] = lab.best[i];
  const cell = (...children) => B.el("td", {}, ...children);
  const banded = (value, interval) => cell(B.el("b", { text: value }), interval ? B.el("span", { class: "bl-muted", text: interval }) : null);
  const none = () => cell(B.t("not_defined"));
  const measured = (name) => (at === null ? none() : banded(B.labFigure(lab.at(i, name, at).value), B.labInterval(lab.at(i, name, at))));
  const gain = (modality) => {
    if (at === null) return none();
    const g = lab.at(i, modality, at), verdict = lab.verdict(i, modality, at);
    if (g.value === null) return none();
    if (verdict === "itself") return cell(B.el("span", { class: "bl-muted", text: B.t("lab.verdict.itself") }));
    return cell(B.el("b", { class: `bl-lab-${verdictClass[verdict] || "muted"}`, text: B.labSigned(g.value) }), B.el("span", { class: "bl-muted", text: B.labInterval(g, B.signed) + (g.p === null ? "" : ` · ${B.labP(g.p)}`) }));
  };
  return B.el("tr", { class: i ? null : "bl-total", "aria-selected": String(i === place) },
    B.el("th", { scope: "row" }, B.el("button", { type: "button", class: "bl-link", text: lab.label(i), onclick: () => choose(i) })),
    cell(String(lab.positives[i])), best === null ? none() : banded(B.number(best), B.labInterval({ low, high }, B.number, 2)), measured("auroc"), measured("average_precision"), measured("ece"), gain("image"), gain("report"));
};

const point = () => {
  for (const plot of plots) plot.point(index);
  cards.replaceChildren(bestCard(), ...MODALITIES.map(gainCard));
  confusion.point(index);
  save.textContent = B.t("lab.save", { beta: B.number(lab.betas[index]) });
  element.dataset.beta = B.number(lab.betas[index]);
  if (window.Plotly) reliability.draw(window.Plotly, lab, place, index);
};
const pointSoon = B.everyFrame(() => lab && point());
const move = (to, ask) => {
  if (to === index || !lab) return;
  index = to;
  saved.hidden = true;
  pointSoon();
  if (ask) B.askBeta(lab.betas[to]); // the page follows, where its slider is free
};

const choose = (to) => {
  place = to;
  finding = lab.names[to];
  chooser.selectedIndex = to;
  element.dataset.finding = finding;
  draw();
};
const loadScores = () => {
  if (!place) return (scores = null);
  if (scores && scores.split === lab.split && scores.finding === finding) return scores;
  scores = null;
  const asked = `${lab.split}/${finding}`;
  if (wanted !== asked) trigger("scores", { split: lab.split, finding });
  wanted = asked;
  return null;
};

const draw = async () => {
  if (!lab) return;
  const Plotly = await B.plotly();
  warnAlone();
  test.hidden = lab.out_of_fold || (lab.split !== "test" && lab.split !== "all");
  const which = !lab.out_of_fold ? "lab.note" : lab.out_of_fold === lab.n ? "lab.note.folds" : "lab.note.some_folds";
  const facts = { n: lab.n, folds: lab.out_of_fold, patients: lab.patients, resamples: lab.resamples.toLocaleString(B.language) };
  note.textContent = B.t(which, facts) + ["left_out", "chose"].map((what) => (lab[what] ? ` · ${B.t(`lab.note.${what}`, { n: lab[what] })}` : "")).join("");
  body.replaceChildren(...lab.names.map((_, i) => row(i)));
  await Promise.all(plots.map((plot) => plot.draw(Plotly, lab, place)));
  confusion.load(lab, place, loadScores());
  point();
  element.dataset.state = "ready";
};

const keep = () => {
  save.disabled = true;
  trigger("keep", { beta: lab.betas[index] });
};
B.on("lab-saved", ({ key, bad, ...values }) => {
  save.disabled = false;
  saved.hidden = false;
  saved.classList.toggle("bl-bad", Boolean(bad));
  saved.textContent = B.t(key, { ...values, beta: values.beta === undefined ? "" : B.number(values.beta) });
});
B.on("lab-scores", (message) => {
  wanted = null;
  if (!lab) return;
  if (message.split !== lab.split || message.finding !== finding) return loadScores(); // chosen another meanwhile
  const block = B.floats(message.block), part = (name) => block.subarray(message.arrays[name][0], message.arrays[name][0] + message.arrays[name].slice(1).reduce((a, b) => a * b, 1));
  scores = { ...message, values: part("scores"), labels: part("labels") };
  confusion.load(lab, place, scores);
});
B.on("lab-films", ({ films }) => confusion.show(films));

const say = (message) => {
  const { progress, error } = message;
  wait.replaceChildren(B.el("p", { text: error ? `${B.t("lab.none")} ${error}` : B.t(progress ? `lab.wait.${progress.name}` : "lab.waiting") }),
    progress && progress.total ? B.el("progress", { max: progress.total, value: progress.done, "aria-label": B.t(`lab.wait.${progress.name}`) }) : "");
};
const load = () => {
  if (props.value === last) return;
  last = props.value;
  const message = JSON.parse(props.value);
  split.replaceChildren(...setup.splits.map((name) => B.el("option", { value: name, text: splitName(name) })));
  split.value = message.split;
  content.hidden = !message.betas;
  wait.hidden = Boolean(message.betas);
  for (const part of [save, note, chooser]) part.hidden = !message.betas && !lab;
  save.disabled = !message.betas;
  if (!message.betas) {
    element.dataset.state = message.error ? "failed" : "working";
    return say(message);
  }
  saved.hidden = true;
  lab = new B.LabData(message);
  fillChooser();
  place = Math.max(0, lab.names.indexOf(finding));
  index = lab.nearest(B.beta);
  choose(place);
};
const fillChooser = () => chooser.replaceChildren(...lab.names.map((name, i) => B.el("option", { value: name, text: lab.label(i) })));

watch("value", load);
B.on("beta", B.whileSeen(element, () => lab && move(lab.nearest(B.beta), false)));
B.on("theme", draw);
B.on("language", () => {
  split.querySelectorAll("option").forEach((option) => (option.textContent = splitName(option.value)));
  if (!lab) return say(JSON.parse(props.value));
  fillChooser();
  choose(place);
});
load();
