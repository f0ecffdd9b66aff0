// Gradio's own parts go on in the language in which they were drawn, and name a control otherwise than it is labelled.
// Here they say the phrases "gradio.…", and what scrolls in them is reached by keyboard.
import { on } from "../lib/events.js";
import { sayAnew, t } from "../lib/i18n.js";
import { debounce } from "../lib/timing.js";

/** @param {string} selector @param {(node: HTMLElement) => void} does */
const each = (selector, does) => {
  for (const node of document.querySelectorAll(selector)) does(/** @type {HTMLElement} */ (node));
};
/** @param {string} selector @param {string} said */
const label = (selector, said) =>
  each(selector, (node) => {
    node.ariaLabel = said;
  });

const mend = () => {
  each(".bl-upload button .wrap", (drop) => {
    const words = document.createTreeWalker(drop, NodeFilter.SHOW_TEXT);
    while (words.nextNode()) sayAnew(/** @type {Text} */ (words.currentNode), "gradio.");
    drop.closest("button").ariaLabel = `${t("upload.label")}. ${drop.textContent.trim().replace(/\s+/g, " ")}`;
  });
  label(".bl-beta input", t("beta.label"));
  label(".bl-beta .reset-button", t("gradio.reset"));
  each(".bl-prose .block:has(table)", (card) => {
    card.tabIndex = 0;
  });
};

export const beginGradioParts = () => {
  const soon = debounce(mend); // Gradio draws them when it likes, and now and then anew
  new MutationObserver(soon).observe(document.body, { childList: true, subtree: true });
  on("language", soon);
};
