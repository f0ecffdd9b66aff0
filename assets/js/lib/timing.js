// Draws at most once a frame however often it is asked to.
/** @param {() => void} draw */
export const everyFrame = (draw) => {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      draw();
    });
  };
};

// Draws at most once a frame, and only while its node can be seen; once more when it comes back, for what it missed.
/** @param {HTMLElement} node @param {() => void} draw */
export const whileSeen = (node, draw) => {
  const soon = everyFrame(draw);
  let seen = true;
  new IntersectionObserver((changes) => {
    seen = changes.at(-1).isIntersecting;
    if (seen) soon();
  }).observe(node);
  return () => seen && soon();
};

// Does something once what calls it has been quiet for a moment.
/** @param {(...given: any[]) => void} does @param {number} [quiet] */
export const debounce = (does, quiet = 150) => {
  let waiting = 0;
  /** @param {any[]} given */
  return (...given) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => does(...given), quiet);
  };
};
