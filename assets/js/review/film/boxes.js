// Boxes on the film around what is wrong there: dragged with the mouse, or moved and sized with the arrow keys.
// A box is top, left, height, width in shares of the film, whatever square the film lies in.
const LEAST = 0.01;
const STEP = 0.02;
const MOST = 20; // dashboard/review/verdicts.py takes as many
const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const clip = (value, top = 1) => Math.min(top, Math.max(0, value));

export class Boxes {
  // changed: called with the boxes whenever there is one more or less; redraw: whenever what is shown has changed.
  constructor(canvas, changed, redraw) {
    Object.assign(this, { canvas, changed, redraw, on: false, boxes: [], recorded: [], draft: null });
    for (const name of ["pointerdown", "pointermove", "pointerup", "pointercancel", "keydown"])
      canvas.addEventListener(name, (event) => this.on && this[name](event));
  }

  turn(on) {
    Object.assign(this, { on, draft: null, from: null });
    this.canvas.classList.toggle("bl-marking", on);
    this.canvas.tabIndex = on ? 0 : -1;
    if (on) this.canvas.focus({ preventScroll: true });
    this.redraw();
  }

  // square: where the film lies in the square, as [top, left, height, width] of it.
  load(square, recorded) {
    Object.assign(this, { square, recorded });
  }

  clear() {
    Object.assign(this, { boxes: [], draft: null, from: null });
    this.tell();
  }

  tell() {
    this.changed(this.boxes.map((box) => [...box]));
    this.redraw();
  }

  add(box) {
    if (box && box[2] >= LEAST && box[3] >= LEAST && this.boxes.length < MOST) this.boxes.push(box);
    this.draft = null;
    this.tell();
  }

  place(event) {
    const at = this.canvas.getBoundingClientRect();
    const [top, left, height, width] = this.square;
    return [
      clip(((event.clientY - at.top) / at.height - top) / height),
      clip(((event.clientX - at.left) / at.width - left) / width),
    ];
  }

  pointerdown(event) {
    if (event.button !== 0 || !this.square) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.from = this.place(event);
  }

  pointermove(event) {
    if (!this.from) return;
    const to = this.place(event);
    const [top, left] = [0, 1].map((axis) => Math.min(this.from[axis], to[axis]));
    this.draft = [top, left, Math.abs(to[0] - this.from[0]), Math.abs(to[1] - this.from[1])];
    this.redraw();
  }

  pointerup(event) {
    if (!this.from) return;
    this.pointermove(event);
    this.from = null;
    this.add(this.draft);
  }

  pointercancel() {
    this.from = this.draft = null;
    this.redraw();
  }

  keydown(event) {
    const arrow = ARROWS[event.key];
    if (arrow && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const [top, left, height, width] = this.draft || [0.4, 0.4, 0.2, 0.2];
      const [down, right] = arrow.map((way) => way * STEP);
      this.draft = event.shiftKey
        ? [top, left, Math.max(STEP, clip(height + down, 1 - top)), Math.max(STEP, clip(width + right, 1 - left))]
        : [clip(top + down, 1 - height), clip(left + right, 1 - width), height, width];
      this.redraw();
    } else if (event.key === "Enter" && this.draft) this.add(this.draft);
    else if (event.key === "Delete" || event.key === "Backspace") {
      this.boxes.pop();
      this.tell();
    } else return;
    event.preventDefault();
  }

  // What was recorded is dotted and white; what is marked now is solid, what is being drawn dashed.
  draw(context, side) {
    const [top, left, height, width] = this.square;
    const scale = side / this.canvas.clientWidth;
    const stroke = (box, colour, dash) => {
      for (const [style, line, dashes] of [
        ["rgba(0,0,0,.8)", 4, []],
        [colour, 2, dash],
      ]) {
        context.strokeStyle = style;
        context.lineWidth = line * scale;
        context.setLineDash(dashes.map((length) => length * scale));
        context.strokeRect(
          (left + box[1] * width) * side,
          (top + box[0] * height) * side,
          box[3] * width * side,
          box[2] * height * side,
        );
      }
      context.setLineDash([]);
    };
    for (const box of this.recorded) stroke(box, "#ffffff", [2, 3]);
    for (const box of this.boxes) stroke(box, "#ffd24a", []);
    if (this.draft) stroke(this.draft, "#ffd24a", [6, 4]);
  }
}
