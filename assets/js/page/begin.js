// What the page does before Gradio's front end runs. The server writes the module that calls it
// (dashboard/web/scripts.py): that one has the phrases, and every widget by its name.
import { beginI18n, setPhrases } from "../lib/i18n.js";
import { beginTheme } from "../lib/theme.js";
import { beginAddress } from "./address.js";
import { standIn } from "./functions.js";
import { beginGradioParts } from "./gradio_parts.js";
import { attended } from "./session.js";
import { answered } from "./stream.js";
import { beginSweep } from "./sweep.js";
import { beginTabs } from "./tabs.js";

/** @import { Mount, Phrases } from "../lib/types.d.ts" */

/**
 * @param {{ phrases: Record<string, Phrases>, localeModule: string | null, widgets: Record<string, Mount> }} given
 */
export const begin = ({ phrases, localeModule, widgets }) => {
  setPhrases(phrases, localeModule);
  beginI18n();
  beginTheme();
  beginTabs();
  beginGradioParts();
  beginAddress();
  beginSweep();
  standIn(widgets);
  window.fetch = answered(attended(window.fetch.bind(window)));
};
