// The evidence of one case. Python sends it once; every move of beta is drawn from what is already here.
const B = window.BetaLens;
const film = new B.FilmView();
const judge = B.phrase("button", "flag.ask", { type: "button", class: "bl-toggle", onclick: () => B.emit("ask-verdict") });
const words = new B.WordsView();
const bars = new B.BarsView((index, finding) => trigger("select", { index, value: finding }));
const shares = new B.SharesView();
const curve = new B.CurveView();
const views = [film, words, bars, shares, curve];

const name = B.el("h2", { class: "bl-finding" });
const probability = B.el("output", { class: "bl-p bl-num" });
const verdict = B.el("span", { class: "bl-verdict" });
const tier = B.el("span", { class: "bl-chip", role: "status" });
const settled = B.el("span", { class: "bl-settled bl-muted bl-num" });
const discord = B.el("p", { class: "bl-discord", role: "status", hidden: true });
const empty = B.phrase("p", "stage.empty", { class: "bl-empty" });

const decision = B.el("section", { class: "bl-panel bl-decision" },
  B.el("header", { class: "bl-decision-head" },
    B.el("div", {}, name, B.el("div", { class: "bl-chips" }, tier, settled)),
    B.el("div", { class: "bl-decision-p" }, probability, verdict)),
  discord, bars.node, shares.node, curve.node);
words.node.firstChild.append(judge);
const grid = B.el("div", { class: "bl-stage-grid", hidden: true }, film.node, decision, words.node);
element.replaceChildren(empty, grid);

let opened = null;

// Image alone against report alone: the same finding, decided differently.
const disagreement = () => {
  if (opened.modalities.length < 2) return null;
  const report = opened.probability(0), image = opened.probability(1);
  return (report >= 0.5) === (image >= 0.5) ? null : { report: B.probability(report), image: B.probability(image) };
};

const describe = () => {
  name.textContent = B.findingName(opened.finding);
  const exact = opened.tier === "exact";
  tier.className = `bl-chip ${exact ? "bl-chip-exact" : "bl-chip-instant"}`;
  tier.textContent = !exact ? B.t("tier.instant")
    : opened.completeness === null ? B.t("tier.exact") : B.t("tier.exact_error", { error: B.number(100 * opened.completeness, 2) });
  tier.title = B.t(exact ? "tier.exact_help" : "tier.instant_help");
  const clash = disagreement();
  discord.hidden = !clash && !opened.discordant;
  discord.textContent = [clash && B.t("discord.model", clash), opened.discordant && B.t("discord.study")].filter(Boolean).join(" ");
};

const move = () => {
  if (!opened) return;
  const beta = opened.modalities.length === 2 ? B.beta : opened.modalities[0] === "image" ? 1 : 0;
  const started = performance.now();
  for (const view of views) view.move(beta);
  const p = opened.probability(beta);
  probability.textContent = B.probability(p);
  verdict.textContent = B.t(opened.single ? (opened.findings.every((_, i) => opened.probability(beta, i) <= p) ? "verdict.first" : "verdict.not_first")
    : p >= 0.5 ? "verdict.present" : "verdict.absent");
  verdict.classList.toggle("bl-present", p >= 0.5);
  element.dataset.beta = B.number(beta);
  element.dataset.drawMs = (performance.now() - started).toFixed(2);
};
const moveSoon = B.everyFrame(move);

const load = () => {
  for (const view of views) view.load(opened);
  describe();
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
  opened = new B.Case(message, opened && opened.case === message.case ? opened.film : null);
  settleDown();
  empty.hidden = true;
  grid.hidden = false;
  settled.textContent = "";
  element.dataset.case = opened.case;
  element.dataset.tier = opened.tier;
  element.dataset.finding = opened.finding;
  load();
  B.emit("opened", opened.case);
});
B.on("beta", () => {
  settled.textContent = "";
  moveSoon();
});
B.on("language", () => opened && load());
B.on("theme", () => opened && load());

// The server's own answer at this beta, which must agree with what was drawn.
B.on("settled", (answer) => {
  if (!opened || answer.ticket !== opened.ticket || Math.abs(answer.beta - B.beta) > 1e-6) return;
  const index = opened.index;
  if (Math.abs(answer.probabilities[index] - opened.probability(answer.beta)) < 1e-3) {
    settled.textContent = B.t("stage.settled");
    element.dataset.settled = B.number(answer.beta);
  }
});
