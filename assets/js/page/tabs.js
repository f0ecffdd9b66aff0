// The names of the tabs. When the language changes, Gradio says that of the tab in front anew, and no other.
import { on } from "../lib/events.js";
import { keyOf, t } from "../lib/i18n.js";

const NAMES = ".bl-tabs .tab-wrapper button";

const translateNames = () => {
  for (const button of document.querySelectorAll(NAMES)) {
    const text = [...button.childNodes].find((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    const key = text && keyOf(text.data.trim(), "tab.");
    if (key) text.data = t(key); // the node stays: it is Gradio's
  }
};

export const beginTabs = () => {
  on("language", translateNames);
  window.addEventListener("resize", () => requestAnimationFrame(translateNames)); // a narrow page has some in a menu
};
