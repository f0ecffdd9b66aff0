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

// Gives a canvas of this size in CSS pixels as many as the screen has there, and returns how many one of those is.
/** @param {HTMLCanvasElement} canvas @param {number} wide @param {number} high */
export const fitCanvas = (canvas, wide, high) => {
  const ratio = window.devicePixelRatio || 1;
  const width = Math.round(wide * ratio);
  const height = Math.round(high * ratio);
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  return ratio;
};
