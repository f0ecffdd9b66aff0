// What keeps verdicts from being read, above everything, until somebody has put it right.
const B = window.BetaLens;
const draw = () => {
  const { troubles } = JSON.parse(props.value);
  const hides = troubles.some((trouble) => trouble.hides);
  element.replaceChildren(...(troubles.length ? [B.el("div", { class: `bl-notice bl-notice-${hides ? "error" : "info"}`, role: hides ? "alert" : "status" },
    B.el("b", { text: B.t(hides ? "trouble.title" : "trouble.title_torn") }),
    B.el("ul", {}, ...troubles.map((trouble) => B.el("li", { text: B.t(`trouble.${trouble.kind}`, trouble) }))))] : []));
};
watch("value", draw);
B.on("language", draw);
draw();
