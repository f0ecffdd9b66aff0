// The probability of every finding. A row is a button that asks for that finding's explanation;
// the hollow marks say what the report alone (square) and the image alone (circle) would decide.
(() => {
  const B = window.BetaLens;

  class BarsView {
    constructor(choose) {
      this.choose = choose;
      this.list = B.el("div", { class: "bl-bars", role: "radiogroup", "data-i18n-label": "bars.label", "aria-label": B.t("bars.label") });
      this.key = B.el("span", { class: "bl-mark-key bl-muted" },
        B.el("i", { class: "bl-mark bl-mark-report" }), B.phrase("span", "bars.report_alone"),
        B.el("i", { class: "bl-mark bl-mark-image" }), B.phrase("span", "bars.image_alone"));
      this.node = B.el("section", { class: "bl-bars-section" },
        B.el("header", { class: "bl-sub-head" }, B.phrase("h3", "bars.title"),
          this.key),
        this.list);
      this.list.addEventListener("keydown", (event) => this.walk(event));
      B.on("truth", (on) => this.list.classList.toggle("bl-show-truth", on));
    }

    load(opened) {
      this.opened = opened;
      const both = opened.modalities.length === 2;
      this.key.hidden = !both;
      this.rows = opened.findings.map((finding, index) => {
        const row = {
          fill: B.el("span", { class: "bl-bar-fill" }),
          value: B.el("span", { class: "bl-bar-value bl-num" }),
        };
        const mark = (kind, beta) => both && B.el("i", { class: `bl-mark bl-mark-${kind}`, style: `left:${100 * opened.probability(beta, index)}%` });
        const recorded = opened.labels && opened.labels.includes(finding);
        row.node = B.el("button", {
          type: "button", role: "radio", class: `bl-bar${recorded ? " bl-recorded" : ""}`, "data-finding": finding,
          "aria-checked": String(index === opened.index), tabindex: index === opened.index ? 0 : -1,
          onclick: () => this.choose(index, finding),
        },
        B.el("span", { class: "bl-bar-name", text: B.findingName(finding), title: finding }),
        B.el("span", { class: "bl-bar-track" }, row.fill, mark("report", 0) || null, mark("image", 1) || null, B.el("span", { class: "bl-bar-half" })),
        row.value);
        return row;
      });
      const focused = this.list.contains(document.activeElement);
      this.list.replaceChildren(...this.rows.map((row) => row.node));
      if (focused) this.rows[opened.index].node.focus();
    }

    move(beta) {
      this.rows.forEach((row, index) => {
        const p = this.opened.probability(beta, index);
        row.fill.style.width = `${100 * p}%`;
        row.value.textContent = B.probability(p);
        row.node.classList.toggle("bl-positive", p >= 0.5);
        row.node.setAttribute("aria-label", `${B.findingName(this.opened.findings[index])} ${B.probability(p)}`);
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
