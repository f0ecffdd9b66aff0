// Types of the page's own: what a widget is given, what its parts tell one another, and what is used of Plotly.
import type { Case } from "../review/case/case.js";
import type * as m from "./messages.d.ts";

/** What a widget is given. */
export interface Given {
  /** Where it draws. */
  element: HTMLElement;
  /** Asks the server: the name of an event of the widget, and what belongs to it. */
  trigger: (event: string, asked?: unknown) => void;
  /** Its value, and what else it was made with, as text. */
  props: { value: string } & Record<string, string>;
  /** What its value says, or null while it has none. */
  value: <Told>() => Told;
  /** Calls whenever the server sends another value. */
  watch: (changed: () => void) => void;
  /** Draws at once, and again whenever the value or the language changes. */
  follow: (draw: () => void) => void;
}
export type Mount = (given: Given) => void;

/** Attributes of an element; `text` is its content, what begins with "on" is called. */
export interface Attributes {
  [name: string]: unknown;
  text?: string;
  onclick?: (event: MouseEvent & { target: HTMLElement }) => void;
  onchange?: (event: Event & { target: HTMLSelectElement }) => void;
}

type SvgTags = Pick<SVGElementTagNameMap, "svg" | "path" | "line" | "circle" | "text" | "g" | "rect">;
export type Tags = HTMLElementTagNameMap & SvgTags;
type Tag = keyof Tags;
/** A tag, and its classes behind dots, as a style sheet names them. */
export type What = Tag | `${Tag}.${string}`;
type TagOf<W extends What> = W extends Tag ? W : W extends `${infer T extends Tag}.${string}` ? T : never;
export type Made<W extends What> = Tags[TagOf<W>];
/** What stands in an element; what is nothing is left out. */
export type Child = Node | string | null | undefined | false;
/** Makes an element (dom.js). */
export interface Build {
  <W extends What>(what: W, attributes: Attributes, ...children: Child[]): Made<W>;
  <W extends What>(what: W, ...children: Child[]): Made<W>;
}

/** Top, left, height and width, in shares. */
export type Box = number[];
/** A box that the reader drew, around wrong evidence, or around the finding that is named. */
export interface Boxed {
  finding: string;
  box: Box;
}
/** What the reader's hand marks (review/marking.js). */
export type Marking = "" | "wrong" | "here";

/** What the parts of the page tell one another, by the name of the event (events.js). */
export interface Events {
  "atlas-cards": m.MapCards;
  "atlas-case": m.MapPlace;
  "atlas-column": m.MapColumn & Partial<m.MapColumnRefused>;
  "atlas-export": m.MapExport;
  "atlas-selection": m.Selection;
  "atlas-trust": m.MapTrust;
  answered: { case: string; said: string[]; decided: string[] }; // by a reader who had not seen the model's answer
  beta: number;
  blind: boolean;
  boxes: Boxed[];
  "case-place": CasePlace;
  changed: boolean;
  changing: undefined;
  "clear-marks": undefined;
  explained: Case;
  exported: m.DicomExport;
  kept: boolean;
  "from-cell": LabCell;
  "go-to": Partial<Address>;
  "lab-films": m.LabFilms;
  "lab-saved": m.LabSaved;
  "lab-scores": m.LabScores;
  language: string;
  markable: Marking[];
  marking: Marking;
  "next-case": undefined;
  "no-next": number;
  "not-opened": undefined;
  opened: Case;
  opening: string; // the study's id; "" of what has none yet
  pick: boolean;
  "previous-case": undefined;
  refused: undefined;
  "remove-box": number;
  saved: { study: string; verdict: m.Offered["judged"] }; // "" of a verdict that was taken back
  settled: m.Settled | null;
  tab: string; // that came to the front
  theme: string;
  "test-films": m.TestFilms;
  tiles: m.FilmTiles;
  "to-cell": LabCell;
  "to-words": undefined;
  trust: m.Tests;
  truth: boolean;
  unanswered: string;
  "use-queue": m.Question["queue"];
  veiled: Case;
  versions: m.ModelVersions;
  waiting: m.Waiting;
  "wrong-words": number[];
}

/** What a link to the page holds (page/address.js); the study and its finding of a reference study alone. */
export interface Address {
  tab: string;
  study: string;
  finding: string;
  beta: number;
  image: string;
  report: string;
}

/** What the list of cases knows of the open one; an index of -1 where it is not on the list. */
export interface CasePlace {
  study: string;
  index: number;
  total: number;
  queue: m.Question["queue"];
  reasons: m.ReviewReason[];
  judged: m.Offered["judged"];
  story: m.OfferedStory | null;
}

/** Phrases of a language by their keys. */
export type Phrases = Record<string, string>;

