// What the reviewer thinks of the decision on screen. Only the reviewer's own words travel from here:
// what was decided is kept by the server.
const B = window.BetaLens;
const VERDICTS = ["agree", "disagree", "unsure"];
const EVIDENCE = ["neither", "image", "text", "both"];
const setup = JSON.parse(props.value);
const id = (suffix) => `bl-flag-${suffix}`;

const choices = (name, options, key) => options.map((option) => B.el("label", { class: "bl-choice" },
  B.el("input", { type: "radio", name: id(name), value: option, onchange: () => update() }), B.phrase("span", `${key}.${option}`)));
const group = (key, ...children) => B.el("fieldset", { class: "bl-field" }, B.phrase("legend", key), B.el("div", { class: "bl-choices" }, ...children));
const findings = setup.findings.map((finding) => {
  const text = B.el("span", { text: B.findingName(finding) });
  B.on("language", () => (text.textContent = B.findingName(finding)));
  return B.el("label", { class: "bl-choice" }, B.el("input", { type: "checkbox", value: finding }), text);
});
const corrected = group("flag.corrected", ...findings);
const comment = B.el("textarea", { class: "bl-input", rows: 2, maxlength: 4000, id: id("comment") });
const reviewer = B.el("input", { class: "bl-input", maxlength: 120, id: id("reviewer"), autocomplete: "name" });
const save = B.phrase("button", "flag.save", { type: "submit", class: "bl-button bl-primary" });
const outcome = B.el("p", { class: "bl-outcome", role: "status" });
const form = B.el("form", { class: "bl-panel bl-flag", "data-i18n-label": "flag.title", "aria-label": B.t("flag.title") },
  B.el("header", { class: "bl-panel-head" }, B.phrase("h3", "flag.title"), B.phrase("span", "flag.help", { class: "bl-muted" })),
  B.el("div", { class: "bl-flag-grid" },
    group("flag.verdict", ...choices("verdict", VERDICTS, "verdict")),
    group("flag.evidence", ...choices("evidence", EVIDENCE, "evidence")),
    corrected,
    B.el("div", { class: "bl-field" }, B.phrase("label", "flag.comment", { for: id("comment") }), comment),
    B.el("div", { class: "bl-field" }, B.phrase("label", "flag.reviewer", { for: id("reviewer") }), reviewer)),
  B.el("div", { class: "bl-flag-foot" }, save, outcome));
element.replaceChildren(form);

// A verdict is about a case as it came; the server refuses any other.
let changed = false;
B.on("changed", (now) => {
  if (changed !== now) say(now ? "flag.changed" : null, {}, now);
  changed = now;
  update();
});

const chosen = (name) => form.querySelector(`input[name="${id(name)}"]:checked`)?.value ?? "";
const update = () => {
  const grew = corrected.hidden && chosen("verdict") === "disagree";
  corrected.hidden = chosen("verdict") !== "disagree";
  if (grew) form.scrollIntoView({ block: "end", behavior: "smooth" });
  save.disabled = changed || !chosen("verdict");
};
const say = (key, values, bad = false) => {
  outcome.textContent = key ? B.t(key, values) : "";
  outcome.classList.toggle("bl-bad", bad);
};
form.querySelector(`input[name="${id("evidence")}"][value="neither"]`).checked = true;
update();

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (save.disabled) return;
  say("flag.saving");
  save.disabled = true;
  trigger("submit", {
    verdict: chosen("verdict"), wrong_evidence: chosen("evidence"), comment: comment.value, reviewer: reviewer.value,
    corrected_labels: chosen("verdict") === "disagree" ? [...corrected.querySelectorAll("input:checked")].map((box) => box.value) : [],
  });
});
B.on("ask-verdict", () => {
  form.scrollIntoView({ block: "end", behavior: "smooth" });
  form.querySelector("input").focus({ preventScroll: true });
});
watch("value", () => {
  const { outcome: now } = JSON.parse(props.value);
  if (!now) return;
  save.disabled = changed;
  if (now.fresh) {
    for (const input of form.querySelectorAll("input[type=radio], input[type=checkbox]")) input.checked = input.value === "neither";
    comment.value = "";
    for (const box of corrected.querySelectorAll("input")) box.checked = (now.labels || []).includes(box.value);
    say(null);
    update();
  } else say(now.key, now.values, now.bad);
});
