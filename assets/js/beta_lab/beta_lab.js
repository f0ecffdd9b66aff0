// Everything over beta, measured once by the server: a move of the cursor redraws from what is here.
import { askBeta, currentBeta, sliderBeta } from "../lib/beta.js";
import { floats, part } from "../lib/bytes.js";
import { el, put } from "../lib/dom.js";
import { emit, on } from "../lib/events.js";
import { number, signed, whole } from "../lib/format.js";
import { ifDefined, phrase, t } from "../lib/i18n.js";
import { columnHeads, note, offer, panelHead, sayWork, scrolled, table } from "../lib/parts.js";
import { plotly } from "../lib/plot.js";
import { everyFrame, whileSeen } from "../lib/timing.js";
import { showTab } from "../page/tabs.js";
import { confusionView } from "./confusion.js";
import { LabData, labFigure, labInterval, labP, labSigned } from "./lab_data.js";
import { betaPlot, reliabilityPlot } from "./lab_plots.js";
import { multiplesView } from "./multiples.js";

/** @import { Child, Interval, LabCell, Modality, Mount, Scores } from "../lib/types.d.ts" */
/** @import * as m from "../lib/messages.d.ts" */

/** @type {Mount} */
export const mount = ({ element, trigger, props, value, watch }) => {
  /** @type {m.LabWait} */
  const setup = value();

  /** @type {LabData | null} */
  let lab = null;
  let studied = setup.split; // which was asked for last
  let measuring = true; // `lab` is of what was chosen before, if of anything
  let place = 0;
  let index = 0;
  let finding = "";
  /** @type {Scores | null} */
  let scores = null;
  /** @type {LabCell | null} */
  let returning = null; // where to, until that is shown
  /** @type {string | null} */
  let wanted = null;
  /** @type {string | null} */
  let last = null;

  /** @param {string} id @param {() => void} onchange */
  const select = (id, onchange) => el("select.bl-select", { id, onchange });
  const split = select("bl-lab-split", () => {
    returning = null;
    measure(split.value);
  });
  /** @param {string} name */
  const measure = (name) => {
    studied = name;
    trigger("measure", { split: name });
  };
  const chooser = select("bl-lab-finding", () => choose(chooser.selectedIndex));
  const chooserLabel = phrase("label", "lab.finding", { for: "bl-lab-finding" });
  const said = el("p.bl-muted.bl-lab-note.bl-num");
  const save = el("button.bl-button.bl-lab-save", { onclick: () => confirm() });
  const saved = el("div.bl-lab-saved", { role: "status", hidden: true });
  const test = phrase("p.bl-lab-warning", "lab.warn_test", { role: "note", hidden: true });
  const alone = el("div.bl-lab-warning", { role: "note", hidden: true });
  const cards = el("div.bl-lab-cards");
  const body = el("tbody");

  const plots = [
    ["auroc", "accent"],
    ["average_precision", "image"],
    ["ece", "report"],
    ["threshold", "con"],
  ].map(([name, colour]) =>
    betaPlot(
      name,
      colour,
      (to) => move(to, true),
      (by) => lab && move(Math.min(lab.count - 1, Math.max(0, index + by)), true),
    ),
  );
  const multiples = multiplesView((to) => choose(to));
  const reliability = reliabilityPlot();
  const confusion = confusionView(
    (ids) => trigger("films", { ids }),
    (study, from) => {
      const beta = lab.betas[index];
      emit("opening", study);
      emit("from-cell", { ...from, study, split: lab.split, finding, beta });
      trigger("open", { study, finding, beta });
    },
  );

  const columns = ["finding", "positives", "best", "best_auroc", "best_ap", "best_ece", "gain_image", "gain_report"];
  const everyFinding = el(
    "section.bl-panel.bl-lab-table",
    panelHead("lab.table", phrase("span.bl-muted", "lab.table_note")),
    scrolled(table("table.bl-table.bl-num", columnHeads("lab.column", columns), body)),
    note("lab.no_interval_note"),
  );
  const content = el(
    "div.bl-lab",
    { hidden: true },
    test,
    cards,
    alone,
    multiples.node,
    el("div.bl-lab-figures", ...plots.map((plot) => plot.node), reliability.node),
    confusion.node,
    everyFinding,
  );
  const wait = el("div.bl-empty.bl-wait", { role: "status" }, phrase("p", "lab.waiting"));
  const head = el(
    "div.bl-lab-head",
    phrase("label", "lab.split", { for: "bl-lab-split" }),
    split,
    chooserLabel,
    chooser,
    said,
    save,
  );
  element.replaceChildren(head, saved, wait, content);

  /** @param {string} name */
  const splitName = (name) => t(`lab.split.${name}`);
  /** @type {Record<string, string>} */
  const verdictClass = { better: "good", worse: "bad", same: "warn", alike: "warn", unsure: "muted" };
  /** @param {Interval} band @param {...any} how */
  const titled = (band, ...how) => (band.low === null ? "" : `${t("lab.interval")} `) + labInterval(band, ...how);

  /** @param {string} title @param {...Child} children */
  const card = (title, ...children) => el("section.bl-panel.bl-lab-card", el("h2", title), ...children);
  const bestCard = () => {
    const [best, low, high] = lab.best[place];
    const at = best === null ? null : lab.at(place, "auroc", lab.bestIndex(place));
    return card(
      `${t("lab.best")} · ${lab.label(place)}`,
      el(
        "p.bl-lab-big.bl-num",
        { text: ifDefined(best, number) },
        best !== null && el("span.bl-muted", titled({ low, high }, number, 2)),
      ),
      el("p.bl-muted.bl-num", at ? `AUROC ${labFigure(at.value)} (${labInterval(at)})` : t("lab.undefined")),
      best !== null && phrase("button.bl-toggle", "lab.go", { onclick: () => move(lab.bestIndex(place), true) }),
    );
  };
  /** @param {Modality} modality */
  const gainCard = (modality) => {
    const { value, low, high, p } = lab.at(place, modality, index);
    const verdict = lab.verdict(place, modality, index);
    const measured = !["itself", "undefined"].includes(verdict);
    return card(
      t(`lab.against.${modality}`, { beta: number(lab.betas[index]) }),
      el(
        "p.bl-lab-big.bl-num",
        { text: labSigned(value) },
        measured && el("span.bl-muted", titled({ low, high }, signed)),
      ),
      el(
        "p",
        { class: `bl-lab-verdict bl-lab-${verdictClass[verdict] || "muted"}`, "data-verdict": verdict },
        el("b", t(`lab.verdict.${verdict}`, { margin: lab.margin })),
        p !== null && el("span.bl-muted.bl-num", labP(p)),
      ),
    );
  };

  // Which modality does as well alone, for the chosen finding or for all of them.
  const warnAlone = () => {
    const places = place ? [place] : lab.names.map((_, i) => i);
    /** @param {(alone: Modality[]) => boolean} test */
    const of = (test) =>
      places
        .filter((i) => test(lab.alone[i]))
        .map((i) => lab.label(i))
        .join(t("lab.comma"));
    const lines = [
      ["report", of((a) => a.includes("report") && a.length === 1)],
      ["image", of((a) => a.includes("image") && a.length === 1)],
      ["both", of((a) => a.length === 2)],
    ].filter(([, names]) => names);
    alone.hidden = !lines.length;
    alone.replaceChildren(
      el("b", t("lab.alone")),
      ...lines.map(([which, findings]) =>
        el("p", { "data-alone": which, text: t(`lab.alone.${which}`, { findings }) }),
      ),
    );
  };

  /** @param {number} i */
  const row = (i) => {
    const at = lab.bestIndex(i);
    const [best, low, high] = lab.best[i];
    /** @param {...Child} children */
    const cell = (...children) => el("td", ...children);
    /** @param {string} value @param {string | null} interval */
    const banded = (value, interval) => cell(el("b", value), interval && el("span.bl-muted", interval));
    const none = () => cell(t("not_defined"));
    /** @param {string} name */
    const measured = (name) =>
      at === null ? none() : banded(labFigure(lab.at(i, name, at).value), labInterval(lab.at(i, name, at)));
    /** @param {Modality} modality */
    const gain = (modality) => {
      if (at === null) return none();
      const g = lab.at(i, modality, at);
      const verdict = lab.verdict(i, modality, at);
      if (g.value === null) return none();
      if (verdict === "itself") return cell(el("span.bl-muted", t("lab.verdict.itself")));
      return cell(
        el("b", { class: `bl-lab-${verdictClass[verdict] || "muted"}`, text: labSigned(g.value) }),
        el("span.bl-muted", labInterval(g, signed) + (g.p === null ? "" : ` · ${labP(g.p)}`)),
      );
    };
    return el(
      "tr",
      { class: i ? null : "bl-total", "aria-selected": String(i === place) },
      el("th", { scope: "row" }, el("button.bl-link", { text: lab.label(i), onclick: () => choose(i) })),
      cell(String(lab.positives[i])),
      best === null ? none() : banded(number(best), labInterval({ low, high }, number, 2)),
      measured("auroc"),
      measured("average_precision"),
      measured("ece"),
      gain("image"),
      gain("report"),
    );
  };

  const point = () => {
    for (const plot of plots) plot.point(index);
    multiples.point(index);
    cards.replaceChildren(bestCard(), gainCard("image"), gainCard("report"));
    confusion.point(index);
    save.textContent = t("lab.save", { beta: number(lab.betas[index]) });
    element.dataset.beta = number(lab.betas[index]);
    if (window.Plotly) reliability.draw(lab, place, index);
  };
  const pointSoon = everyFrame(() => lab && point());
  /** @param {number} to @param {boolean} ask */
  const move = (to, ask) => {
    if (to === index || !lab) return;
    index = to;
    saved.hidden = true;
    pointSoon();
    if (ask) askBeta(lab.betas[to]); // the page follows, where its slider is free
  };

  /** @param {number} to */
  const choose = (to) => {
    place = to;
    finding = lab.names[to];
    chooser.selectedIndex = to;
    element.dataset.finding = finding;
    draw();
  };
  // Back to the cell that a case was opened from, with all that led to it.
  const goBack = () => {
    if (measuring || lab.split !== returning.split) return measure(returning.split);
    const to = returning;
    returning = null;
    index = lab.nearest(to.beta);
    askBeta(to.beta); // also where the lab, not being seen, has not followed the slider
    const at = lab.names.indexOf(to.finding);
    confusion.reopen(at, to, to.study);
    choose(at);
  };
  on("to-cell", (cell) => {
    returning = cell;
    showTab("beta_lab");
  });
  on("tab", (now) => now === "beta_lab" && returning && goBack());
  const loadScores = () => {
    if (place && scores && scores.split === lab.split && scores.finding === finding) return scores;
    scores = null;
    if (!place) return null;
    const asked = `${lab.split}/${finding}`;
    if (wanted !== asked) trigger("scores", { split: lab.split, finding });
    wanted = asked;
    return null;
  };

  const draw = async () => {
    if (!lab || measuring) return;
    await plotly();
    if (!lab || measuring) return;
    content.hidden = save.hidden = false; // not before there is something to see in it
    wait.hidden = true;
    warnAlone();
    test.hidden = lab.out_of_fold > 0 || (lab.split !== "test" && lab.split !== "all");
    const which = !lab.out_of_fold ? "lab.note" : lab.out_of_fold === lab.n ? "lab.note.folds" : "lab.note.some_folds";
    const facts = { n: lab.n, folds: lab.out_of_fold, patients: lab.patients, resamples: whole(lab.resamples) };
    said.textContent =
      t(which, facts) +
      /** @type {const} */ (["left_out", "chose"])
        .map((what) => (lab[what] ? ` · ${t(`lab.note.${what}`, { n: lab[what] })}` : ""))
        .join("");
    body.replaceChildren(...lab.names.map((_, i) => row(i)));
    multiples.load(lab, place);
    await Promise.all(plots.map((plot) => plot.draw(lab, place)));
    confusion.load(lab, place, loadScores());
    point();
    element.dataset.state = "ready";
  };

  // A checkpoint changes for everybody who opens it: what becomes of what is said before, and it can be taken back.
  const confirm = () => {
    const beta = lab.betas[index];
    saved.hidden = false;
    saved.classList.remove("bl-bad");
    const values = { now: number(lab.default_beta), beta: number(beta), checkpoint: lab.checkpoint };
    put(
      saved,
      el("p", t("lab.save.confirm", values)),
      phrase("button.bl-button.bl-primary", "lab.save.yes", { onclick: () => keep(beta) }),
      phrase("button.bl-toggle", "lab.save.no", { onclick: () => (saved.hidden = true) }),
    );
  };
  /** @param {number} beta */
  const keep = (beta) => {
    save.disabled = true;
    trigger("keep", { beta });
  };
  on("lab-saved", ({ key, bad, ...values }) => {
    save.disabled = false;
    saved.hidden = false;
    saved.classList.toggle("bl-bad", Boolean(bad));
    const before = lab.default_beta;
    const canUndo = key === "lab.save.done" && values.beta !== before;
    put(
      saved,
      el("p", t(key, { ...values, beta: values.beta === undefined ? "" : number(values.beta) })),
      canUndo &&
        el("button.bl-toggle", { text: t("lab.save.undo", { beta: number(before) }), onclick: () => keep(before) }),
    );
  });
  on("lab-scores", (message) => {
    wanted = null;
    if (!lab) return;
    if (message.split !== lab.split || message.finding !== finding) return loadScores(); // chosen another meanwhile
    const block = floats(message.block);
    const { arrays } = message;
    scores = { ...message, values: part(block, arrays.scores), labels: part(block, arrays.labels) };
    confusion.load(lab, place, scores);
  });
  on("lab-films", ({ films }) => confusion.show(films));

  const load = () => {
    if (props.value === last) return;
    last = props.value;
    const message = value();
    // A tab that comes to the front is told of the split before, too; whichever comes last, the server keeps.
    if (message.split !== studied) {
      if (message.betas) measure(studied);
      return;
    }
    offer(split, setup.splits, splitName);
    split.value = message.split;
    measuring = save.disabled = !message.betas;
    if (measuring) {
      content.hidden = true;
      wait.hidden = false;
      for (const node of [save, said, chooser, chooserLabel]) node.hidden = !lab;
      element.dataset.state = message.error ? "failed" : "working";
      return put(wait, ...sayWork("lab", message));
    }
    saved.hidden = true;
    said.hidden = chooser.hidden = chooserLabel.hidden = false;
    const isFirst = !lab;
    lab = new LabData(message);
    fillChooser();
    // It opens on what shows best that β matters; after that the reader chooses.
    place = isFirst ? lab.bestBlend : Math.max(0, lab.names.indexOf(finding));
    index = lab.nearest(currentBeta());
    if (returning) goBack();
    else choose(place);
  };
  const fillChooser = () => offer(chooser, lab.names, (_, i) => lab.label(i));

  watch(load);
  // An older β that the slider still tells would take back the steps that were made meanwhile.
  on(
    "beta",
    whileSeen(element, () => lab && move(lab.nearest(sliderBeta()), false)),
  );
  on("theme", draw);
  on("language", () => {
    offer(split, setup.splits, splitName);
    if (!lab) return put(wait, ...sayWork("lab", value()));
    fillChooser();
    choose(place);
  });
  load();
};
