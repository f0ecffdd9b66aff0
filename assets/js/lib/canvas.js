/** @import { Point } from "./types.d.ts" */

// Where an event of the pointer is on an element, in the page's pixels.
/** @param {Element} node @param {{ clientX: number, clientY: number }} event @returns {Point} */
export const spotOn = (node, { clientX, clientY }) => {
  const { left, top } = node.getBoundingClientRect();
  return [clientX - left, clientY - top];
};

// The path of a canvas, with a line of each style and width: a broad one below a narrow one is legible on anything.
/** @param {CanvasRenderingContext2D} context @param {...[string, number]} lines */
export const strokeEach = (context, ...lines) => {
  for (const [style, width] of lines) {
    context.strokeStyle = style;
    context.lineWidth = width;
    context.stroke();
  }
};
