// The map of the reference studies. Its geometry comes once, a column of colours when it is chosen; moving beta morphs
// the map here. What must be looked up (films, words, what lies in a lasso) is asked of the server.
import { currentBeta } from "../lib/beta.js";
import { base64, bits, floats } from "../lib/bytes.js";
import { Cards } from "../lib/cards.js";
import { el, put } from "../lib/dom.js";
import { emit, on } from "../lib/events.js";
import { number, percent, whole } from "../lib/format.js";
import { findingName, labelled, phrase, t } from "../lib/i18n.js";
import { offer, saveFile, sayWork } from "../lib/parts.js";
import { debounce, whileSeen } from "../lib/timing.js";
import { whyNot } from "../review/cannot_tell.js";
import { Column } from "./columns.js";
import { legendView } from "./legend.js";
import { MapView } from "./map.js";
import { selectionView } from "./selection.js";

/** @import { Mount, Place, Point } from "../lib/types.d.ts" */
/** @import * as m from "../lib/messages.d.ts" */

/** @type {Mount} */
export const mount = ({ element, trigger, props, value, watch }) => {
  /** @type {{ spaces: string[], methods: string[] }} */
  const setup = value();
  const OF_FINDING = ["label", "probability"];
  const OF_ANY = ["error", "confidence"]; // columns about one finding, or also about all
  const KINDS = ["findings", ...OF_FINDING, ...OF_ANY, "discordance", "split", "source", "feedback"];

  /** @type {m.Map | null} */
  let atlas = null;
  /** @type {Map<string, Column>} */
  let columns = new Map();
  /** @type {Column | null} */
  let colouring = null;
  /** @type {string | null} */
  let awaited = null;
  /** @type {Place | null} */
  let here = null;
  /** @type {m.MapTrust | null} */
  let judged = null;
  /** @type {string | null} */
  let last = null;
  /** @type {{ polygon: Point[], beta: number, shown: string | null } | null} */
  let area = null;
  let selected = 0; // studies in it
  /** @type {Uint8Array | null} */
  let shown = null;

  /** @param {string} key @param {() => void} onchange */
  const select = (key, onchange) =>
    el("select.bl-select", { id: `bl-atlas-${key}`, ...labelled(`atlas.${key}`), onchange });
  const space = select("space", () => ask());
  const method = select("method", () => ask());
  const by = select("by", () => choose());
  const finding = select("finding", () => choose());
  // Of the map that is drawn; another may be asked for.
  const key = () => ({ space: atlas.space, method: atlas.method });
  /** @param {{ space: string, method: string }} of */
  const isDrawn = (of) => atlas?.space === of.space && atlas.method === of.method;
  const ask = () => trigger("chart", { space: space.value, method: method.value });

  const cards = new Cards(
    (points, generation) => trigger("cards", { ...key(), points, generation }),
    () => {
      map.showCard();
      map.drawOver();
    },
  );
  const selection = selectionView(
    () => clear(),
    () => trigger("keep", { ...key(), ...area }),
  );
  const legend = legendView(() => paint(true));
  /** @type {MapView | null} */
  let map = null;
  try {
    map = new MapView(cards, {
      open: (point) => {
        emit("opening", "");
        trigger("open", { ...key(), point });
      },
      films: (points) => cards.want(points),
      area: (corners) => lasso(corners),
    });
    map.says = (point) => colouring && `${colouring.title()}: ${colouring.says(map.styles[2 * point])}`;
  } catch {} // says so where the map would be

  /** @param {string} name */
  const tool = (name) =>
    phrase("button.bl-toggle", `atlas.tool.${name}`, {
      "data-tool": name,
      "aria-pressed": String(name === "pan"),
      onclick: () => {
        map.gestures.tool = name;
        for (const button of tools.querySelectorAll("[data-tool]"))
          button.ariaPressed = String(button.getAttribute("data-tool") === name);
      },
    });
  /** @param {string} key @param {() => void} does */
  const view = (key, does) => phrase("button.bl-toggle", key, { onclick: does });
  const tools = el(
    "div.bl-atlas-tools",
    { role: "group" },
    ...["pan", "lasso", "box"].map(tool),
    view("atlas.in_view", () => {
      const { width, height } = map.camera;
      /** @param {number} x @param {number} y */
      const at = (x, y) => map.camera.toMap(x, y);
      lasso([at(0, 0), at(width, 0), at(width, height), at(0, height)]);
    }),
    view("atlas.reset", () => {
      map.camera.fit();
      map.draw();
    }),
  );
  const quality = el("p.bl-muted.bl-num");
  const standing = el("p.bl-atlas-here.bl-num", { role: "status" });
  const sampled = el("p.bl-lab-warning", { role: "note", hidden: true });
  /** @param {string} label @param {...HTMLElement} controls */
  const choice = (label, ...controls) => [phrase("label.bl-muted", label, { for: controls[0].id }), ...controls];
  const head = el("div.bl-atlas-head", ...choice("atlas.space", space), ...choice("atlas.method", method), tools);
  const panel = el(
    "aside.bl-panel.bl-atlas-side",
    ...choice("atlas.by", by, finding),
    legend.node,
    el("div.bl-atlas-facts", standing, quality, phrase("p.bl-muted", "atlas.note")),
  );
  // What is selected, where it was drawn; a click takes it back.
  const chip = el("button.bl-button.bl-map-chip", { hidden: true, onclick: () => clear() });
  const sayChip = () => {
    chip.textContent = `${t("atlas.selected", { n: whole(selected) })} ✕`;
    chip.hidden = !selected;
    chip.title = t("atlas.clear");
  };
  const content = el(
    "div.bl-atlas",
    { hidden: true },
    sampled,
    el(
      "div.bl-atlas-body",
      el("section.bl-panel.bl-atlas-plot", map?.node, chip),
      el("div.bl-atlas-right", selection.node, panel),
    ),
  );
  const wait = el("div.bl-empty.bl-wait", { role: "status" });
  element.replaceChildren(head, wait, content);

  // One look over all columns that filter, at this beta.
  const filters = () => [...columns.values()].filter((column) => column.filters);
  /** @param {boolean} [counted] */
  const recolour = (counted) => {
    if (!colouring) return;
    const codes = colouring.at(currentBeta());
    shown = new Uint8Array(atlas.n).fill(1);
    for (const column of filters()) {
      const passes = Array.from({ length: 256 }, (_, code) => column.passes(code));
      const own = column.at(currentBeta());
      for (let i = 0; i < atlas.n; i++) if (!passes[own[i]]) shown[i] = 0;
    }
    map.style(codes, shown);
    if (counted) legend.update(codes, shown);
  };
  /** @param {boolean} [counted] */
  const paint = (counted) => {
    recolour(counted);
    map.draw();
  };
  const moves = () => colouring && (colouring.moves || filters().some((column) => column.moves));

  // Which column is asked for; it is fetched once, but for the verdicts, which grow.
  const choose = () => {
    const of = OF_FINDING.includes(by.value) || OF_ANY.includes(by.value);
    finding.hidden = !of;
    if (OF_FINDING.includes(by.value) && !finding.value) finding.selectedIndex = 1;
    finding.options[0].hidden = finding.options[0].disabled = OF_FINDING.includes(by.value);
    const wanted = { column: by.value, finding: of ? finding.value : "" };
    awaited = `${wanted.column}/${wanted.finding}`;
    const known = by.value !== "feedback" && columns.get(awaited);
    if (known) return colour(known);
    trigger("column", { ...key(), ...wanted });
  };
  /** @param {Column} column */
  const colour = (column) => {
    colouring = column;
    element.dataset.column = column.id;
    map.setPalette(column.palette(), column.kind === "category");
    legend.load(column, filters);
    paint(true);
  };
  on("atlas-column", (answer) => {
    if (answer.error) return atlas && legend.fail(answer.error);
    if (!isDrawn(answer)) return;
    const column = new Column(answer, atlas.n);
    const before = columns.get(column.id);
    if (before) Object.assign(column, { hidden: before.hidden, low: before.low, high: before.high });
    columns.set(column.id, column);
    if (column.id === awaited) colour(column);
  });

  /** @param {Point[]} polygon */
  const lasso = (polygon) => {
    const hides = shown?.some((one) => !one);
    const packed = new Uint8Array(Math.ceil(atlas.n / 8));
    if (hides) for (let i = 0; i < atlas.n; i++) packed[i >> 3] |= shown[i] << (7 - (i & 7));
    area = { polygon, beta: currentBeta(), shown: hides ? base64(packed) : null };
    map.outline = polygon;
    trigger("lasso", { ...key(), ...area });
  };
  const clear = () => {
    selection.load(null);
    area = map.outline = map.members = null;
    selected = 0;
    sayChip();
    paint();
  };
  on("atlas-selection", (found) => {
    if (!area || found.beta !== area.beta) return;
    map.members = found.size ? bits(found.members, atlas.n) : null;
    selected = found.size;
    sayChip();
    paint();
    selection.load(found);
  });
  on("atlas-export", ({ csv }) => {
    // A byte-order mark: a spreadsheet takes the file for another code page otherwise.
    saveFile("betalens-selection.csv", `\ufeff${csv}`);
  });
  on("atlas-cards", ({ cards: found, generation }) => cards.load(found, generation));

  // The same text again would cost a layout.
  /** @param {HTMLElement} node @param {string} text */
  const write = (node, text) => {
    if (node.textContent !== text) node.textContent = text;
  };
  // How good the map is, and how near the open case to what it was made of, at the beta that is named: computed there,
  // never taken from the slices beside it.
  const judge = () => {
    if (judged?.beta !== currentBeta()) trigger("judge", { ...key(), beta: currentBeta() });
  };
  on("atlas-trust", (answer) => {
    if (!isDrawn(answer)) return;
    judged = answer;
    describe();
  });
  const qualityText = () => {
    if (!judged) return t("atlas.judging");
    const said = { trust: number(judged.trust), k: atlas.neighbours, beta: number(judged.beta) };
    return t(atlas.slices === 1 ? "atlas.trust_still" : "atlas.trust", said);
  };
  const describe = () => {
    write(quality, qualityText());
    const known = here && judged?.standing?.case === here.case ? judged.standing : null;
    standing.hidden = !known;
    const why = known && whyNot(known);
    standing.classList.toggle("bl-atlas-far", Boolean(known?.far || why));
    const said = known && {
      case: known.case,
      beta: number(judged.beta),
      closer: percent(known.closer),
      further: percent(1 - known.closer),
      why,
    };
    write(standing, known ? t(why ? "atlas.cannot_tell" : known.far ? "atlas.far" : "atlas.near", said) : "");
  };
  const describeSample = () => {
    sampled.hidden = atlas.n < atlas.most || atlas.n === atlas.of;
    sampled.textContent = t("atlas.sampled", { n: whole(atlas.n), of: whole(atlas.of) });
  };
  on("atlas-case", (now) => {
    here = now.path ? /** @type {Place} */ (now) : null;
    if (!atlas || !map) return;
    map.here = here;
    element.dataset.here = here ? here.case : "";
    judged = null; // of the case before
    judge();
    describe();
    map.drawOver();
    if (colouring?.name === "feedback") choose(); // verdicts may have come since
  });

  const fill = () => {
    offer(space, setup.spaces, (name) => t(`atlas.space.${name}`));
    offer(method, setup.methods, (name) => t(`atlas.method.${name}`));
    if (!atlas) return;
    const kinds = KINDS.filter((kind) => atlas.columns.includes(kind));
    offer(by, kinds, (name) => t(`atlas.by.${name}`));
    offer(finding, atlas.findings, findingName, phrase("option", "atlas.all_findings", { value: "" }));
  };
  const say = () => {
    const [said, bar] = sayWork("atlas", value());
    put(wait, map ? said : el("p", t("atlas.no_webgl")), bar);
  };

  const load = () => {
    if (props.value === last) return;
    last = props.value;
    const message = value();
    content.hidden = !message.block || !map;
    wait.hidden = !content.hidden;
    tools.hidden = content.hidden;
    element.dataset.state = message.block ? (map ? "ready" : "failed") : message.error ? "failed" : "working";
    if (content.hidden) {
      if (message.space) [space.value, method.value] = [message.space, message.method];
      return say();
    }
    atlas = message;
    [columns, colouring, here, judged, area, map.here] = [new Map(), null, null, null, null, null];
    selected = 0;
    cards.clear();
    selection.load(null);
    sayChip();
    fill();
    [space.value, method.value] = [atlas.space, atlas.method];
    map.load(floats(atlas.block), atlas.arrays.xy[1], atlas.n);
    describe();
    describeSample();
    element.dataset.points = String(atlas.n);
    element.dataset.map = `${atlas.space}-${atlas.method}`;
    choose();
  };
  const moveSoon = whileSeen(element, () => {
    if (!atlas || !map) return;
    describe();
    if (moves()) recolour();
    map.paint();
  });
  const countSoon = debounce(() => colouring && moves() && paint(true));
  const judgeSoon = debounce(
    whileSeen(element, () => atlas && map && judge()),
    400,
  );
  watch(load);
  on("beta", () => {
    moveSoon();
    countSoon();
    judgeSoon();
  });
  on("theme", () => colouring && colour(colouring));
  on("language", () => {
    fill();
    if (!atlas) return say();
    describe();
    describeSample();
    if (colouring) colour(colouring);
    selection.redraw();
    sayChip();
  });
  fill();
  load();
};
