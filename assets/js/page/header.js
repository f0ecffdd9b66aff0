// Product, what is loaded, and the two choices of the reader: language and light.
import { el } from "../lib/dom.js";
import { on } from "../lib/events.js";
import { labelled, language, phrase, setLanguage } from "../lib/i18n.js";
import { chooseTheme, isDark } from "../lib/theme.js";
import { watchSession } from "./session.js";
import { showTab } from "./tabs.js";

/** @import { Mount } from "../lib/types.d.ts" */
/** @import * as m from "../lib/messages.d.ts" */

/** @param {number} size @param {...SVGElement} parts */
const drawing = (size, ...parts) =>
  el("svg", { viewBox: "0 0 24 24", width: size, height: size, "aria-hidden": "true" }, ...parts);

/** @type {Mount} */
export const mount = ({ element, value, watch }) => {
  /** @type {m.Facts} */
  const facts = value();

  const languages = el(
    "select.bl-select.bl-compact",
    { ...labelled("header.language"), onchange: () => setLanguage(languages.value) },
    el("option", { value: "en", text: "English" }),
    el("option", { value: "zh-CN", text: "简体中文" }),
  );
  languages.value = language;
  on("language", (now) => (languages.value = now));

  const theme = el("button.bl-icon", {
    ...labelled("header.theme"),
    onclick: () => chooseTheme(isDark() ? "light" : "dark"),
  });
  const ICONS = {
    dark:
      "M12 4V2m0 20v-2m8-8h2M2 12h2m13.7-5.7 1.4-1.4M4.9 19.1l1.4-1.4m0-11.4L4.9 4.9m14.2 14.2-1.4-1.4" +
      "M16 12a4 4 0 1 1-8 0 4 4 0 0 1 8 0Z",
    light: "M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5Z",
  };
  const sign = el("path", {
    fill: "none",
    stroke: "currentColor",
    "stroke-width": 1.8,
    "stroke-linecap": "round",
    "stroke-linejoin": "round",
  });
  theme.append(drawing(16, sign));
  const drawTheme = () => sign.setAttribute("d", ICONS[isDark() ? "dark" : "light"]);
  on("theme", drawTheme);
  drawTheme();

  const modelName = el("b.bl-num");
  const model = el("span.bl-fact", phrase("span.bl-muted", "header.model"), modelName);
  const device = el("span.bl-fact", phrase("span.bl-muted", "header.device"), el("b.bl-num", facts.device));
  const out = phrase("button.bl-toggle.bl-compact", "login.out", {
    onclick: () => fetch("logout", { method: "POST" }).then(() => location.reload()),
  });
  const reader = el("span.bl-fact.bl-reader");
  const draw = () => {
    /** @type {m.Facts} */
    const now = value();
    modelName.textContent = now.model;
    model.title = now.digest;
    reader.hidden = !now.who;
    if (now.who) watchSession();
    reader.replaceChildren(el("b", now.who), phrase("span.bl-muted", now.role), out);
  };
  watch(draw);

  // Past the header, the tabs and the list of cases.
  const skip = phrase("button.bl-button.bl-skip", "header.skip", {
    onclick: () => {
      showTab("review");
      /** @type {HTMLElement | null} */ (document.querySelector(".bl-case-title"))?.focus();
    },
  });
  element.replaceChildren(
    skip,
    el(
      "header.bl-header",
      el(
        "div.bl-brand",
        drawing(
          22,
          el("circle.bl-logo-image", { cx: 9.5, cy: 12, r: 6.5 }),
          el("circle.bl-logo-report", { cx: 14.5, cy: 12, r: 6.5 }),
        ),
        el("h1", "BetaLens"),
      ),
      el("div.bl-facts", model, device, reader, languages, theme),
    ),
  );
  draw();
};
