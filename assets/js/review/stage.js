// The evidence of one case. Python sends it once; every move of beta is drawn from what is already here.
const B = window.BetaLens;
const methods = JSON.parse(props.methods);
const picker = (modality) => new B.MethodPicker(modality, methods[modality], (name) => trigger("method", { modality, name }));
const swap = B.phrase("button", "swap.ask", {
  type: "button", class: "bl-toggle bl-swap", "aria-pressed": "false", onclick: () => B.emit("pick", swap.getAttribute("aria-pressed") !== "true"),
});
B.on("pick", (on) => swap.setAttribute("aria-pressed", String(on)));

const changes = new B.ChangesView((all) => {
  opening();
  trigger("undo", { all });
});
const film = new B.FilmView(picker("image"), (mask) => {
  opening();
  trigger("erase", { mask });
}, changes.node);
const words = new B.WordsView(picker("report"), swap);
const bars = new B.BarsView((index, finding) => trigger("select", { index, value: finding }));
const shares = new B.SharesView();
const curve = new B.CurveView();
const views = () => (opened.veiled ? [film, words] : [film, words, bars, shares, curve]);

const name = B.el("h2", { class: "bl-finding" });
const before = B.el("span", { class: "bl-p-then bl-num" });
const probability = B.el("output", { class: "bl-p bl-num" });
const verdict = B.el("span", { class: "bl-verdict" });
const tier = B.el("span", { class: "bl-chip", role: "status" });
const settled = B.el("span", { class: "bl-settled bl-muted bl-num" });
const discord = B.el("p", { class: "bl-discord", role: "status", hidden: true });
const empty = B.phrase("p", "stage.empty", { class: "bl-empty" });

const answer = [
  B.el("header", { class: "bl-decision-head" },
    B.el("div", {}, name, B.el("span", { class: "bl-decision-p" }, before, probability)),
    B.el("div", {}, B.el("div", { class: "bl-chips" }, tier, settled), verdict)),
  discord, bars.node, shares.node, curve.node];
const decision = B.el("section", { class: "bl-panel bl-decision" }, ...answer);
const veil = new B.VeilView();
const recorded = new B.RecordedView();
const version = new B.VersionView(() => {
  opening();
  trigger("leave_version");
});
const grid = B.el("div", { class: "bl-stage-grid", hidden: true }, film.node, decision, words.node);
element.replaceChildren(empty, version.node, recorded.node, grid);

let opened = null, waiting = null;

// How far the shown methods are from adding up, for those that promise to.
const errors = () => ["image", "report"].filter((modality) => opened.completeness[modality] !== null)
  .map((modality) => B.t(`completeness.${modality}`, { error: B.number(100 * opened.completeness[modality], 2) })).join(", ");

const describe = () => {
  name.textContent = B.findingName(opened.finding);
  const exact = opened.tier === "exact", error = exact && errors();
  tier.className = `bl-chip ${exact ? "bl-chip-exact" : "bl-chip-instant"}`;
  const ahead = !exact && waiting && waiting.ticket === opened.ticket ? waiting.ahead : 0;
  tier.textContent = ahead ? B.t("tier.waiting", { ahead }) : !exact ? B.t("tier.instant") : error ? B.t("tier.exact_error", { errors: error }) : B.t("tier.exact");
  tier.title = `${tier.textContent}. ${B.t(!exact ? "tier.instant_help" : error ? "tier.error_help" : "tier.exact_help")}`;
  const clash = opened.discordance && opened.discordance.alert && opened.discordance;
  discord.hidden = !clash && !opened.discordant;
  discord.textContent = [
    clash && B.t("discord.model", {
      probability: clash.probability > 0.995 ? ">0.99" : B.number(clash.probability), finding: B.findingName(clash.finding),
      image: B.probability(clash.image), report: B.probability(clash.report),
    }),
    clash && clash.worth && B.t("discord.worth", {
      finding: B.findingName(clash.finding), pairs: clash.worth.n, prevalence: B.percent(clash.worth.prevalence), of: clash.worth.n_of,
      precision: B.figure(clash.worth.precision, B.percent), alarms: B.figure(clash.worth.false_alarms, B.percent),
    }),
    opened.discordant && B.t("discord.study"),
  ].filter(Boolean).join(" ");
  changes.load(opened);
  grid.classList.toggle("bl-compare", Boolean(opened.original));
};

