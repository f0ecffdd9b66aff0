// What only some readers ask for: what the shares add up to, what film and report add only together, how far the
// methods are from adding up, and what an alert is worth.
import { el, write } from "../../lib/dom.js";
import { listed, number, percent, signed } from "../../lib/format.js";
import { findingName, ifDefined, phrase, t } from "../../lib/i18n.js";
import { fold } from "../../lib/parts.js";

/** @import { Modality } from "../../lib/types.d.ts" */
/** @import { Case } from "../case/case.js" */
/** @import * as m from "../../lib/messages.d.ts" */

export const detailsView = () => {
  /** @type {Case | null} */
  let opened = null;
  const total = el("b.bl-num");
  const together = el("span.bl-interaction.bl-num");
  const error = el("p.bl-completeness");
  const worth = el("p.bl-worth");
  const node = fold(
    "decision",
    phrase("summary", "details.title"),
    el("p", phrase("span", "shares.total"), " ", total, " ", together),
    error,
    worth,
  );

  // How far the shown methods are from adding up, for those that promise to.
  const errors = () =>
    /** @type {Modality[]} */ (["image", "report"])
      .filter((modality) => opened.completeness[modality] !== null)
      .map((modality) => t(`completeness.${modality}`, { error: number(100 * opened.completeness[modality]) }));

  /** @param {m.Discordance} clash */
  const worthOf = ({ finding, worth }) =>
    t("discord.worth", {
      finding: findingName(finding),
      pairs: worth.n,
      prevalence: percent(worth.prevalence),
      of: worth.n_of,
      precision: ifDefined(worth.precision, percent),
      alarms: ifDefined(worth.false_alarms, percent),
    });

  /** @param {Case} given */
  const load = (given) => {
    opened = given;
    together.hidden = opened.modalities.length < 2;
    const said = errors();
    error.textContent = said.length ? t("completeness", { errors: listed(said) }) : t("completeness.none");
    const { discordance } = opened;
    worth.textContent = discordance?.worth ? worthOf(discordance) : "";
  };

  /** @param {number} beta */
  const move = (beta) => {
    const [image, report] = opened.at("contributions", beta);
    write(total, signed(image + report));
    write(together, t("shares.interaction", { value: signed(opened.at("interaction", beta)[0]) }));
  };

  return { node, load, move };
};
