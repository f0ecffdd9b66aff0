// The names of the tabs. When the language changes, Gradio says that of the tab in front anew, and no other.
import { on } from "../lib/events.js";
import { keyOf, t } from "../lib/i18n.js";

const translateNames = () => {
  for (const button of document.querySelectorAll(".bl-tabs .tab-wrapper button")) {
    const text = [...button.childNodes].find((node) => node instanceof Text && node.data.trim());
    const key = text && keyOf(text.textContent.trim(), "tab.");
    if (key && text.textContent.trim() !== t(key)) text.nodeValue = t(key); // the node stays: it is Gradio's
  }
};

export const beginTabs = () => {
  // Gradio writes them again now and then, as when there is no room for all of them any more.
  const watch = new MutationObserver(translateNames);
  on("language", () => {
    translateNames();
    for (const names of document.querySelectorAll(".bl-tabs .tab-wrapper"))
      watch.observe(names, { childList: true, characterData: true, subtree: true });
  });
};
