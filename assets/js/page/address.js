// The state of the page in its address, behind the #, which no browser sends anywhere: the tab, the study, the finding,
// β and the methods. Who loads the page again, goes back or follows a link finds that state. A case that somebody sent
// has no address, and nothing of a report stands in one.
import { askBeta, currentBeta } from "../lib/beta.js";
import { emit, on } from "../lib/events.js";
import { number } from "../lib/format.js";
import { debounce } from "../lib/timing.js";
import { currentTab, showTab } from "./tabs.js";

/** @import { Address } from "../lib/types.d.ts" */

const QUIET_MS = 300;

/** @param {string} hash @returns {Partial<Address>} */
export const readAddress = (hash) => {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const beta = Number(given.get("beta"));
  const text = (/** @type {string} */ name) => given.get(name) || undefined;
  return {
    tab: text("tab"),
    study: text("study"),
    finding: text("finding"),
    beta: given.has("beta") && beta >= 0 && beta <= 1 ? beta : undefined,
    image: text("image"),
    report: text("report"),
  };
};

/** @param {Partial<Address>} state */
export const writeAddress = (state) => {
  const said = new URLSearchParams();
  for (const [name, value] of Object.entries(state)) {
    if (value !== undefined && value !== "") said.set(name, typeof value === "number" ? number(value) : value);
  }
  return `#${said}`;
};

export const beginAddress = () => {
  history.scrollRestoration = "manual"; // each tab keeps its own (tabs.js)
  /** @type {Partial<Address>} */
  let state = readAddress(location.hash);
  let written = "";
  // Another case or another tab is a step that can be taken back; all else is the same one.
  /** @param {boolean} [isStep] */
  const write = (isStep = false) => {
    state = { ...state, tab: currentTab() || state.tab, beta: currentBeta() };
    const now = writeAddress(state);
    if (now === location.hash) return;
    written = now;
    if (isStep && location.hash) history.pushState(null, "", now);
    else history.replaceState(null, "", now);
  };
  // A case that another tab opens brings its tab with it: both are one step.
  let opening = false;
  on("opening", () => (opening = true));
  on("not-opened", () => {
    opening = false;
    tell();
  });
  on("opened", (now) => {
    opening = false;
    const isOther =
      state.study !== (now.split ? now.case : undefined) || Boolean(state.tab && state.tab !== currentTab());
    state = {
      ...state,
      study: now.split ? now.case : undefined,
      finding: now.split && !now.veiled ? now.finding : undefined,
      image: now.chosen.image,
      report: now.chosen.report,
    };
    write(isOther);
  });
  on(
    "beta",
    debounce(() => write(), QUIET_MS),
  );
  const tell = () => {
    if (!opening && currentTab() !== state.tab) write(true);
  };
  on("tab", tell);
  // Back, forward, or another address that somebody typed.
  addEventListener("popstate", () => {
    if (location.hash === written) return;
    written = location.hash;
    const now = readAddress(location.hash);
    const before = state;
    state = { ...state, ...now };
    if (now.tab && now.tab !== before.tab) showTab(now.tab);
    if (now.study && (now.study !== before.study || now.finding !== before.finding)) emit("go-to", now);
    else if (now.beta !== undefined) askBeta(now.beta);
  });
};
