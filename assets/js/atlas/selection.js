// What lies in a lasso: how many, what they have, how well the model does on them, and what marks them off.
(() => {
  const B = window.BetaLens;
  const share = (value) => B.figure(value, B.percent);
  const figure = (value) => B.figure(value, (known) => B.number(known, 3));

  class SelectionView {
    // told: { clear(), keep() }
    constructor(told) {
      this.title = B.el("h3");
      this.note = B.el("span", { class: "bl-muted bl-num" });
      this.save = B.phrase("button", "atlas.export", { type: "button", class: "bl-button", onclick: told.keep });
      this.body = B.el("tbody");
      const column = (name) => B.phrase("th", `atlas.column.${name}`, { scope: "col" });
      this.table = B.el("div", { class: "bl-scroll" }, B.el("table", { class: "bl-table bl-num" },
        B.el("thead", {}, B.el("tr", {}, ...["finding", "positives", "prevalence", "elsewhere", "auroc", "error"].map(column))), this.body));
      this.discordant = B.el("p", { class: "bl-muted bl-lab-note" });
      this.more = B.el("ul", { class: "bl-telling" });
      this.less = B.el("ul", { class: "bl-telling" });
      this.film = B.el("canvas", { class: "bl-regions", width: 192, height: 192, role: "img" });
      this.films = B.el("p", { class: "bl-muted bl-lab-note", role: "status" });
      const part = (key, ...children) => B.el("section", {}, B.phrase("h4", key), ...children);
      this.node = B.el("section", { class: "bl-panel bl-selection", hidden: true, "aria-live": "polite" },
        B.el("header", { class: "bl-panel-head" }, this.title, this.note, B.el("span", { class: "bl-push" }), this.save,
          B.phrase("button", "atlas.clear", { type: "button", class: "bl-button", onclick: told.clear })),
        B.el("div", { class: "bl-selection-grid" }, B.el("div", {}, this.table, this.discordant),
          part("atlas.words_more", this.more), part("atlas.words_less", this.less), part("atlas.regions", this.film, this.films)));
    }

    hide() {
      this.node.hidden = true;
      this.found = null;
    }

    load(found) {
      this.found = found;
      this.node.hidden = false;
      const { size, summary, words, regions, reading, beta } = found;
      this.node.dataset.size = size;
      this.title.textContent = B.t("atlas.selected", { n: size.toLocaleString(B.language) });
      this.save.disabled = !size;
      this.note.textContent = summary ? B.t("atlas.selected_note", { of: summary.of.toLocaleString(B.language), beta: B.number(beta), error: share(summary.error), elsewhere: share(summary.elsewhere) }) : "";
      this.body.replaceChildren(...(summary ? summary.findings : []).map((row) => B.el("tr", {}, B.el("th", { scope: "row", text: B.findingName(row.finding) }),
        ...[String(row.positives), share(row.prevalence), share(row.elsewhere), figure(row.auroc), share(row.error)].map((text) => B.el("td", { text })))));
      this.discordant.textContent = summary && summary.discordant ? B.t("atlas.discordant", { n: summary.discordant }) : "";
      const list = (of) => (of.length ? of.map((word) => B.el("li", {}, B.el("b", { text: word.word }), B.el("span", { class: "bl-muted bl-num", text: `${share(word.share)} / ${share(word.elsewhere)}` })))
        : [B.phrase("li", "atlas.words_none", { class: "bl-muted" })]);
      this.more.replaceChildren(...list((words || []).filter((word) => word.z > 0)));
      this.less.replaceChildren(...list((words || []).filter((word) => word.z < 0)));
      this.drawFilm(regions, reading);
    }

    drawFilm(regions, reading) {
      this.film.hidden = !regions;
      this.films.textContent = regions ? B.t("atlas.regions_note", { films: regions.films, elsewhere: regions.elsewhere }) : B.t(reading ? "atlas.regions_reading" : "atlas.regions_none");
      if (!regions) return;
      this.film.setAttribute("aria-label", B.t("atlas.regions"));
      const block = B.floats(regions.block), [, cells] = regions.arrays.film, side = this.film.width / cells, context = this.film.getContext("2d");
      for (let i = 0; i < cells * cells; i++) {
        const grey = Math.round(255 * block[i]), t = block[cells * cells + i], x = (i % cells) * side, y = Math.floor(i / cells) * side;
        context.fillStyle = `rgb(${grey},${grey},${grey})`;
        context.fillRect(x, y, side, side);
        if (!t) continue;
        context.fillStyle = t > 0 ? "#e69f00" : "#56b4e9"; // a second cue beside the hue: + and -
        context.globalAlpha = Math.min(0.75, 0.25 + Math.abs(t) / 30);
        context.fillRect(x, y, side, side);
        context.globalAlpha = 1;
        context.fillStyle = "#000";
        context.fillRect(x + side / 2 - 2, y + side / 2 - 0.5, 4, 1);
        if (t > 0) context.fillRect(x + side / 2 - 0.5, y + side / 2 - 2, 1, 4);
      }
    }
  }
  B.SelectionView = SelectionView;
})();
