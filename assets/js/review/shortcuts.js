// Keys that act without the mouse, and the list of them.
(() => {
  const B = window.BetaLens;
  const LISTED = ["a", "d", "u", "1_9", "s", "n", "z", "b", "m", "w"];
  const TYPING = "input:not([type=checkbox]):not([type=radio]):not([type=range]), textarea, select, [contenteditable=true]";

  // keys: what each does. They act while `node` is to be seen, and never while somebody types or holds another key.
  B.onShortcut = (node, keys) => document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.defaultPrevented) return;
    if (!node.checkVisibility() || event.target.closest?.(TYPING)) return;
    const act = keys[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  });

  class ShortcutHelp {
    constructor() {
      const id = "bl-help-keys";
      this.button = B.el("button", { type: "button", class: "bl-help-button", popovertarget: id, "data-i18n-label": "keys.title", "aria-label": B.t("keys.title"), "aria-keyshortcuts": "?", text: "?" });
      this.help = B.el("div", { class: "bl-help bl-keys", id, popover: "auto" }, B.phrase("h3", "keys.title"),
        B.el("dl", {}, ...LISTED.flatMap((key) => [B.el("dt", {}, B.el("kbd", { text: key.toUpperCase().replace("_", "–") })), B.phrase("dd", `keys.${key}`)])),
        B.phrase("p", "keys.note", { class: "bl-muted" }));
      this.help.addEventListener("toggle", () => B.placeBeside(this.help, this.button));
      this.node = B.el("span", {}, this.button, this.help);
    }

    toggle() {
      this.help.togglePopover();
    }
  }
  B.ShortcutHelp = ShortcutHelp;
})();
