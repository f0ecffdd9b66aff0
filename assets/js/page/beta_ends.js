// What the two ends of the slider mean; fixes it where a modality is missing, or where it would move nothing, and says
// why.
import { on } from "../lib/events.js";
import { phrase } from "../lib/i18n.js";
import { beginBetaTicks } from "./beta_ticks.js";
import { currentTab } from "./tabs.js";

/** @import { Mount } from "../lib/types.d.ts" */

const STILL = ["trust", "feedback", "about"]; // tabs in which nothing depends on β

/** @type {Mount} */
export const mount = ({ element, props, follow }) => {
  const draw = () => {
    const fixed = props.value;
    const still = STILL.includes(currentTab());
    document.querySelector(".bl-beta")?.toggleAttribute("inert", still || Boolean(fixed));
    const says = still ? "beta.still" : fixed ? `beta.fixed_${fixed}` : "beta.help";
    element.replaceChildren(
      phrase("span.bl-beta-title", "beta.title"),
      phrase("span", says, {
        class: fixed && !still ? "bl-beta-fixed" : "bl-muted",
        role: fixed && !still ? "status" : null,
      }),
    );
  };
  follow(draw);
  on("tab", draw);
  beginBetaTicks();
};
