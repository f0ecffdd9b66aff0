// What keeps verdicts from being read, above everything, until somebody has put it right.
import { el } from "../lib/dom.js";
import { on } from "../lib/events.js";
import { t } from "../lib/i18n.js";

/** @import * as m from "../lib/messages.d.ts" */
/** @import { Mount } from "../lib/types.d.ts" */

/** @type {Mount} */
export const mount = ({ element, props, watch }) => {
  const draw = () => {
    /** @type {m.Troubles} */
    const { troubles } = JSON.parse(props.value);
    const hides = troubles.some((trouble) => trouble.hides);
    element.replaceChildren(
      ...(troubles.length
        ? [
            el(
              "div",
              { class: `bl-notice bl-notice-${hides ? "error" : "info"}`, role: hides ? "alert" : "status" },
              el("b", t(hides ? "trouble.title" : "trouble.title_torn")),
              el("ul", ...troubles.map((trouble) => el("li", t(`trouble.${trouble.kind}`, trouble)))),
            ),
          ]
        : []),
    );
  };
  watch(draw);
  on("language", draw);
  draw();
};
