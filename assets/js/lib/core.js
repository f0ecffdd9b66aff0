// The one name this page adds to the window: what every widget shares.
// Widgets never reach into one another; they talk through events on the document.
window.BetaLens = window.BetaLens || {};
(() => {
  const B = window.BetaLens;
  B.beta = 0.5;

  // Builds an element. Text only ever enters through textContent, so a report can never become markup.
  B.el = (tag, attributes = {}, ...children) => {
    const svg = ["svg", "path", "line", "circle", "text", "g", "rect"].includes(tag);
    const node = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value === null || value === undefined || value === false) continue;
      if (name === "text") node.textContent = value;
      else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else node.setAttribute(name, value === true ? "" : value);
    }
    node.append(...children.filter((child) => child !== null && child !== undefined));
    return node;
  };

  // A phrase of assets/i18n: translated now, and again whenever the language changes.
  B.phrase = (tag, key, attributes = {}) => B.el(tag, { ...attributes, "data-i18n": key, text: B.t(key) });

  B.on = (name, listener) => document.addEventListener(`betalens:${name}`, (event) => listener(event.detail));
  B.emit = (name, detail) => document.dispatchEvent(new CustomEvent(`betalens:${name}`, { detail }));

  // Called by the slider's js-only event, for every step of a drag.
  B.setBeta = (beta) => {
    B.beta = Number(beta);
    B.emit("beta", B.beta);
    return [];
  };

  // Asks the slider for a beta, as if a person had moved it; it may refuse, being fixed.
  B.askBeta = (beta) => {
    const slider = document.querySelector(".bl-beta input[type=range]");
    if (!slider || slider.closest("[inert]")) return;
    slider.value = String(Math.round(100 * Math.min(1, Math.max(0, beta))) / 100);
    slider.dispatchEvent(new Event("input", { bubbles: true }));
  };

  B.floats = (base64) => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    return new Float32Array(bytes.buffer);
  };

  B.base64 = (bytes) => {
    let text = "";
    for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
    return btoa(text);
  };

  // Draws at most once a frame however often it is asked to.
  B.everyFrame = (draw) => {
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
  B.whileSeen = (node, draw) => {
    const soon = B.everyFrame(draw);
    let seen = true;
    new IntersectionObserver((changes) => {
      seen = changes.at(-1).isIntersecting;
      if (seen) soon();
    }).observe(node);
    return () => seen && soon();
  };

  // Does something once what calls it has been quiet for a moment.
  B.settled = (does, quiet = 150) => {
    let waiting = 0;
    return (...given) => {
      clearTimeout(waiting);
      waiting = setTimeout(() => does(...given), quiet);
    };
  };

  B.number = (value, digits = 2) => value.toFixed(digits).replace("-", "\u2212");
  // A probability is never quite 0 or 1, and must not be shown as if it were.
  B.probability = (p) => (p >= 0.9995 ? ">0.999" : p < 0.0005 ? "<0.001" : B.number(p, 3));
  B.signed = (value, digits = 2) => (value >= 0 ? "+" : "") + B.number(value, digits);
  B.percent = (value) => `${Math.round(100 * value)}\u2009%`;

  // While it begins, Gradio's front end sets light and language as the browser prefers; what was chosen here comes after.
  // It puts what the page has for its head (dashboard/app.py) there then.
  const begun = new Promise((resolve) => {
    const watch = new MutationObserver(() => {
      if (!document.querySelector("meta[name=betalens]")) return;
      watch.disconnect();
      resolve();
    });
    watch.observe(document.head, { childList: true });
  });
  B.whenBegun = (does) => begun.then(does);

  // What this server serves, also when the page is mounted under a path.
  B.url = (path) => {
    const root = (window.gradio_config && window.gradio_config.root) || "";
    return new URL(`${new URL(root || "/", location.href).pathname.replace(/\/$/, "")}/${path}`, location.origin).href;
  };

  const scripts = new Map();
  B.loadScript = (url) => {
    if (!scripts.has(url)) {
      scripts.set(url, new Promise((resolve, reject) => {
        document.head.append(B.el("script", { src: url, onload: resolve, onerror: () => reject(new Error(`Not loaded: ${url}`)) }));
      }));
    }
    return scripts.get(url);
  };
})();
