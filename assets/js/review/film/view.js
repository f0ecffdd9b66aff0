// Which part of a film is to be seen. A view has the pixels of the canvas that a pixel of the film takes, null for as
// many as show all of it, and the point of the film at the canvas' centre.
/** @import { Frame, Point, Size, View } from "../../lib/types.d.ts" */

/** @type {View} */
export const WHOLE = { scale: null, x: 0, y: 0 };
const MOST = 16; // pixels of the canvas for one of the film, and as many times the whole film

// frame: the canvas in its pixels; size: of the film in its own.
/** @param {Size} size @param {Frame} frame */
export const fitting = ({ rows, columns }, { width, height }) => Math.min(width / columns, height / rows);

// Where the film lies on the canvas: its scale and its upper left corner, on whole pixels where its own are.
/** @param {View} view @param {Size} size @param {Frame} frame */
export const placeOf = (view, size, frame) => {
  const scale = view.scale ?? fitting(size, frame);
  const [x, y] = view.scale === null ? [size.columns / 2, size.rows / 2] : [view.x, view.y];
  const corner = [frame.width / 2 - x * scale, frame.height / 2 - y * scale];
  const [left, top] = Number.isInteger(scale) ? corner.map(Math.round) : corner;
  return { scale, left, top };
};

/** @param {ReturnType<typeof placeOf>} place @param {Point} at on the canvas @returns {Point} */
export const toFilm = ({ scale, left, top }, [x, y]) => [(x - left) / scale, (y - top) / scale];

// No edge of the film goes further in than the whole film has it; so a point stays under the pointer that zooms in.
/** @param {number} at @param {number} length @param {number} share */
const held = (at, length, share) =>
  length / 2 + Math.min(share, Math.max(-share, (2 * at) / length - 1)) * (length / 2);

/** @param {View} view @param {Size} size @param {Frame} frame @returns {View} */
const kept = ({ scale, x, y }, size, frame) => {
  const share = Math.max(0, 1 - fitting(size, frame) / scale);
  return { scale, x: held(x, size.columns, share), y: held(y, size.rows, share) };
};

// The same point of the film stays at `at`.
/**
 * @param {View} view
 * @param {Size} size
 * @param {Frame} frame
 * @param {number} wanted scale
 * @param {Point} at
 * @returns {View}
 */
export const zoomedTo = (view, size, frame, wanted, at) => {
  const fit = fitting(size, frame);
  const scale = Math.min(Math.max(wanted, Math.min(fit, 1)), Math.max(MOST, MOST * fit));
  if (Math.abs(scale / fit - 1) < 1e-3) return WHOLE;
  const [x, y] = toFilm(placeOf(view, size, frame), at);
  const centre = { scale, x: x - (at[0] - frame.width / 2) / scale, y: y - (at[1] - frame.height / 2) / scale };
  return kept(centre, size, frame);
};

// The same part of another film: as far in, about the same place.
/** @param {View} view @param {Size} size @param {Size} other @returns {View} */
export const onOther = (view, size, other) => {
  if (view.scale === null) return view;
  const [across, down] = [other.columns / size.columns, other.rows / size.rows];
  return { scale: view.scale / across, x: view.x * across, y: view.y * down };
};

/** @param {View} view @param {Size} size @param {Frame} frame @param {number} dx @param {number} dy @returns {View} */
export const panned = (view, size, frame, dx, dy) => {
  if (view.scale === null) return view;
  return kept({ ...view, x: view.x - dx / view.scale, y: view.y - dy / view.scale }, size, frame);
};
