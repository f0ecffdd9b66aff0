// One sentence about what went wrong, or nothing.
const B = window.BetaLens;
const draw = () => {
  const notice = props.value ? JSON.parse(props.value) : null;
  element.replaceChildren(...(notice ? [B.el("p", { class: `bl-notice bl-notice-${notice.level}`, role: notice.level === "error" ? "alert" : "status" },
    B.el("b", { text: B.t(notice.key, notice.values) }), notice.detail ? B.el("span", { text: ` ${notice.detail}` }) : null)] : []));
};
watch("value", () => {
  draw();
  if (props.value && JSON.parse(props.value).level === "error") B.emit("refused");
});
B.on("language", draw);
draw();
