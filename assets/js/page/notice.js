// One sentence about what went wrong, or nothing.
import { el } from "../lib/dom.js";
import { emit, on } from "../lib/events.js";
import { t } from "../lib/i18n.js";

export const mount = ({ element, props, watch }) => {
  const draw = () => {
    const notice = props.value ? JSON.parse(props.value) : null;
    element.replaceChildren(
      ...(notice
        ? [
            el(
              "p",
              { class: `bl-notice bl-notice-${notice.level}`, role: notice.level === "error" ? "alert" : "status" },
              el("b", { text: t(notice.key, notice.values) }),
              notice.detail ? el("span", { text: ` ${notice.detail}` }) : null,
            ),
          ]
        : []),
    );
  };
  watch("value", () => {
    draw();
    if (props.value && JSON.parse(props.value).level === "error") emit("refused");
  });
  on("language", draw);
  draw();
};
