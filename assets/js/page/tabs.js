// The names of the tabs. When the language changes, Gradio says that of the tab in front anew, and no other.
import { on } from "../lib/events.js";
import { keyOf, t } from "../lib/i18n.js";

const NAMES = ".bl-tabs .tab-wrapper";

const translateNames = () => {
  for (const button of document.querySelectorAll(`${NAMES} button`)) {
    const text = [...button.childNodes].find((node) => node instanceof Text && node.data.trim());
    const key = text && keyOf(text.textContent.trim(), "tab.");
    if (key && text.textContent.trim() !== t(key)) text.nodeValue = t(key); // the node stays: it is Gradio's
  }
};

export const beginTabs = () => {
  on("language", translateNames);
  // The language may be there before the tabs; and Gradio writes their names again now and then, as when there is no
  // room for all of them any more.
  const again = new MutationObserver(translateNames);
  const first = new MutationObserver(() => {
    const names = document.querySelector(NAMES);
    if (!names) return;
    first.disconnect();
    again.observe(names, { childList: true, characterData: true, subtree: true });
    translateNames();
  });
  first.observe(document.body, { childList: true, subtree: true });
};
