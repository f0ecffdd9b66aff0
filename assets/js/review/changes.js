// What was done to the case, above its two films, and the way back.
(() => {
  const B = window.BetaLens;

  class ChangesView {
    // undo: called with true for every change, false for the last.
    constructor(undo) {
      this.list = B.el("span", { class: "bl-change-list" });
      this.node = B.el("header", { class: "bl-what-if", hidden: true },
        B.phrase("h3", "what_if.title"), this.list,
        B.phrase("button", "what_if.undo", { type: "button", class: "bl-toggle bl-undo", onclick: () => undo(false) }),
        B.phrase("button", "what_if.reset", { type: "button", class: "bl-toggle bl-reset", onclick: () => undo(true) }));
    }

    load(opened) {
      this.node.hidden = !opened.original;
      this.list.textContent = opened.changes.map(({ kind, study_id }) => B.t(`what_if.${kind}`, { study: study_id })).join(" · ");
      this.list.title = this.list.textContent;
    }
  }
  B.ChangesView = ChangesView;
})();
