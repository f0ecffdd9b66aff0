// Draws the points of a map with WebGL. The positions at every slice of beta lie on the card; the vertex shader mixes
// two neighbouring slices, so that a move of beta uploads nothing. A study's colour and state are two bytes. They are
// drawn in an order of which any beginning is a fair sample: while the map moves, that is all a slow machine draws.
// Plotly's scattergl was measured first (benchmarks/atlas.py): it uploads every position again at each restyle, and
// neither morphs 5,000 points nor moves 100,000 at 30 frames a second on 2 cores.
import { fitCanvas } from "../lib/canvas.js";

/** @import { Camera } from "./camera.js" */

const VERTEX = `#version 300 es
  in vec2 low; in vec2 high; in vec2 style;
  uniform float share; uniform vec2 scale; uniform vec2 centre;
  uniform float size; uniform float shaped; uniform float dim;
  uniform sampler2D palette; out vec4 colour; flat out int shape;
  void main() {
    int code = int(style.x + 0.5), state = int(style.y + 0.5);
    vec2 at = (mix(low, high, share) - centre) * scale;
    gl_Position = vec4(at, 0.0, 1.0);
    gl_PointSize = size;
    colour = texelFetch(palette, ivec2(code, 0), 0);
    if (state == 1) colour.a *= dim;
    shape = shaped > 0.5 && code < 255 ? code % 4 : 0;
  }`;
const FRAGMENT = `#version 300 es
  precision highp float;
  in vec4 colour; flat in int shape; uniform vec3 rim; uniform float size; out vec4 drawn;
  void main() {
    vec2 p = gl_PointCoord * 2.0 - 1.0;
    float d = shape == 0 ? length(p) : shape == 1 ? max(abs(p.x), abs(p.y)) * 1.12
      : shape == 2 ? abs(p.x) + abs(p.y) : max(abs(p.x) * 1.6 - p.y * 0.8 + 0.2, p.y * 1.15);
    float soft = 2.0 / size, cover = 1.0 - smoothstep(1.0 - soft, 1.0, d);
    if (cover <= 0.0) discard;
    float edge = size > 7.0 ? smoothstep(1.0 - 2.2 * soft, 1.0 - 1.2 * soft, d) : 0.0;
    drawn = vec4(mix(colour.rgb, rim, edge * 0.8), 1.0) * colour.a * cover;
  }`;
const UNIFORMS = ["share", "scale", "centre", "size", "shaped", "dim", "palette", "rim"];

// All of 0 … count - 1 by steps of the golden ratio: studies that follow one another in the table lie far apart.
/** @param {number} a @param {number} b @returns {number} */
const divisor = (a, b) => (b ? divisor(b, a % b) : a);
/** @param {number} count */
const spread = (count) => {
  let step = Math.max(1, Math.round(0.618 * count));
  while (divisor(step, count) > 1) step++;
  return Uint32Array.from({ length: count }, (_, i) => (i * step) % count);
};

export class Scatter {
  // Throws where the browser has no WebGL 2.
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    /** @type {(() => void) | null} */
    this.restored = null; // called when the card has lost what it had
    this.gl = canvas.getContext("webgl2", { antialias: false });
    if (!this.gl) throw new Error("WebGL 2 is not there");
    canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    canvas.addEventListener("webglcontextrestored", () => {
      this.setUp();
      this.restored?.();
    });
    this.setUp();
  }

  setUp() {
    const gl = this.gl;
    const program = gl.createProgram();
    for (const [kind, source] of /** @type {[number, string][]} */ ([
      [gl.VERTEX_SHADER, VERTEX],
      [gl.FRAGMENT_SHADER, FRAGMENT],
    ])) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    for (const [place, name] of ["low", "high", "style"].entries()) gl.bindAttribLocation(program, place, name);
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost())
      throw new Error(gl.getProgramInfoLog(program));
    gl.useProgram(program);
    this.at = Object.fromEntries(UNIFORMS.map((name) => [name, gl.getUniformLocation(program, name)]));
    this.points = gl.createBuffer();
    this.styles = gl.createBuffer();
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
    for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER])
      gl.texParameteri(gl.TEXTURE_2D, name, gl.NEAREST);
    for (const place of [0, 1, 2]) gl.enableVertexAttribArray(place);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.uniform1i(this.at.palette, 0);
  }

  // values: (slices, count, 2), sent to the card once.
  /** @param {Float32Array<ArrayBuffer>} values @param {number} slices @param {number} count */
  setPoints(values, slices, count) {
    this.slices = slices;
    this.count = count;
    this.order = spread(count);
    this.gl.bindBuffer(this.gl.ARRAY_BUFFER, this.points);
    this.gl.bufferData(this.gl.ARRAY_BUFFER, values, this.gl.STATIC_DRAW);
  }

  // styles: (count, 2) bytes: a colour's place in the palette; 0 hidden, 1 dim, 2 shown.
  /** @param {Uint8Array<ArrayBuffer>} styles */
  setStyles(styles) {
    const gl = this.gl;
    const order = this.order.filter((point) => styles[2 * point + 1]);
    this.shown = order.length;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.styles);
    gl.bufferData(gl.ARRAY_BUFFER, styles, gl.DYNAMIC_DRAW);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, order, gl.DYNAMIC_DRAW);
  }

  // colours: 256 RGBA; shaped: whether a category's place also chooses its shape; rim: what outlines a point.
  /** @param {Uint8Array} colours @param {boolean} shaped @param {number[]} rim */
  setPalette(colours, shaped, rim) {
    const gl = this.gl;
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, colours);
    gl.uniform1f(this.at.shaped, shaped ? 1 : 0);
    gl.uniform3fv(this.at.rim, rim);
  }

  // low, share: the slice below this beta, and how far beta is above it; size of a point in CSS pixels; drawn: how
  // many.
  /**
   * @param {Camera} camera
   * @param {number} low
   * @param {number} share
   * @param {number} size
   * @param {number} dim
   * @param {number} drawn
   */
  draw(camera, low, share, size, dim, drawn) {
    const gl = this.gl;
    const ratio = fitCanvas(this.canvas, camera.width, camera.height);
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.points);
    const high = Math.min(low + 1, this.slices - 1);
    gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 0, low * this.count * 8);
    gl.vertexAttribPointer(1, 2, gl.FLOAT, false, 0, high * this.count * 8);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.styles);
    gl.vertexAttribPointer(2, 2, gl.UNSIGNED_BYTE, false, 0, 0);
    gl.uniform1f(this.at.share, share);
    gl.uniform2f(this.at.scale, (2 * camera.scale) / camera.width, (2 * camera.scale) / camera.height);
    gl.uniform2f(this.at.centre, camera.x, camera.y);
    gl.uniform1f(this.at.size, size * ratio);
    gl.uniform1f(this.at.dim, dim);
    gl.drawElements(gl.POINTS, drawn, gl.UNSIGNED_INT, 0);
  }

  // Waits until what was asked for is drawn: only a pixel that is read back tells.
  finish() {
    this.gl.readPixels(0, 0, 1, 1, this.gl.RGBA, this.gl.UNSIGNED_BYTE, new Uint8Array(4));
  }
}
