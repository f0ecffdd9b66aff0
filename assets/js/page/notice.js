// One sentence about what went wrong, or nothing.
import { el } from "../lib/dom.js";
import { emit, on } from "../lib/events.js";
import { t } from "../lib/i18n.js";

/** @import * as m from "../lib/messages.d.ts" */
/** @import { Mount } from "../lib/types.d.ts" */

/** @type {Mount} */
export const mount = ({ element, props, watch }) => {
  const draw = () => {
    /** @type {m.Notice | null} */
    const notice = props.value ? JSON.parse(props.value) : null;
    element.replaceChildren(
      ...(notice
        ? [
            el(
              `p.bl-notice.bl-notice-${notice.level}`,
              { role: notice.level === "error" ? "alert" : "status" },
              el("b", t(notice.key)),
              notice.detail ? el("span", ` ${notice.detail}`) : null,
            ),
          ]
        : []),
    );
  };
  watch(() => {
    draw();
    if (props.value && JSON.parse(props.value).level === "error") emit("refused");
  });
  on("language", draw);
  draw();
};
