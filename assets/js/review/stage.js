// The evidence of one case. Python sends it once; every move of beta is drawn from what is already here.
import { currentBeta } from "../lib/beta.js";
import { el } from "../lib/dom.js";
import { emit, on } from "../lib/events.js";
import { joined, number, probability } from "../lib/format.js";
import { findingName, phrase, t } from "../lib/i18n.js";
import { toggle } from "../lib/parts.js";
import { debounce, whileSeen } from "../lib/timing.js";
import { readAddress } from "../page/address.js";
import { isKept, numbersSwitch, unaskedOf, whyNot } from "./cannot_tell.js";
import { Case } from "./case/case.js";
import { caseBar } from "./case_bar.js";
import { changesView } from "./changes.js";
import { axisSwitch } from "./decision/axis.js";
import { barsView } from "./decision/bars.js";
import { curveView } from "./decision/curve.js";
import { detailsView } from "./decision/details.js";
import { headView } from "./decision/head.js";
import { numbersView } from "./decision/numbers.js";
import { sharesView } from "./decision/shares.js";
import { dicomExport } from "./dicom.js";
import { filmView } from "./film/film.js";
import { methodPicker } from "./methods.js";
import { pinnedView } from "./pinned.js";
import { typedReport } from "./report/typed.js";
import { wordsView } from "./report/words.js";
import { recordedView, veilView, versionView } from "./veil.js";
import "./tests.js"; // fills the strips under film and report

/** @import { Modality, Mount } from "../lib/types.d.ts" */
/** @import * as m from "../lib/messages.d.ts" */
/** @import { Checked } from "./decision/numbers.js" */

const STILL_MS = 700;
const PATIENCE_MS = 10_000; // after which a case that does not come is said not to have come yet
const SAME = 1e-3; // of a probability: what the server says may differ by less from what was drawn

