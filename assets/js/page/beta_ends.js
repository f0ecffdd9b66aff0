// What the two ends of the slider mean; fixes it where a modality is missing, and says why.
import { phrase } from "../lib/i18n.js";
import { beginBetaTicks } from "./beta_ticks.js";

/** @import { Mount } from "../lib/types.d.ts" */

/** @type {Mount} */
export const mount = ({ element, props, follow }) => {
  follow(() => {
    const fixed = props.value;
    document.querySelector(".bl-beta")?.toggleAttribute("inert", Boolean(fixed));
    element.replaceChildren(
      phrase("span.bl-beta-title", "beta.title"),
      phrase("span", fixed ? `beta.fixed_${fixed}` : "beta.help", {
        class: fixed ? "bl-beta-fixed" : "bl-muted",
        role: fixed ? "status" : null,
      }),
    );
  });
  beginBetaTicks();
};
