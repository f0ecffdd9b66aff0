// One sentence about what went wrong, or nothing.
import { el, put } from "../lib/dom.js";
import { emit } from "../lib/events.js";
import { t } from "../lib/i18n.js";

/** @import * as m from "../lib/messages.d.ts" */
/** @import { Mount } from "../lib/types.d.ts" */

/** @type {Mount} */
export const mount = ({ element, value, watch, follow }) => {
  follow(() => {
    /** @type {m.Notice | null} */
    const notice = value();
    put(
      element,
      notice &&
        el(
          `p.bl-notice.bl-notice-${notice.level}`,
          { role: notice.level === "error" ? "alert" : "status" },
          el("b", t(notice.key)),
          notice.detail && el("span", ` ${notice.detail}`),
        ),
    );
  });
  watch(() => value()?.level === "error" && emit("refused"));
};
