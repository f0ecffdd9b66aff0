// Widgets of tabs that nobody has opened yet. Their modules come once the first evidence stands on the page, so that it
// need not share the line with them, or when their tab is opened before that.
import { on } from "../lib/events.js";

/** @import { Mount } from "../lib/types.d.ts" */

/** @param {() => Promise<{ mount: Mount }>} load @returns {Mount} */
export const arriving = (load) => {
  /** @type {Promise<{ mount: Mount }> | undefined} */
  let module;
  const come = () => {
    module ??= load().catch((error) => {
      module = undefined; // a server that was gone for a moment is asked again
      throw error;
    });
    return module;
  };
  for (const shown of /** @type {const} */ (["explained", "veiled"])) on(shown, () => void come().catch(() => {}));
  return (given) => void come().then(({ mount }) => mount(given));
};
