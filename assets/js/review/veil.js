// What stands on the stage in the place of an answer that is kept back, and above a case that is shown as it was
// reviewed, or under another version than the one that is served.
(() => {
  const B = window.BetaLens;

  class VeilView {
    constructor() {
      this.note = B.el("p", { class: "bl-muted" });
      this.node = B.el("div", { class: "bl-veil", role: "status" }, B.phrase("h2", "veil.title"), B.phrase("p", "veil.text"), this.note);
    }

    load(opened) {
      this.note.textContent = B.t(opened.seen ? "veil.seen" : "veil.blind");
      B.translate(this.node);
      return this.node;
    }
  }
  B.VeilView = VeilView;

  class RecordedView {
    constructor() {
      this.text = B.el("span");
      this.node = B.el("p", { class: "bl-recorded-line", role: "status", hidden: true }, B.el("b"), " ", this.text);
    }

    load(recorded) {
      this.node.hidden = !recorded;
      if (!recorded) return;
      const { reviewer, time, beta, verdict, blind, corrected, comment, model, same_model: same } = recorded;
      this.node.firstChild.textContent = B.t("recorded.title", { reviewer: reviewer || B.t("feedback.unnamed"), time: time.replace("T", " ").replace("Z", " UTC"), beta: B.number(beta) });
      this.text.textContent = [
        B.t(`verdict.${verdict}`), blind && B.t("feedback.blind"),
        verdict === "disagree" && (corrected.map(B.findingName).join(", ") || B.t("cases.none")), comment && `“${comment}”`,
        !same && B.t("recorded.other_model", { model: model.slice(0, 12) }),
      ].filter(Boolean).join(" · ");
      this.node.title = this.node.textContent;
    }
  }
  B.RecordedView = RecordedView;

  class VersionView {
    constructor(leave) {
      this.name = B.el("b");
      this.node = B.el("p", { class: "bl-version-line", role: "status", hidden: true }, this.name,
        B.phrase("span", "version.note"), B.phrase("button", "version.leave", { type: "button", class: "bl-toggle bl-compact bl-version-leave", onclick: leave }));
    }

    load({ version, model }) {
      this.node.hidden = !version;
      this.name.textContent = B.t("version.title", { version, model: model.slice(0, 12) });
    }
  }
  B.VersionView = VersionView;
})();
