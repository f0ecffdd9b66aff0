// What lies in a lasso: how many, what they have, how well the model does on them, and what marks them off.
import { floats } from "../lib/bytes.js";
import { el } from "../lib/dom.js";
import { number, percent, whole } from "../lib/format.js";
import { findingName, ifDefined, phrase, t } from "../lib/i18n.js";
import { columnHeads, scrolled, table, tableRow } from "../lib/parts.js";

/** @import * as m from "../lib/messages.d.ts" */

/** @param {number | null} value */
const share = (value) => ifDefined(value, percent);
/** @param {number | null} value */
const figure = (value) => ifDefined(value, (known) => number(known, 3));

/** @param {() => void} clear @param {() => void} keep */
export const selectionView = (clear, keep) => {
  /** @type {m.Selection | null} */
  let found = null;
  const title = el("h2");
  const note = el("p.bl-muted.bl-num.bl-lab-note");
  const save = phrase("button.bl-button", "atlas.export", { onclick: keep });
  const drop = phrase("button.bl-button", "atlas.clear", { onclick: clear });
  const body = el("tbody");
  const columns = ["finding", "positives", "prevalence", "elsewhere", "auroc", "error"];
  const figures = table("table.bl-table.bl-num", columnHeads("atlas.column", columns), body);
  const discordant = el("p.bl-muted.bl-lab-note");
  const more = el("ul.bl-telling");
  const less = el("ul.bl-telling");
  const film = el("canvas.bl-regions", { width: 192, height: 192, role: "img" });
  const films = el("p.bl-muted.bl-lab-note", { role: "status" });
  /** @param {string} key @param {...HTMLElement} children */
  const part = (key, ...children) => el("section", phrase("h3", key), ...children);
  const node = el(
    "section.bl-panel.bl-selection",
    { hidden: true, "aria-live": "polite" },
    el("header.bl-panel-head", title, el("span.bl-push"), save, drop),
    el(
      "div.bl-selection-grid",
      { tabindex: 0 },
      el("div", note, scrolled(figures), discordant),
      part("atlas.words_more", more),
      part("atlas.words_less", less),
      part("atlas.regions", film, films),
    ),
  );

  /** @param {m.DistinctiveWord[]} words */
  const telling = (words) =>
    words.length
      ? words.map(({ word, share: here, elsewhere }) =>
          el("li", el("b", word), el("span.bl-muted.bl-num", `${share(here)} / ${share(elsewhere)}`)),
        )
      : [phrase("li.bl-muted", "atlas.words_none")];

  // now: what was found, or null to show nothing.
  /** @param {m.Selection | null} now */
  const load = (now) => {
    found = now;
    node.hidden = !found;
    if (!found) return;
    const { size, summary, words = [], regions, reading, beta } = found;
    node.dataset.size = String(size);
    title.textContent = t("atlas.selected", { n: whole(size) });
    save.disabled = !size;
    note.textContent = summary
      ? t("atlas.selected_note", {
          of: whole(summary.of),
          beta: number(beta),
          error: share(summary.error),
          elsewhere: share(summary.elsewhere),
        })
      : "";
    body.replaceChildren(
      ...(summary?.findings ?? []).map(({ finding, positives, prevalence, elsewhere, auroc, error }) => {
        const cells = [String(positives), share(prevalence), share(elsewhere), figure(auroc), share(error)];
        return tableRow(findingName(finding), cells);
      }),
    );
    discordant.textContent = summary?.discordant ? t("atlas.discordant", { n: summary.discordant }) : "";
    more.replaceChildren(...telling(words.filter(({ z }) => z > 0)));
    less.replaceChildren(...telling(words.filter(({ z }) => z < 0)));
    film.hidden = !regions;
    films.textContent = regions
      ? t("atlas.regions_note", { films: regions.films, elsewhere: regions.elsewhere })
      : t(reading ? "atlas.regions_reading" : "atlas.regions_none");
    if (regions) drawFilm(regions);
  };

  /** @param {m.Regions} regions */
  const drawFilm = (regions) => {
    const block = floats(regions.block);
    const [, cells] = regions.arrays.film;
    const contrasts = block.subarray(cells * cells);
    const more = contrasts.filter((t) => t > 0).length;
    const less = contrasts.filter((t) => t < 0).length;
    film.ariaLabel = `${t("atlas.regions")}: ${t("atlas.regions_cells", { more, less, all: cells * cells })}`;
    const side = film.width / cells;
    const context = film.getContext("2d");
    for (let i = 0; i < cells * cells; i++) {
      const grey = Math.round(255 * block[i]);
      const contrast = contrasts[i];
      const x = (i % cells) * side;
      const y = Math.floor(i / cells) * side;
      context.fillStyle = `rgb(${grey},${grey},${grey})`;
      context.fillRect(x, y, side, side);
      if (!contrast) continue;
      context.fillStyle = contrast > 0 ? "#e69f00" : "#56b4e9"; // a second cue beside the hue: + and -
      context.globalAlpha = Math.min(0.75, 0.25 + Math.abs(contrast) / 30);
      context.fillRect(x, y, side, side);
      context.globalAlpha = 1;
      context.fillStyle = "#000";
      context.fillRect(x + side / 2 - 2, y + side / 2 - 0.5, 4, 1);
      if (contrast > 0) context.fillRect(x + side / 2 - 0.5, y + side / 2 - 2, 1, 4);
    }
  };

  // Again, in the language of now.
  const redraw = () => load(found);
  return { node, load, redraw };
};
