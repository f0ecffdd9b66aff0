// Asks for the tests of what is on the stage once it stands still, and hands them to whoever draws them.
const B = window.BetaLens;
const STILL_MS = 700;
let waiting = 0;
B.on("explained", ({ ticket, tier }) => {
  clearTimeout(waiting);
  if (tier === "exact") waiting = setTimeout(() => trigger("submit", { ticket }), STILL_MS);
});
B.on("veiled", () => clearTimeout(waiting));
watch("value", () => props.value && B.emit("trust", JSON.parse(props.value)));
