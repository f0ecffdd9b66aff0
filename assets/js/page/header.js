// Product, what is loaded, and the two choices of the reader: language and light.
const B = window.BetaLens;
const facts = JSON.parse(props.value);

const language = B.el("select", {
  class: "bl-select bl-compact", "data-i18n-label": "header.language", "aria-label": B.t("header.language"),
  onchange: (event) => B.setLanguage(event.target.value),
},
B.el("option", { value: "en", text: "English" }), B.el("option", { value: "zh-CN", text: "简体中文" }));
language.value = B.language;
B.on("language", (now) => (language.value = now));

const theme = B.el("button", {
  type: "button", class: "bl-icon", "data-i18n-label": "header.theme", "aria-label": B.t("header.theme"),
  onclick: () => B.setTheme(B.isDark() ? "light" : "dark"),
});
const ICONS = {
  dark: "M12 4V2m0 20v-2m8-8h2M2 12h2m13.7-5.7 1.4-1.4M4.9 19.1l1.4-1.4m0-11.4L4.9 4.9m14.2 14.2-1.4-1.4M16 12a4 4 0 1 1-8 0 4 4 0 0 1 8 0Z",
  light: "M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5Z",
};
const drawTheme = () => theme.replaceChildren(
  B.el("svg", { viewBox: "0 0 24 24", width: 16, height: 16, "aria-hidden": "true" },
    B.el("path", { d: ICONS[B.isDark() ? "dark" : "light"], fill: "none", stroke: "currentColor", "stroke-width": 1.8, "stroke-linecap": "round", "stroke-linejoin": "round" })));
B.on("theme", drawTheme);
drawTheme();

const fact = (key, value, title) => B.el("span", { class: "bl-fact", title }, B.phrase("span", key, { class: "bl-muted" }), B.el("b", { class: "bl-num", text: value }));
const model = fact("header.model", facts.model, facts.digest);
const out = B.phrase("button", "login.out", {
  type: "button", class: "bl-toggle bl-compact", onclick: () => fetch("logout", { method: "POST" }).then(() => location.reload()),
});
const reader = B.el("span", { class: "bl-fact bl-reader", hidden: true });
const drawReader = (now) => {
  reader.hidden = !now.who;
  if (now.who) B.watchSession();
  reader.replaceChildren(B.el("b", { text: now.who }), B.phrase("span", now.role, { class: "bl-muted" }), out);
};
watch("value", () => {
  const now = JSON.parse(props.value);
  drawReader(now);
  model.title = now.digest;
  model.querySelector("b").textContent = now.model;
});
const beta = B.el("b", { class: "bl-num", text: B.number(B.beta) });
B.on("beta", (now) => (beta.textContent = B.number(now)));

element.replaceChildren(B.el("header", { class: "bl-header" },
  B.el("div", { class: "bl-brand" },
    B.el("svg", { viewBox: "0 0 24 24", width: 22, height: 22, "aria-hidden": "true" },
      B.el("circle", { cx: 9.5, cy: 12, r: 6.5, class: "bl-logo-image" }), B.el("circle", { cx: 14.5, cy: 12, r: 6.5, class: "bl-logo-report" })),
    B.el("h1", { text: "BetaLens" })),
  B.el("div", { class: "bl-facts" },
    model, fact("header.device", facts.device),
    B.el("span", { class: "bl-fact" }, B.el("span", { class: "bl-muted", text: "β" }), beta),
    reader, language, theme)));
drawReader(facts);
