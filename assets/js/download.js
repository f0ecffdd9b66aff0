// Hands the reader a file that the server wrote for them; shows nothing itself.
watch("value", () => {
  const { name, text, error } = JSON.parse(props.value || "{}");
  if (error || text === undefined) return;
  const B = window.BetaLens, href = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  const link = B.el("a", { href, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(href), 10_000);
});
