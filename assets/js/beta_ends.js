// What the two ends of the slider mean, and why it is fixed when a modality is missing.
const B = window.BetaLens;
const draw = () => {
  const fixed = props.value;
  document.querySelector(".bl-beta")?.toggleAttribute("inert", Boolean(fixed));
  element.replaceChildren(
    B.phrase("span", "beta.title", { class: "bl-beta-title" }),
    B.phrase("span", fixed ? `beta.fixed_${fixed}` : "beta.help", { class: fixed ? "bl-beta-fixed" : "bl-muted", role: fixed ? "status" : null }));
};
watch("value", draw);
draw();
