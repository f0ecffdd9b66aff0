// The tests of the explanation on the stage, with their curves, and of every method over a split.
import { el } from "../lib/dom.js";
import { on } from "../lib/events.js";
import { findingName, methodName, phrase, t } from "../lib/i18n.js";
import { columnHeads, note, panelHead, scrolled, table, tableRow } from "../lib/parts.js";
import { currentTab } from "../page/tabs.js";
import { isKept, whyNot } from "../review/cannot_tell.js";
import { explained, tested, trustTests } from "../review/tests.js";
import { curvesView } from "./curves.js";
import { faithfulnessTables } from "./faithfulness.js";
import { casesCell, criterion, methodCell } from "./methods.js";

/** @import { Modality, Mount, Shown } from "../lib/types.d.ts" */
/** @import * as m from "../lib/messages.d.ts" */

/** @typedef {{ ticket: number, own: HTMLImageElement, instead: Record<string, HTMLImageElement> }} TestFilms */

const COMMAND = "betalens trust --split test --cases 40 --keep";

/** @type {Mount} */
export const mount = ({ element, trigger, value, follow }) => {
  /** @type {m.MethodsTested} */
  const { titles } = value();
  /** @type {Modality[]} */
  const MODALITIES = ["image", "report"];
  /** @type {(keyof m.MethodFigures)[]} */
  const OF_EITHER = ["deletion", "insertion", "stability", "sanity", "completeness_error"];
  /** @type {Record<Modality, (keyof m.MethodFigures)[]>} */
  const COLUMNS = {
    image: ["n", "points_inside", "heat_concentration", "heat_in_lungs", ...OF_EITHER],
    report: ["n", "top_word_states", "rank_percentile", ...OF_EITHER],
  };

  /** @param {Modality} modality */
  const examined = (modality) => {
    const curves = curvesView(wantFilms);
    const method = el("span.bl-muted");
    const said = el("p.bl-muted.bl-lab-note");
    const rows = el("tbody");
    const node = el(
      "section.bl-panel",
      panelHead(`trust.title.${modality}`, method),
      el("div.bl-trust-body", curves.node, el("table.bl-table.bl-trust-table", rows)),
      said,
    );

    /** @param {Shown} test */
    const row = ({ name, value, good, parts }) =>
      el(
        "tr",
        el(`td.bl-${good ? "pass" : "doubt"}`, {
          text: good ? "✓" : "!",
          "aria-label": t(good ? "trust.pass" : "trust.doubt"),
        }),
        el("th", { scope: "row" }, phrase("b", `trust.short.${name}`), phrase("span.bl-muted", `trust.help.${name}`)),
        el("td.bl-num", value, ...parts.map((part) => el("span.bl-muted", part))),
      );
    const load = () => {
      const keptBack = explained && isKept(explained) ? whyNot(explained) : ""; // its numbers are, here too
      const own = keptBack ? undefined : tested?.[modality];
      method.textContent = own ? `${methodName(own.method)} · ${findingName(tested.finding)}` : "";
      const waits = explained?.modalities.includes(modality) === false ? `trust.absent.${modality}` : "trust.waiting";
      said.textContent = keptBack || t(own ? `trust.alone.${modality}` : waits);
      rows.replaceChildren(...(own ? trustTests(own) : []).map(row));
      curves.load(own, tested?.fractions ?? [], explained, films?.ticket === tested?.ticket ? films : null);
    };

    return { node, load, show: curves.show };
  };

  // The film as the tests change it is fetched once somebody looks at them.
  /** @type {TestFilms | null} */
  let films = null;
  let asked = -1;
  const wantFilms = () => {
    if (currentTab() !== "trust" || !tested || asked === tested.ticket) return;
    asked = tested.ticket;
    trigger("films");
  };
  on("tab", wantFilms);
  on("test-films", async ({ ticket, own, instead }) => {
    /** @param {string} src */
    const picture = async (src) => {
      const image = el("img", { src });
      await image.decode();
      return image;
    };
    const names = Object.keys(instead);
    const [first, ...others] = await Promise.all([own, ...Object.values(instead)].map(picture));
    films = { ticket, own: first, instead: Object.fromEntries(names.map((name, i) => [name, others[i]])) };
    if (ticket === tested?.ticket) for (const panel of panels) panel.show(films);
    else asked = -1; // another case stands there meanwhile
  });

  const panels = MODALITIES.map(examined);
  /** @param {m.Measured} measured @param {Modality} modality */
  const methodsTable = (measured, modality) => {
    const of = measured[modality] || {};
    const columns = COLUMNS[modality].filter((name) =>
      Object.values(of).some((figures) => figures[name] !== undefined && figures[name] !== null),
    );
    const heads = columns.map((name) => {
      const said = criterion(name, modality, value());
      const title = t(`trust.help.${name}`);
      return el("th", { scope: "col", title }, t(`trust.column.${name}`), said && el("span.bl-trust-mark", said));
    });
    const rows = Object.entries(of).map(([name, figures]) => {
      const row = tableRow(methodName(titles[modality][name] || name), []);
      row.append(...columns.map((column) => (column === "n" ? casesCell(figures) : methodCell(column, figures))));
      return row;
    });
    heads.unshift(...columnHeads("trust.methods", [modality]));
    return table("table.bl-table.bl-num", heads, el("tbody", ...rows));
  };
  /** @param {string} key */
  const command = (key) => el("p.bl-muted.bl-lab-note", phrase("span", key), " ", el("code", COMMAND));
  const methods = el("section.bl-panel.bl-trust-methods");
  const drawMethods = () => {
    /** @type {m.MethodsTested} */
    const { measured } = value();
    methods.replaceChildren(
      panelHead("trust.methods", measured && el("span.bl-muted", t(`lab.split.${measured.split}`))),
      ...(measured
        ? [
            scrolled(...MODALITIES.map((modality) => methodsTable(measured, modality))),
            note("trust.methods_note"),
            command("trust.how"),
            ...MODALITIES.flatMap((modality) => faithfulnessTables(measured[modality] || {}, titles[modality])),
          ]
        : [command("trust.unmeasured")]),
    );
  };
  follow(drawMethods);
  element.replaceChildren(el("div.bl-trust-page", ...panels.map((panel) => panel.node), methods));

  const load = () => {
    for (const panel of panels) panel.load();
  };
  for (const news of /** @type {const} */ (["trust", "explained", "veiled", "kept", "theme", "language"]))
    on(news, load);
  load();
};
