// The tabs. When the language changes, Gradio says the name of the tab in front anew, and no other. A tab that comes to
// the front stands where its reader left it; a case that is opened from another tab is read from its top.
import { emit, on } from "../lib/events.js";
import { sayAnew } from "../lib/i18n.js";

const NAMES = ".bl-tabs .tab-wrapper";

const translateNames = () => {
  for (const button of document.querySelectorAll(`${NAMES} button`)) {
    for (const node of button.childNodes) if (node instanceof Text) sayAnew(node, "tab.");
  }
};

// The name of the tab in front: that of its room, as in dashboard/page/tabs.py.
/** @returns {string | undefined} */
export const currentTab = () =>
  /** @type {HTMLElement | null} */ (document.querySelector(`${NAMES} [role=tab][aria-selected=true]`))?.dataset.tabId;

/** @param {string} name */
export const showTab = (name) =>
  /** @type {HTMLElement | null} */ (document.querySelector(`${NAMES} [data-tab-id="${CSS.escape(name)}"]`))?.click();

export const beginTabs = () => {
  on("language", translateNames);
  let front = "";
  /** @type {Map<string, number>} */
  const left = new Map(); // how far each tab was scrolled, as long as it was in front
  addEventListener("scroll", () => front && front === currentTab() && left.set(front, scrollY), { passive: true });
  on("opening", () => front !== "review" && left.delete("review"));
  const tell = () => {
    const now = currentTab();
    if (!now || now === front) return;
    const isFirst = !front;
    front = now;
    if (!isFirst) scrollTo(0, left.get(now) ?? 0);
    emit("tab", now);
  };
  // The language may be there before the tabs; and Gradio writes their names again now and then, as when there is no
  // room for all of them any more.
  const again = new MutationObserver(() => {
    translateNames();
    tell();
  });
  const first = new MutationObserver(() => {
    const names = document.querySelector(NAMES);
    if (!names) return;
    first.disconnect();
    again.observe(names, {
      childList: true,
      characterData: true,
      subtree: true,
      attributes: true,
      attributeFilter: ["aria-selected"],
    });
    translateNames();
    tell();
  });
  first.observe(document.body, { childList: true, subtree: true });
};