/** What is used of Plotly. */
export interface PlotlyModule {
  react: (node: HTMLElement, traces: object[], layout: object, config: object) => Promise<void>;
  Plots: { resize: (node: HTMLElement) => Promise<void> };
}
interface PlotlyAxis {
  _offset: number;
  _length: number;
  l2p: (value: number) => number;
  p2l: (pixel: number) => number;
}
/** An element that Plotly has drawn in. */
export interface Plotted extends HTMLElement {
  _fullLayout?: { width: number; xaxis: PlotlyAxis; yaxis: PlotlyAxis };
  follows?: boolean;
  on: (event: string, does: () => void) => void;
}

declare global {
  interface Window {
    Plotly?: PlotlyModule;
  }
}

export type Modality = "image" | "report";
/** x and y. */
export type Point = [number, number];
/** Ends of an interval; null where there is none. */
export interface Interval {
  low: number | null;
  high: number | null;
}

/** What gestures on a map tell (atlas/gestures.js). */
export interface Told {
  hover: (x: number, y: number) => void;
  leave: () => void;
  click: (x: number, y: number) => void;
  area: (corners: Point[]) => void;
  step: (dx: number, dy: number) => void;
  enter: () => void;
  moved: () => void;
  trailed: () => void;
}
/** A pointer that is down on a map. */
export interface Drag {
  from: Point;
  at: Point;
  far: boolean;
  drawing: string;
}
/** What a map tells (atlas/map.js). */
export interface MapTold {
  open: (point: number) => void;
  area: (corners: Point[]) => void;
  films: (points: number[]) => void;
}
/** A film that is drawn instead of a dot. */
export interface Film {
  point: number;
  left: number;
  top: number;
}
/** A card, and its film once that can be drawn. */
export interface Drawn extends m.Card {
  image?: HTMLImageElement;
}
/** Where the open case lies on a map. */
export type Place = m.MapPlace & { path: Point[]; case: string };

/** A cell of the table of decisions. */
export type Cell = "tp" | "fn" | "fp" | "tn";
/** What is open in the table of decisions. */
export interface OpenCell {
  cell: Cell;
  count: number;
  threshold: number | null; // the reader's own
  most: number; // studies that are shown
}
/** The cell of the β lab that a study was opened from, and all that leads back to it. */
export interface LabCell extends OpenCell {
  study: string;
  split: string;
  finding: string;
  beta: number;
}
/** A study in a cell, with its probability. */
export interface Member {
  id: string;
  p: number;
}
/** What each study was given for a finding: betas by studies, and who has it. */
export interface Scores extends m.LabScores {
  values: Float32Array;
  labels: Float32Array;
}

/** A plot with its heading. */
export interface Figure {
  key: string;
  plot: HTMLElement;
  node: HTMLElement;
}
/** Rows and columns of pixels. */
export interface Size {
  rows: number;
  columns: number;
}
/** A canvas, in its own pixels. */
export interface Frame {
  width: number;
  height: number;
}
/** Which part of a film is to be seen (review/film/view.js). */
export interface View {
  scale: number | null;
  x: number;
  y: number;
}
/** Which greys go from black to white (review/film/tones.js). */
export interface Tones {
  width: number;
  level: number;
  inverted: boolean;
}
/** A part of a film, or of its tiles. */
export interface Area {
  top: number;
  left: number;
  bottom: number;
  right: number;
}
/** Where a map is strongest on the film, and which share of what is for the finding lies there. */
export interface Strongest {
  third: "upper" | "middle" | "lower";
  half: "left" | "right";
  share: number;
}
/** How a film is drawn. */
export interface Look {
  view: View;
  tones: Tones;
  opacity: number; // of the heat
  signed: boolean; // what speaks against is drawn, too
  threshold: number; // of the heat's outline, as a share of its scale; 0 for none
  truth: boolean; // whether the outline is asked for
  bare: boolean; // nothing over the film
}
/** Draws over a film, in a square that has `side` pixels; `line` of them are one of the page's. */
export type Over = (context: CanvasRenderingContext2D, side: number, line: number) => void;
/** What a hand does on a film (review/film/hand.js), in shares of the canvas' width, and places on the canvas. */
export interface Handled {
  window: (dx: number, dy: number) => void;
  pan: (dx: number, dy: number) => void;
  zoom: (factor: number, at: Point) => void;
  twice: (at: Point) => void;
  hover: (at: Point | null) => void;
}
/** A test of an explanation, as it is shown. */
export interface Shown {
  name: string;
  value: string;
  good: boolean;
  parts: string[];
}
/** What a case is shown beside, at its left: the case before it was changed, or one that was pinned as A. */
export interface Beside {
  side: Case;
  isPinned: boolean;
  at: (beta: number) => number; // the β that it is drawn at, while the slider stands at `beta`
}
/** What is shown of a case, or of what it is beside (review/sides.js). */
export interface Side {
  node: HTMLElement;
  caption: HTMLElement;
  load: (opened: Case) => void;
  move: (beta: number) => void;
}
/** Chooses how a modality is explained (review/methods.js). */
export interface Picker {
  node: HTMLElement;
  /** Which method is really shown, while that is not the chosen one. */
  note: HTMLElement;
  show: (opened: Case) => void;
  isOneSided: (name: string) => boolean; // whether a method looks for evidence for the finding alone
}
