// Hands the place of the open case to the atlas; shows nothing itself.
watch("value", () => window.BetaLens.emit("atlas-case", props.value ? JSON.parse(props.value) : null));
