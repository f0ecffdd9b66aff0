// What keeps verdicts from being read, above everything, until somebody has put it right.
import { el, put } from "../lib/dom.js";
import { t } from "../lib/i18n.js";

/** @import * as m from "../lib/messages.d.ts" */
/** @import { Mount } from "../lib/types.d.ts" */

/** @type {Mount} */
export const mount = ({ element, value, follow }) =>
  follow(() => {
    /** @type {m.Troubles} */
    const { troubles } = value();
    const hides = troubles.some((trouble) => trouble.hides);
    put(
      element,
      troubles.length > 0 &&
        el(
          `div.bl-notice.bl-notice-${hides ? "error" : "info"}`,
          { role: hides ? "alert" : "status" },
          el("b", t(hides ? "trouble.title" : "trouble.title_torn")),
          el("ul", ...troubles.map((trouble) => el("li", t(`trouble.${trouble.kind}`, trouble)))),
        ),
    );
  });
