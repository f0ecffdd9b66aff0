// Tells whoever draws the stage how many explanations are computed before this one; shows nothing itself.
watch("value", () => props.value && window.BetaLens.emit("waiting", JSON.parse(props.value)));