const move = () => {
  if (!opened) return;
  if (opened.veiled) return film.draw();
  const beta = opened.modalities.length === 2 ? B.beta : opened.modalities[0] === "image" ? 1 : 0;
  const started = performance.now();
  for (const view of views()) view.move(beta);
  const { original } = opened;
  before.textContent = original ? `${B.probability(original.probability(beta))} → ` : "";
  probability.textContent = B.probability(opened.probability(beta));
  verdict.textContent = [...new Set([original, opened].filter(Boolean).map((side) => B.t(side.verdict(beta))))].join(" → ");
  verdict.classList.toggle("bl-present", opened.probability(beta) >= 0.5);
  element.dataset.beta = B.number(beta);
  element.dataset.drawMs = (performance.now() - started).toFixed(2);
};
// While another tab is in front, a move of beta is that tab's alone.
const moveSoon = B.whileSeen(element, move);

// The layout comes first: what is drawn is drawn to the size it will have.
const load = () => {
  // What the model said of an earlier case, or of this one before it was veiled, is taken out and not just covered.
  decision.replaceChildren(...(opened.veiled ? [veil.load(opened)] : answer));
  version.load(opened);
  recorded.load(opened.recorded);
  if (opened.veiled) changes.load(opened);
  else describe();
  for (const view of views()) view.load(opened);
  move();
};

// Only an opening that takes long enough to be noticed dims the case it will replace.
let dimming = 0;
const settleDown = () => {
  clearTimeout(dimming);
  element.classList.remove("bl-busy");
};
const opening = () => {
  clearTimeout(dimming);
  dimming = setTimeout(() => element.classList.add("bl-busy"), 200);
};
B.on("opening", opening);
B.on("refused", settleDown);
document.addEventListener("click", (event) => event.target.closest?.(".bl-analyse") && opening());
document.addEventListener("change", (event) => event.target.closest?.(".bl-upload") && opening());

watch("value", () => {
  if (!props.value) return;
  const message = JSON.parse(props.value);
  if (opened && message.ticket < opened.ticket) return;
  opened = new B.Case(message, opened && opened.case === message.case ? opened : null);
  settleDown();
  empty.hidden = true;
  grid.hidden = false;
  settled.textContent = "";
  element.dataset.case = opened.case;
  element.dataset.tier = opened.tier;
  element.dataset.finding = opened.finding;
  element.dataset.model = opened.model;
  element.dataset.changes = opened.changes.length;
  load();
  B.emit("opened", opened);
  B.emit(opened.veiled ? "veiled" : "explained", opened);
  B.emit("changed", opened.changes.length > 0);
});
B.on("beta", () => {
  settled.textContent = "";
  moveSoon();
});
B.on("language", () => opened && load());
B.on("theme", () => opened && load());

// How many explanations of others are computed before this one.
B.on("waiting", (now) => {
  waiting = now;
  if (opened && !opened.veiled) describe();
});

// The server's own answer at this beta must agree with what was drawn of every finding. Where it does not, the page
// says so, and draws the server's.
const SAME = 1e-3; // of a probability
B.on("settled", (now) => {
  if (!opened || !now || opened.veiled || now.ticket !== opened.ticket || Math.abs(now.beta - B.beta) > 1e-6) return;
  const apart = opened.findings.map((_, i) => Math.abs(now.probabilities[i] - opened.probability(now.beta, i)));
  const most = apart.indexOf(Math.max(...apart)), same = apart[most] < SAME;
  if (!same) {
    opened.correct(now.beta, now.probabilities);
    load();
  }
  settled.classList.toggle("bl-differs", !same);
  settled.textContent = B.t(same ? "stage.settled" : "stage.differs");
  settled.title = same ? B.t("stage.settled_help")
    : B.t("stage.differs_help", { finding: B.findingName(opened.findings[most]), apart: B.number(apart[most], 3) });
  element.dataset.settled = B.number(now.beta);
});
