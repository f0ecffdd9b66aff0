// Words for what our own widgets draw. Gradio translates its own labels and marks the language it
// chose on <html lang>; watching that keeps both halves of the page in one language, live.
(() => {
  const B = window.BetaLens;
  const STORED = "betalens.language";
  const supported = (tag) => (String(tag || "").toLowerCase().startsWith("zh") ? "zh-CN" : "en");

  B.language = supported(localStorage.getItem(STORED) || navigator.language);

  // Where a phrase counts something as {n}, KEY.one is what is said of one, in languages that say it otherwise.
  B.t = (key, values = {}) => {
    const counted = `${key}.${new Intl.PluralRules(B.language).select(Number(values.n))}`;
    const phrases = B.phrases[B.language] || {};
    const phrase = phrases[counted] ?? phrases[key] ?? B.phrases.en[key] ?? key;
    return phrase.replace(/\{(\w+)\}/g, (hole, name) => (name in values ? values[name] : hole));
  };
  // A figure as `show` writes it. What is undefined has no number.
  B.figure = (value, show) => (value === null || value === undefined ? B.t("not_defined") : show(value));
  // A finding is named by the study table; a name the phrases do not know is shown as it stands.
  B.findingName = (finding) => B.phrases[B.language]?.[`finding.${finding}`] ?? B.phrases.en[`finding.${finding}`] ?? finding;

  // Also for what comes back into the page: the language may have changed while it was out.
  B.translate = (root) => {
    for (const node of root.querySelectorAll("[data-i18n]")) node.textContent = B.t(node.dataset.i18n);
    for (const node of root.querySelectorAll("[data-i18n-label]")) {
      node.setAttribute("aria-label", B.t(node.dataset.i18nLabel));
      node.title = B.t(node.dataset.i18nLabel);
    }
  };

  // Gradio exports its language switch from one of its own modules; Settings in the footer does the same by hand.
  B.setLanguage = async (language) => {
    localStorage.setItem(STORED, language);
    const gradio = B.localeModule && (await import(new URL(B.localeModule, document.baseURI).href));
    if (gradio) gradio.changeLocale(language);
    else document.documentElement.lang = language;
  };

  new MutationObserver(() => {
    const language = supported(document.documentElement.lang);
    if (language === B.language && document.title === B.t("page.title")) return;
    B.language = language;
    B.translate(document);
    document.title = B.t("page.title");
    B.emit("language", language);
  }).observe(document.documentElement, { attributes: true, attributeFilter: ["lang"] });

  B.whenBegun(() => {
    const wanted = localStorage.getItem(STORED);
    if (wanted && wanted !== document.documentElement.lang) B.setLanguage(wanted).catch(() => {});
  });
})();
