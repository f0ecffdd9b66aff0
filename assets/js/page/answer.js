// Hands what the server answers to the widget that asked for it; shows nothing itself.
watch("value", () => {
  if (!props.value) return;
  const { to, ...answer } = JSON.parse(props.value);
  window.BetaLens.emit(to, answer);
});
