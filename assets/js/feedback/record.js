// One verdict with what was on the screen when it was given: recorded, not computed again.
const B = window.BetaLens;
const panel = B.el("section", { class: "bl-panel bl-record", hidden: true, tabindex: -1 });
element.replaceChildren(panel);

const bar = (finding, p, has) => B.el("div", { class: `bl-bar-line${p >= 0.5 ? " bl-positive" : ""}` },
  B.el("span", { class: "bl-bar-name", text: B.findingName(finding) }),
  B.el("span", { class: "bl-bar-track" }, B.el("span", { class: "bl-bar-fill", style: `width:${100 * p}%` }), B.el("span", { class: "bl-bar-half" })),
  B.el("span", { class: "bl-num", text: B.probability(p) }), B.el("span", { class: "bl-record-has", text: has === null ? "" : has.includes(finding) ? "✓" : "–" }));
const box = ([top, left, height, width]) => B.el("i", { class: "bl-record-box", style: `top:${100 * top}%;left:${100 * left}%;height:${100 * height}%;width:${100 * width}%` });
const film = (record) => (record.film
  ? B.el("div", { class: "bl-record-film" }, B.el("span", {}, B.el("img", { src: record.film, alt: B.t("feedback.record_film_alt") }), ...record.regions.map(box)))
  : B.el("p", { class: "bl-muted bl-record-film", text: B.t(`feedback.record_film.${record.no_film}`, { digest: record.image_sha256.slice(0, 12) }) }));

const draw = () => {
  if (!props.value) return;
  const record = JSON.parse(props.value);
  panel.hidden = false;
  const close = B.phrase("button", "feedback.record_close", { type: "button", class: "bl-toggle", onclick: () => (panel.hidden = true) });
  if (record.error) {
    panel.replaceChildren(B.el("header", { class: "bl-panel-head" }, B.el("p", { text: record.error }), B.el("span", { class: "bl-push" }, close)));
    return;
  }
  const models = { model: record.digest.slice(0, 12), loaded: record.loaded.slice(0, 12), version: record.version };
  const which = record.same_model ? "same_model" : record.version ? "version" : "gone";
  const open = record.can_open && B.el("button", {
    type: "button", class: "bl-button bl-primary bl-record-open", text: B.t(`feedback.record_open.${which}`, models),
    onclick: () => (B.emit("opening"), trigger("open", { id: record.id })),
  });
  const facts = [record.time.replace("T", " ").replace("Z", " UTC"), record.reviewer || B.t("feedback.unnamed"), record.study, B.t(`verdict.${record.verdict}`),
    record.blind && B.t("feedback.blind"), record.evidence !== "neither" && `${B.t("feedback.column.evidence")}: ${B.t(`evidence.${record.evidence}`)}`,
    record.undone && B.t("feedback.record_undone")].filter(Boolean).join(" · ");
  panel.replaceChildren(
    B.el("header", { class: "bl-panel-head" }, B.phrase("h3", "feedback.record"), B.el("span", { class: "bl-num", text: facts }), B.el("span", { class: "bl-push bl-feedback-exports" }, open || null, close)),
    B.el("div", { class: "bl-record-body" }, film(record),
      B.el("div", {}, B.el("h4", { text: B.t("feedback.record_probabilities", { beta: B.number(record.beta) }) }),
        B.el("div", { class: "bl-bar-line bl-muted" }, B.el("span"), B.el("span"), B.el("span"), B.phrase("span", "feedback.record_has", { class: "bl-record-has" })),
        ...Object.entries(record.probabilities).map(([finding, p]) => bar(finding, p, record.has)),
        B.el("p", { class: which === "gone" ? "bl-lab-warning" : "bl-muted", text: B.t(`feedback.record_model.${which}`, models) })),
      B.el("div", {}, record.comment ? B.el("p", { class: "bl-record-comment", text: `“${record.comment}”` }) : null,
        B.el("p", { class: "bl-report-text" }, ...record.report.map(([text, wrong]) => B.el("span", { class: wrong ? "bl-word bl-wrong" : null, text }))))));
  panel.scrollIntoView({ block: "nearest" });
  panel.focus({ preventScroll: true });
};
watch("value", draw);
B.on("language", () => panel.hidden || draw());
