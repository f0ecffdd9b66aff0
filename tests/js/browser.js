// What of a browser the modules under test need, and no more.

// dark: whether the page is; colours: token of assets/css/00-tokens.css to its colour.
export const pretendPage = ({ dark = true, colours = {} } = {}) => {
  const body = { classList: { contains: (name) => name === "dark" && dark } };
  const createElement = (tag) => {
    const node = { tag, attributes: {}, children: [], drawn: null };
    node.setAttribute = (name, value) => {
      node.attributes[name] = value;
    };
    node.append = (...children) => node.children.push(...children);
    node.getContext = () => ({
      createImageData: (width, height) => ({ width, height, data: new Uint8ClampedArray(4 * width * height) }),
      putImageData: (image) => {
        node.drawn = image;
      },
    });
    return node;
  };
  globalThis.document = { body, createElement };
  globalThis.getComputedStyle = () => ({ getPropertyValue: (name) => ` ${colours[name.replace("--bl-", "")] ?? ""} ` });
};

// An element that is listened to: `send` calls who listens.
export class Listened {
  constructor(left, top) {
    Object.assign(this, { left, top, listeners: {}, captured: [] });
  }

  addEventListener(name, does) {
    this.listeners[name] = does;
  }

  getBoundingClientRect() {
    return { left: this.left, top: this.top };
  }

  setPointerCapture(id) {
    this.captured.push(id);
  }

  send(name, event = {}) {
    let prevented = false;
    const preventDefault = () => {
      prevented = true;
    };
    this.listeners[name]({ button: 0, pointerId: 1, ...event, preventDefault });
    return prevented;
  }
}