/** @type {Mount} */
export const mount = ({ element, trigger, props, value, watch }) => {
  /** @type {m.Methods} */
  const methods = JSON.parse(props.methods);
  /** @param {Modality} modality */
  const picker = (modality) =>
    methodPicker(modality, methods[modality], (name) => trigger("method", { modality, name }));
  const swap = toggle("swap.ask", ".bl-swap", () => emit("pick", swap.ariaPressed !== "true"));
  on("pick", (on) => (swap.ariaPressed = String(on)));

  const changes = changesView((all) => {
    dim();
    trigger("undo", { all });
  });
  const erase = (/** @type {string} */ mask) => {
    dim();
    trigger("erase", { mask });
  };
  const pinned = pinnedView({
    pin: (asked) => trigger("pin", asked),
    show: (digest) => showUnder(digest),
    draw: () => load(),
  });
  const above = el("div", changes.node, pinned.node);
  const film = filmView(picker("image"), erase, (tiles) => trigger("pixels", { tiles }), above);
  const words = wordsView(picker("report"), swap);
  const bars = barsView((index, finding) => trigger("select", { index, value: finding }));
  const axis = axisSwitch(() => opened && !opened.veiled && load());
  const shown = numbersSwitch(() => load());
  const head = headView(shown.node, axis.node);
  const shares = sharesView();
  const curve = curveView();
  const details = detailsView();
  const views = () => (opened.veiled ? [film, words] : [film, words, head, bars, shares, curve, details]);

  const numbers = numbersView();
  const missing = el("p.bl-missing.bl-muted", { hidden: true });
  const unasked = el("p.bl-unasked.bl-muted", { role: "status" });
  const typed = typedReport();
  const discord = el("p.bl-discord", { role: "status", hidden: true });
  const empty = phrase("p.bl-empty", "stage.empty");
  const why = el("p");
  const back = el("button.bl-toggle", { onclick: () => showBefore() });
  const notOpened = el("div.bl-empty.bl-not-opened", { role: "status", hidden: true }, why, back);
  const dicom = dicomExport(() => trigger("dicom"));
  const bar = caseBar(pinned.button, ...dicom.nodes);

  const answer = [
    typed.node,
    head.node,
    unasked,
    numbers.alarm,
    discord,
    bars.node,
    missing,
    shares.node,
    curve.node,
    el("div.bl-decision-foot", details.node, numbers.line),
  ];
  const decision = el("section.bl-panel.bl-decision", ...answer);
  const veil = veilView();
  const recorded = recordedView();
  /** @param {string} digest of a version; "" of the served one */
  const showUnder = (digest) => {
    dim();
    trigger("under_version", { digest });
  };
  const version = versionView(() => showUnder(""));
  const grid = el("div.bl-stage-grid", film.node, decision, words.node);
  const all = el("div", { hidden: true }, bar.node, version.node, recorded.node, grid);
  element.replaceChildren(empty, notOpened, all);

  /** @type {Case | null} */
  let opened = null;
  /** @type {m.Settled | null} */
  let answered = null; // the server's last answer at a β
  /** @type {(m.Settled & { case: string, finding: string, changes: number }) | null} */
  let contradicted = null; // the one that what was drawn contradicted, and of what, until β or the case changes
  const isAnew = () =>
    contradicted &&
    !opened.veiled &&
    contradicted.case === opened.case &&
    contradicted.finding === opened.finding &&
    contradicted.changes === opened.changes.length;
  const forget = () => {
    contradicted = null;
    settle("unchecked");
  };
  /** @type {m.Waiting | null} */
  let waiting = null;
  /** @type {{ checked: Checked, values?: Record<string, string> }} */
  let check = { checked: "unchecked" }; // of the numbers, by the server
  const sayNumbers = () => {
    const ahead = waiting?.ticket === opened.ticket ? waiting.ahead : 0;
    numbers.draw({ isExact: opened.tier === "exact", ahead, checked: check.checked }, check.values);
  };

  const describe = () => {
    sayNumbers();
    missing.hidden = opened.modalities.length === 2;
    missing.textContent = t(opened.modalities[0] === "image" ? "missing.report" : "missing.image");
    const clash = opened.discordance?.alert && opened.discordance;
    discord.hidden = (!clash && !opened.discordant) || isKept(opened);
    const said = [
      clash &&
        t("discord.model", {
          probability: clash.probability > 0.995 ? ">0.99" : number(clash.probability),
          finding: findingName(clash.finding),
          image: probability(clash.image),
          report: probability(clash.report),
        }),
      opened.discordant && t("discord.study"),
    ];
    discord.textContent = joined(said, " ");
    changes.load(opened);
    shown.load(opened);
    unasked.textContent = unaskedOf(opened);
    decision.classList.toggle("bl-untellable", Boolean(whyNot(opened)));
    decision.classList.toggle("bl-kept", isKept(opened));
  };

  const move = () => {
    if (!opened) return;
    if (opened.veiled) return film.draw();
    const beta = opened.betaFor(currentBeta());
    const started = performance.now();
    for (const view of views()) view.move(beta);
    pinned.move(beta);
    element.dataset.beta = number(beta);
    element.dataset.drawMs = (performance.now() - started).toFixed(2);
  };
  // While another tab is in front, a move of beta is that tab's alone.
  const moveSoon = whileSeen(element, move);

  // The layout comes first: what is drawn is drawn to the size it will have.
  const load = () => {
    // What the model said of an earlier case, or of this one before it was veiled, is taken out and not just covered.
    decision.replaceChildren(...(opened.veiled ? [veil.node] : answer));
    pinned.load(opened);
    grid.classList.toggle("bl-compare", Boolean(opened.beside));
    veil.load(opened);
    bar.load(opened);
    dicom.load(opened);
    version.load(opened);
    recorded.load(opened);
    emit("kept", !opened.veiled && isKept(opened));
    if (opened.veiled) changes.load(opened);
    else describe();
    for (const view of views()) view.load(opened, axis.current());
    typed.load(opened);
    move();
  };

  // Only an opening that takes long enough to be noticed dims the case it will replace.
  let dimming = 0;
  const settleDown = () => {
    clearTimeout(dimming);
    element.classList.remove("bl-busy");
  };
  const dim = () => {
    clearTimeout(dimming);
    dimming = setTimeout(() => element.classList.add("bl-busy"), 200);
  };
  // From the click that opens another case until it stands here nothing is said of the one before; where it cannot be
  // opened, the one before comes back only when somebody asks for it.
  /** @type {{ study: string, after: number } | null} */
  let awaited = null;
  let patience = 0;
  on("opening", (study) => {
    awaited = { study, after: opened?.ticket ?? -1 };
    dim();
    clearTimeout(patience);
    patience = setTimeout(() => tellNotOpened("stage.slow"), PATIENCE_MS);
  });
  on("changing", dim);
  /** @param {m.Stage | m.Veiled} message */
  const isAwaited = (message) =>
    !awaited || (awaited.study ? message.case === awaited.study : message.ticket > awaited.after);
  /** @param {string} key */
  const tellNotOpened = (key) => {
    clearTimeout(patience);
    settleDown();
    if (!awaited) return;
    all.hidden = empty.hidden = true;
    notOpened.hidden = false;
    why.textContent = t(key);
    back.hidden = !opened;
    back.textContent = opened ? t("stage.back", { case: opened.case }) : "";
    emit("not-opened");
  };
  on("refused", () => {
    tellNotOpened("stage.not_opened");
    awaited = null;
  });
  const showBefore = () => {
    awaited = null;
    notOpened.hidden = true;
    all.hidden = false;
    load();
    emit("opened", opened);
  };
  /** @param {Event} event @param {string} selector */
  const isIn = ({ target }, selector) => target instanceof Element && target.closest(selector);
  document.addEventListener("click", (event) => {
    if (isIn(event, ".bl-analyse-alone")) emit("opening", "");
    else if (isIn(event, ".bl-analyse")) dim();
  });
  document.addEventListener("change", (event) => isIn(event, ".bl-upload") && emit("opening", ""));
  document.addEventListener("drop", (event) => isIn(event, ".bl-upload") && emit("opening", ""), { capture: true });

  // The tests of what is on the stage are asked for once it stands still.
  const askForTests = debounce(
    () => opened.tier === "exact" && trigger("examine", { ticket: opened.ticket }),
    STILL_MS,
  );

  // The page opens on the study of its address, or on the first of the list.
  /** @param {Partial<import("../lib/types.d.ts").Address>} to */
  const goTo = (to) => {
    emit("opening", to.study ?? "");
    trigger("begin", to);
  };
  on("go-to", goTo);
  goTo(readAddress(location.hash));

  watch(() => {
    /** @type {m.Stage | m.Veiled | null} */
    const message = value();
    if (!message || message.ticket < opened?.ticket || !isAwaited(message)) return;
    awaited = null;
    clearTimeout(patience);
    opened = new Case(message, opened?.case === message.case ? opened : null);
    settleDown();
    empty.hidden = notOpened.hidden = true;
    all.hidden = false;
    if (!isAnew()) forget();
    const { case: study, tier, finding, model, changes } = opened;
    Object.assign(element.dataset, { case: study, tier, finding, model, changes: changes.length });
    load();
    emit("opened", opened);
    emit(opened.veiled ? "veiled" : "explained", opened);
    emit("changed", changes.length > 0);
    if (isAnew()) compare();
    askForTests();
  });
  on("beta", () => {
    forget();
    moveSoon();
  });
  on("language", () => opened && load());
  on("theme", () => opened && load());

  // How many explanations of others are computed before this one.
  on("waiting", (now) => {
    waiting = now;
    if (opened && !opened.veiled) sayNumbers();
  });

  // The server's own answer at this beta must agree with what was drawn of every finding. Where it does not, the page
  // says so, draws the server's numbers at this beta at once, and asks for the case anew: what is wrong at one beta may
  // be wrong at each. What comes is compared once more; where it still differs, that is said.
  /** @param {Checked} checked @param {Record<string, string>} [values] */
  const settle = (checked, values) => {
    check = { checked, values };
    if (opened && !opened.veiled) sayNumbers();
  };
  const compare = () => {
    const now = contradicted || answered;
    const apart = opened.findings.map((_, i) => Math.abs(now.probabilities[i] - opened.probability(now.beta, i)));
    const most = apart.indexOf(Math.max(...apart));
    if (apart[most] < SAME) {
      if (!contradicted) settle("checked"); // else what was said of it stands
      return;
    }
    const values = { finding: findingName(opened.findings[most]), apart: number(apart[most], 3) };
    settle(contradicted ? "differs_still" : "differs", values);
    opened.correct(now.beta, now.probabilities);
    load();
    if (contradicted) return;
    contradicted = { ...now, case: opened.case, finding: opened.finding, changes: opened.changes.length };
    trigger("again");
  };
  on("settled", (now) => {
    if (!opened || !now || opened.veiled || now.ticket !== opened.ticket || Math.abs(now.beta - currentBeta()) > 1e-6)
      return;
    answered = now;
    compare();
    element.dataset.settled = number(now.beta);
  });
};
