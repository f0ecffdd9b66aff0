// The picture that comes with a case, of 8 bits, through a window: what is seen until the film's own greys have come.
import { el } from "../../lib/dom.js";

/** @import { Tones } from "../../lib/types.d.ts" */

export const firstPicture = () => {
  /** @type {HTMLImageElement | null} */
  let image = null;
  const canvas = el("canvas");
  /** @type {ImageData | null} */
  let painted = null;
  /** @type {Uint8Array | null} */
  let greys = null;
  /** @type {Tones | null} */
  let through = null;

  /** @param {HTMLImageElement | null} given */
  const load = (given) => {
    image = given;
    greys = through = null;
  };

  const read = () => {
    canvas.width = image.naturalWidth;
    canvas.height = image.naturalHeight;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(image, 0, 0);
    painted = context.getImageData(0, 0, canvas.width, canvas.height);
    greys = Uint8Array.from({ length: canvas.width * canvas.height }, (_, i) => painted.data[4 * i]);
  };

  // What is to be drawn: the picture as it came, where nothing is asked of it.
  /** @param {Tones} tones @param {boolean} isPlain @param {Uint32Array} table what a grey of 16 bits is shown as */
  const seen = (tones, isPlain, table) => {
    if (!image || isPlain) return image;
    if (through === tones) return canvas;
    if (!greys) read();
    const pixels = new Uint32Array(painted.data.buffer);
    for (let i = 0; i < greys.length; i++) pixels[i] = table[257 * greys[i]];
    canvas.getContext("2d").putImageData(painted, 0, 0);
    through = tones;
    return canvas;
  };

  return { load, seen };
};
