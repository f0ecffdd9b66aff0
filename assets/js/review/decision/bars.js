// The probability of every finding, as bar and as number. A row is a button that asks for that finding's explanation.
// Beside the fused decision stands what the report alone (square) and the image alone (circle) would decide; a tick
// says what was decided before the case was changed.
(() => {
  const B = window.BetaLens;
  const ALONE = { report: 0, image: 1 }; // the beta that leaves the other one out

  class BarsView {
    constructor(choose) {
      this.choose = choose;
      this.list = B.el("div", { class: "bl-bars", role: "radiogroup", "data-i18n-label": "bars.label", "aria-label": B.t("bars.label") });
      const column = (kind, ...mark) => B.el("span", { class: `bl-bar-${kind}` }, ...mark, B.phrase("span", `bars.${kind}`));
      this.ghost = B.el("span", { class: "bl-bar-then", hidden: true }, B.el("i", { class: "bl-ghost" }), B.phrase("span", "bars.then"));
      this.node = B.el("section", { class: "bl-bars-section" },
        B.el("header", { class: "bl-bar-head" }, B.phrase("h3", "bars.title"), B.el("span", { class: "bl-bar-key" }, this.ghost),
          column("report_alone", B.el("i", { class: "bl-mark bl-mark-report" })), column("fused"),
          column("image_alone", B.el("i", { class: "bl-mark bl-mark-image" }))),
        this.list);
      this.list.addEventListener("keydown", (event) => this.walk(event));
      B.on("truth", (on) => this.list.classList.toggle("bl-show-truth", on));
    }

    load(opened) {
      this.opened = opened;
      const both = opened.modalities.length === 2;
      this.node.classList.toggle("bl-one", !both);
      this.ghost.hidden = !opened.original;
      this.rows = opened.findings.map((finding, index) => {
        const row = {
          fill: B.el("span", { class: "bl-bar-fill" }),
          value: B.el("span", { class: "bl-bar-value bl-num" }),
          ghost: opened.original && B.el("i", { class: "bl-ghost" }),
        };
        const mark = (kind) => both && B.el("i", { class: `bl-mark bl-mark-${kind}`, style: `left:${100 * opened.probability(ALONE[kind], index)}%` });
        const alone = (kind) => both && B.el("span", { class: "bl-bar-alone bl-num", text: B.probability(opened.probability(ALONE[kind], index)) });
        const recorded = opened.labels && opened.labels.includes(finding);
        row.node = B.el("button", {
          type: "button", role: "radio", class: `bl-bar${recorded ? " bl-recorded" : ""}`, "data-finding": finding,
          "aria-checked": String(index === opened.index), tabindex: index === opened.index ? 0 : -1,
          onclick: () => this.choose(index, finding),
        },
        B.el("span", { class: "bl-bar-name", text: B.findingName(finding), title: finding }),
        B.el("span", { class: "bl-bar-track" }, row.fill, row.ghost, mark("report") || null, mark("image") || null, B.el("span", { class: "bl-bar-half" })),
        alone("report") || null, row.value, alone("image") || null);
        return row;
      });
      const focused = this.list.contains(document.activeElement);
      this.list.replaceChildren(...this.rows.map((row) => row.node));
      if (focused) this.rows[opened.index].node.focus();
    }

    move(beta) {
      const { opened } = this;
      this.rows.forEach((row, index) => {
        const p = opened.probability(beta, index);
        const then = opened.original && opened.original.probability(beta, index);
        row.fill.style.width = `${100 * p}%`;
        row.value.textContent = B.probability(p);
        row.node.classList.toggle("bl-positive", p >= 0.5);
        if (row.ghost) row.ghost.style.left = `${100 * then}%`;
        const said = row.ghost ? `${B.probability(then)} → ${B.probability(p)}` : B.probability(p);
        row.node.setAttribute("aria-label", `${B.findingName(opened.findings[index])} ${said}`);
        row.node.title = row.ghost ? said : "";
      });
    }

    walk(event) {
      const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const at = this.rows.findIndex((row) => row.node === event.target) + step;
      if (this.rows[at]) this.rows[at].node.focus(), this.rows[at].node.click();
    }
  }
  B.BarsView = BarsView;
})();
