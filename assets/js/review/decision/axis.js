// On which axis bars and curve stand: probability, or logit, on which what saturates still moves. The reader's choice
// is kept in this browser.
import { el } from "../../lib/dom.js";
import { labelled } from "../../lib/i18n.js";
import { toggle } from "../../lib/parts.js";
import { AXES } from "./scale.js";

const STORED = "betalens.axis";

/** @param {() => void} changed */
export const axisSwitch = (changed) => {
  let chosen = localStorage.getItem(STORED) === "logit" ? AXES.logit : AXES.probability;
  const buttons = Object.values(AXES).map((axis) =>
    toggle(`axis.${axis.name}`, ".bl-compact", () => {
      chosen = axis;
      localStorage.setItem(STORED, axis.name);
      press();
      changed();
    }),
  );
  const press = () => {
    for (const [i, axis] of Object.values(AXES).entries()) buttons[i].ariaPressed = String(axis === chosen);
  };
  press();
  return {
    node: el("span.bl-axis-switch", { role: "group", ...labelled("axis.label") }, ...buttons),
    current: () => chosen,
  };
};
