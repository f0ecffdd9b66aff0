// What lies in a lasso: how many, what they have, how well the model does on them, and what marks them off.
import { floats } from "../lib/bytes.js";
import { el } from "../lib/dom.js";
import { number, percent, whole } from "../lib/format.js";
import { findingName, ifDefined, phrase, t } from "../lib/i18n.js";
import { columnHeads, table, tableRow } from "../lib/parts.js";

/** @import * as m from "../lib/messages.d.ts" */

/** @param {number | null} value */
const share = (value) => ifDefined(value, percent);
/** @param {number | null} value */
const figure = (value) => ifDefined(value, (known) => number(known, 3));

export class SelectionView {
  // told: { clear(), keep() }
  /** @param {{ clear: () => void, keep: () => void }} told */
  constructor(told) {
    this.title = el("h3");
    this.note = el("span.bl-muted.bl-num");
    this.save = phrase("button.bl-button", "atlas.export", { onclick: told.keep });
    this.body = el("tbody");
    const columns = ["finding", "positives", "prevalence", "elsewhere", "auroc", "error"];
    this.table = el("div.bl-scroll", table("table.bl-table.bl-num", columnHeads("atlas.column", columns), this.body));
    this.discordant = el("p.bl-muted.bl-lab-note");
    this.more = el("ul.bl-telling");
    this.less = el("ul.bl-telling");
    this.film = el("canvas.bl-regions", { width: 192, height: 192, role: "img" });
    this.films = el("p.bl-muted.bl-lab-note", { role: "status" });
    /** @param {string} key @param {...HTMLElement} children */
    const part = (key, ...children) => el("section", phrase("h4", key), ...children);
    this.node = el(
      "section.bl-panel.bl-selection",
      { hidden: true, "aria-live": "polite" },
      el(
        "header.bl-panel-head",
        this.title,
        this.note,
        el("span.bl-push"),
        this.save,
        phrase("button.bl-button", "atlas.clear", { onclick: told.clear }),
      ),
      el(
        "div.bl-selection-grid",
        el("div", this.table, this.discordant),
        part("atlas.words_more", this.more),
        part("atlas.words_less", this.less),
        part("atlas.regions", this.film, this.films),
      ),
    );
  }

  hide() {
    this.node.hidden = true;
    this.found = null;
  }

  /** @param {m.Selection} found */
  load(found) {
    this.found = found;
    this.node.hidden = false;
    const { size, summary, words, regions, reading, beta } = found;
    this.node.dataset.size = String(size);
    this.title.textContent = t("atlas.selected", { n: whole(size) });
    this.save.disabled = !size;
    this.note.textContent = summary
      ? t("atlas.selected_note", {
          of: whole(summary.of),
          beta: number(beta),
          error: share(summary.error),
          elsewhere: share(summary.elsewhere),
        })
      : "";
    this.body.replaceChildren(
      ...(summary?.findings ?? []).map(({ finding, positives, prevalence, elsewhere, auroc, error }) => {
        const cells = [String(positives), share(prevalence), share(elsewhere), figure(auroc), share(error)];
        return tableRow(findingName(finding), cells);
      }),
    );
    this.discordant.textContent = summary?.discordant ? t("atlas.discordant", { n: summary.discordant }) : "";
    /** @param {m.DistinctiveWord[]} of */
    const list = (of) =>
      of.length
        ? of.map((word) =>
            el("li", el("b", word.word), el("span.bl-muted.bl-num", `${share(word.share)} / ${share(word.elsewhere)}`)),
          )
        : [phrase("li.bl-muted", "atlas.words_none")];
    this.more.replaceChildren(...list((words ?? []).filter(({ z }) => z > 0)));
    this.less.replaceChildren(...list((words ?? []).filter(({ z }) => z < 0)));
    this.drawFilm(regions, reading);
  }

  /** @param {m.Regions | null | undefined} regions @param {boolean} reading */
  drawFilm(regions, reading) {
    this.film.hidden = !regions;
    this.films.textContent = regions
      ? t("atlas.regions_note", { films: regions.films, elsewhere: regions.elsewhere })
      : t(reading ? "atlas.regions_reading" : "atlas.regions_none");
    if (!regions) return;
    this.film.ariaLabel = t("atlas.regions");
    const block = floats(regions.block);
    const [, cells] = regions.arrays.film;
    const side = this.film.width / cells;
    const context = this.film.getContext("2d");
    for (let i = 0; i < cells * cells; i++) {
      const grey = Math.round(255 * block[i]);
      const contrast = block[cells * cells + i];
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
  }
}
