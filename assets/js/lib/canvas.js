// The path of a canvas, with a line of each style and width: a broad one below a narrow one is legible on anything.
/** @param {CanvasRenderingContext2D} context @param {...[string, number]} lines */
export const strokeEach = (context, ...lines) => {
  for (const [style, width] of lines) {
    context.strokeStyle = style;
    context.lineWidth = width;
    context.stroke();
  }
};
