// While it begins, Gradio's front end sets light and language as the browser prefers; what was chosen here comes after.
// It puts what the page has for its head (dashboard/app.py) there then.
/** @type {Promise<void> | null} */
let begun = null;

/** @returns {Promise<void>} */
const wait = () =>
  new Promise((resolve) => {
    const watch = new MutationObserver(() => {
      if (!document.querySelector("meta[name=betalens]")) return;
      watch.disconnect();
      resolve();
    });
    watch.observe(document.head, { childList: true });
  });

/** @param {() => void} does */
export const whenBegun = (does) => {
  begun ??= wait();
  return begun.then(does);
};
