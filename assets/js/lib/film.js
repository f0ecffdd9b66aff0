// The film on a canvas, the heat over it, and on demand the true outline of the finding.
(() => {
  const B = window.BetaLens;

  class FilmView {
    constructor() {
      this.canvas = B.el("canvas", { class: "bl-film-canvas", role: "img", tabindex: "-1" });
      this.opacity = B.el("input", {
        type: "range", min: 0, max: 100, value: 60, class: "bl-range", "data-i18n-label": "film.opacity",
        "aria-label": B.t("film.opacity"), oninput: () => this.draw(),
      });
      this.truth = B.el("button", {
        type: "button", class: "bl-toggle", "aria-pressed": "false", "data-i18n": "film.truth", text: B.t("film.truth"),
        onclick: () => this.toggleTruth(),
      });
      this.note = B.el("p", { class: "bl-film-note", hidden: true, role: "status" });
      this.caption = B.el("span", { class: "bl-film-caption" });
      this.ticks = B.el("span", { class: "bl-ticks bl-num" });
      this.legend = B.el("div", { class: "bl-legend" },
        B.phrase("span", "film.legend", { class: "bl-muted" }),
        B.el("span", { class: "bl-scale" }, B.el("span", { class: "bl-gradient", style: `background-image:${B.heatGradient()}` }), this.ticks),
      );
      this.node = B.el("figure", { class: "bl-panel bl-film" },
        B.el("div", { class: "bl-film-frame" }, this.canvas, this.note),
        B.el("figcaption", { class: "bl-film-bar" },
          this.legend, B.el("label", { class: "bl-opacity" }, B.phrase("span", "film.overlay", { class: "bl-muted" }), this.opacity), this.truth),
      );
      new ResizeObserver(() => this.draw()).observe(this.node);
      this.shown = false;
    }

    load(opened) {
      const sameFilm = this.opened && this.opened.film === opened.film;
      this.opened = opened;
      const cam = opened.arrays.cam;
      this.heat = cam ? new B.Heat(cam.shape[1], cam.shape[2]) : null;
      this.segments = opened.truth && opened.truth.mask
        ? B.outline(B.bits(opened.truth.mask, opened.truth.height * opened.truth.width), opened.truth.height, opened.truth.width) : [];
      this.truth.hidden = !opened.truth;
      if (!opened.truth && this.shown) this.toggleTruth(false);
      this.legend.parentElement.classList.toggle("bl-hidden", !cam);
      this.note.classList.toggle("bl-centre", !opened.film);
      const top = opened.scales.image;
      this.ticks.replaceChildren(...[0, 0.5, 1].map((share) => B.el("span", { text: share ? String(Number((share * top).toPrecision(2))) : "0" })));
      if (!opened.film) this.image = null;
      if (!sameFilm && opened.film) {
        const image = new Image();
        image.onload = () => {
          if (this.opened.film !== opened.film) return;
          this.image = image;
          this.draw();
        };
        image.src = opened.film;
      }
    }

    toggleTruth(on = !this.shown) {
      this.shown = on;
      this.truth.setAttribute("aria-pressed", String(on));
      B.emit("truth", on);
      this.draw();
    }

    move(beta) {
      if (this.heat) {
        const peak = this.heat.paint(this.opened.at("cam", beta), this.opened.scales.image);
        this.empty = peak < 0.01 * this.opened.scales.image;
      }
      this.draw();
    }

    draw() {
      if (!this.opened) return;
      const side = Math.round(this.canvas.clientWidth * Math.min(2, window.devicePixelRatio || 1));
      if (!side) return;
      if (this.canvas.width !== side) this.canvas.width = this.canvas.height = side;
      const context = this.canvas.getContext("2d");
      context.clearRect(0, 0, side, side);
      const absent = !this.opened.film;
      if (this.image && !absent) {
        const [top, left, height, width] = this.opened.box.map((share) => share * side);
        context.imageSmoothingQuality = "high";
        context.drawImage(this.image, left, top, width, height);
        context.save();
        context.beginPath();
        context.rect(left, top, width, height);
        context.clip();
        if (this.heat) {
          context.globalAlpha = this.opacity.value / 100;
          context.drawImage(this.heat.canvas, 0, 0, side, side);
          context.globalAlpha = 1;
        }
        if (this.shown) this.drawOutline(context, left, top, width, height);
        context.restore();
      }
      const undrawn = this.shown && this.opened.truth && !this.segments.length;
      const key = absent ? "film.none" : undrawn ? "film.truth_none" : this.heat && this.empty ? "film.empty" : null;
      this.note.hidden = !key;
      if (key) this.note.textContent = B.t(key, { finding: B.findingName(this.opened.finding) });
      this.canvas.setAttribute("aria-label", absent ? B.t("film.none")
        : B.t(this.empty ? "film.alt_empty" : "film.alt", { finding: B.findingName(this.opened.finding) }));
    }

    // White dashes in a black halo: legible on film, on heat, and without colour.
    drawOutline(context, left, top, width, height) {
      if (!this.segments.length) return;
      const { truth } = this.opened;
      const scale = this.canvas.width / this.canvas.clientWidth;
      for (const [style, line] of [["rgba(0,0,0,.75)", 3.5], ["#8ff0ff", 1.5]]) {
        context.beginPath();
        for (const [[ax, ay], [bx, by]] of this.segments) {
          context.moveTo(left + (ax / truth.width) * width, top + (ay / truth.height) * height);
          context.lineTo(left + (bx / truth.width) * width, top + (by / truth.height) * height);
        }
        context.strokeStyle = style;
        context.lineWidth = line * scale;
        context.lineCap = "round";
        context.stroke();
      }
    }
  }
  B.FilmView = FilmView;
})();
