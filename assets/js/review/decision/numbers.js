// Whether the numbers are the model's own: one quiet line, and an alarm where what was drawn was not.
import { el, hide, write } from "../../lib/dom.js";
import { t } from "../../lib/i18n.js";

/** @typedef {"unchecked" | "checked" | "differs" | "differs_still"} Checked */
/** @typedef {{ isExact: boolean, ahead: number, checked: Checked }} State */

// The phrase of the quiet line. Numbers are exact at once; colours are not, until the chosen methods have an answer.
/** @param {State} state */
export const numbersKey = ({ isExact, ahead, checked }) => {
  if (checked === "differs" || checked === "differs_still") return `numbers.${checked}`;
  if (!isExact) return ahead ? "numbers.waiting" : "numbers.refining";
  return checked === "checked" ? "numbers.checked" : "numbers.exact";
};

export const numbersView = () => {
  const line = el("p.bl-numbers.bl-muted", { role: "status" });
  const alarm = el("p.bl-differs", { role: "alert", hidden: true });

  // values: of what differs.
  /** @param {State} state @param {Record<string, string>} [values] */
  const draw = (state, values) => {
    const key = numbersKey(state);
    write(line, t(key, { ahead: state.ahead }));
    line.title = t(state.isExact ? "numbers.exact_help" : "numbers.instant_help");
    hide(alarm, !state.checked.startsWith("differs"));
    if (!alarm.hidden) write(alarm, `${t(`stage.${state.checked}`)} ${t(`stage.${state.checked}_help`, values)}`);
  };

  return { line, alarm, draw };
};
