// Arrays as the server packs them (dashboard/ui/payload.py): base64 of float32, of bytes, or of bits, the first one
// highest; and the greys of a film, of 16 bits (dashboard/review/film_tiles.py).
/** @param {string} base64 */
export const bytes = (base64) => {
  const text = atob(base64);
  const found = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) found[i] = text.charCodeAt(i);
  return found;
};

/** @param {string} base64 */
export const floats = (base64) => new Float32Array(bytes(base64).buffer);

/** @param {string} base64 */
export const greys = (base64) => new Uint16Array(bytes(base64).buffer);

/** @param {string} base64 @param {number} count */
export const bits = (base64, count) => {
  const packed = bytes(base64);
  return Uint8Array.from({ length: count }, (_, i) => (packed[i >> 3] >> (7 - (i & 7))) & 1);
};

/** @param {Uint8Array} packed */
export const base64 = (packed) => {
  let text = "";
  for (let i = 0; i < packed.length; i += 8192) text += String.fromCharCode(...packed.subarray(i, i + 8192));
  return btoa(text);
};

// One of the arrays that `lay_out` put into a block: [offset, ...shape] in floats.
/** @param {Float32Array} block @param {number[]} values */
export const part = (block, [offset, ...shape]) => block.subarray(offset, offset + shape.reduce((a, b) => a * b, 1));
