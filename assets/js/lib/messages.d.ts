// Written by tests/js/messages.py from tests/js/message_types.py: change it there.

/** What a reader asks to see of the table; an empty field asks for nothing. Attributes: text: stands in the study's id or in its report, whatever the case of the letters. finding: the study has it; likelihood and uncertainty are of it. discordant: image and report disagree on purpose. split: "" for the test split, and for all where there is none. judged: "yes" for what the reader has judged, "no" for what they have not. order: "mixed", every finding in turn; "likely", the highest probability first; "uncertain", nearest to ½ first. queue: what is most worth a look, of the studies whose verdicts measure the model ("evaluation"), or of those whose verdicts teach it ("training"). Only `text` and `judged` narrow it. offset: how many studies come before the first card. number: the page's own, which comes back with the answer. */
export interface Question {
  text: string;
  finding: string;
  discordant: boolean;
  split: "" | "train" | "val" | "test" | "all";
  judged: "" | "yes" | "no";
  order: "mixed" | "id" | "likely" | "uncertain";
  queue: "" | "evaluation" | "training";
  offset: number;
  number: number;
}

/** What a job does now, how much of it is done, of how much, and when that will be all, at the pace so far. */
export interface JobProgress {
  name: string;
  done: number;
  total: number;
  seconds_left: number | null;
}

/** A figure before and after, and the 95 % interval of its change where it has one. None where it is undefined. */
export interface ComparisonRow {
  name: string;
  before: number | null;
  after: number | null;
  low: number | null;
  high: number | null;
  paired: boolean;
}

/** How sure it is that nothing got worse. */
export interface Gate {
  patients: number;
  detectable: number | null;
  decided: boolean;
}

/** A word that reports of the group have more often (z > 0) or less often than those of the rest. */
export interface DistinctiveWord {
  word: string;
  z: number;
  share: number;
  elsewhere: number;
}

/** One finding in a group, at β. None where it is undefined. */
export interface FindingOf {
  finding: string;
  positives: number;
  prevalence: number;
  elsewhere: number | null;
  auroc: number | null;
  error: number | null;
}

/** A group at β. Discordant studies count for size and prevalence alone: their image and report state different truths, so no one label judges a decision on them. */
export interface Summary {
  size: number;
  of: number;
  discordant: number;
  error: number | null;
  elsewhere: number | null;
  findings: FindingOf[];
}

/** Why a study is worth a look, in numbers a reader can check. kind and values: "uncertain" its probability; "discordant" the probabilities by image alone and by report alone; "far" its distance over the median distance; "error_prone" how many neighbours are misjudged, of how many. */
export interface ReviewReason {
  kind: "uncertain" | "discordant" | "far" | "error_prone";
  finding: string;
  values: number[];
}

/** Cohen's κ of two reviewers on one finding, over the n studies that both judged; None where either of them said the same of all, which leaves κ undefined or 0 whatever the other said. */
export interface Kappa {
  first: string;
  second: string;
  finding: string;
  n: number;
  same: number;
  kappa: number | null;
}

/** How many of n judgements agree with the model, with the 95 % interval of Wilson (1927). */
export interface Share {
  of: string;
  agree: number;
  n: number;
  low: number;
  high: number;
}

/** A corrected study that teaches nothing. */
export interface Untaught {
  study_id: string;
  why: string;
  may_be: string;
}

/** Arrays of float32, end to end in base64 (`dashboard.ui.payload.lay_out`). */
export interface Packed {
  arrays: Record<string, number[]>;
  block: string;
}

/** A name for each modality. */
export interface ByModality {
  image: string;
  report: string;
}

/** The method that a modality is explained by; None of one that the case lacks. */
export interface Explained {
  image: string | null;
  report: string | null;
}

/** How far a method's scores are from adding up, as a share; None of a method that does not promise it. */
export interface Errors {
  image: number | null;
  report: number | null;
}

/** The value that saturates the colour. */
export interface Scales {
  image: number;
  words: number;
}

/** What a study is known to have: the words that state the finding, and its outline, in bits. */
export interface Truth {
  words: number[];
  mask: string | null;
  height?: number;
  width?: number;
}

/** A film as it was read: the name that its tiles are asked for by, and its size in pixels. */
export interface OwnPixels {
  name: string;
  rows: number;
  columns: number;
}

/** Some of a film's own pixels: tile, and its greys of 16 bits (`dashboard.review.film_tiles`). */
export interface FilmTiles {
  tiles: [string, string][];
  number: number;
}

/** Why the model cannot tell of a case. */
export interface CannotTell {
  kind:
    | "unlike"
    | "modality"
    | "part"
    | "view"
    | "hanging"
    | "other"
    | "lateral"
    | "mirrored"
    | "upside_down"
    | "turned"
    | "inverted";
  modality: "image" | "report";
  nearer: number;
  of: number;
  named: string;
  sentence: string;
}

/** Why nothing says whether a modality is like those that the model learnt from. */
export interface Unasked {
  kind: "unmeasured" | "too_few";
  modality: "image" | "report";
  held_out: number;
  needed: number;
  sentence: string;
}

/** The p-value of each modality; None where it is absent or was not measured. */
export interface InDistribution {
  image: number | null;
  report: number | null;
}

/** One finding of one case at every β (`dashboard.ui.payload.describe_evidence`). */
export interface Evidence {
  arrays: Record<string, number[]>;
  block: string;
  finding: string;
  methods: Explained;
  completeness: Errors;
  flips: number[];
  nodes: number[];
  box: number[] | null;
  scales: Scales;
  segments: [string, number, boolean][];
  truth: Truth | null;
  film: string | null;
  own_pixels: OwnPixels | null;
  modalities: ("image" | "report")[];
  in_distribution: InDistribution;
  cannot_tell: CannotTell[];
  unasked: Unasked[];
}

/** How often the alert is right, and how often false where a study has the finding. */
export interface Worth {
  n: number;
  prevalence: number;
  precision: number | null;
  false_alarms: number | null;
  n_of: number;
}

/** What image and report say of the finding on which they differ most. */
export interface Discordance {
  probability: number;
  alert: boolean;
  finding: string;
  image: number;
  report: number;
  worth: Worth | null;
}

/** One change of the open case. */
export interface Change {
  kind: "report" | "erase" | "swap";
  study_id: string;
}

/** A verdict on the case that is shown as it was reviewed. */
export interface Recorded {
  time: string;
  reviewer: string;
  verdict: "agree" | "disagree" | "unsure";
  blind: boolean;
  beta: number;
  model: string;
  same_model: boolean;
  corrected: string[];
  comment: string;
  regions: number[][];
  finding_boxes: [string, number, number, number, number][];
  words: number[];
}

/** What the stage is told of every case, veiled or not. */
export interface Staged {
  ticket: number;
  case: string;
  findings: string[];
  chosen: ByModality;
  changes: Change[];
  model: string;
  version: string;
  split: "train" | "val" | "test" | "";
  dicom: boolean;
}

/** The value of the stage: a case with its evidence. */
export interface Stage {
  ticket: number;
  case: string;
  findings: string[];
  chosen: ByModality;
  changes: Change[];
  model: string;
  version: string;
  split: "train" | "val" | "test" | "";
  dicom: boolean;
  arrays: Record<string, number[]>;
  block: string;
  finding: string;
  methods: Explained;
  completeness: Errors;
  flips: number[];
  nodes: number[];
  box: number[] | null;
  scales: Scales;
  segments: [string, number, boolean][];
  truth: Truth | null;
  film: string | null;
  own_pixels: OwnPixels | null;
  modalities: ("image" | "report")[];
  in_distribution: InDistribution;
  cannot_tell: CannotTell[];
  unasked: Unasked[];
  tier: "instant" | "exact";
  single: boolean;
  labels: string[] | null;
  discordant: boolean;
  discordance: Discordance | null;
  recorded: Recorded | null;
  original: Evidence | null;
}

/** The value of the stage for a case whose answer is kept back. */
export interface Veiled {
  ticket: number;
  case: string;
  findings: string[];
  chosen: ByModality;
  changes: Change[];
  model: string;
  version: string;
  split: "train" | "val" | "test" | "";
  dicom: boolean;
  arrays: Record<string, number[]>;
  block: string;
  tier: "veiled";
  veiled: true;
  seen: boolean;
  finding: string;
  film: string | null;
  own_pixels: OwnPixels | null;
  modalities: ("image" | "report")[];
  box: number[] | null;
  scales: Scales;
  segments: [string, number, boolean][];
  truth: null;
  original: null;
  recorded: null;
}

/** The model's own numbers at a β for the case of a ticket. */
export interface Settled {
  ticket: number;
  beta: number;
  probabilities: number[];
}

/** How many explanations of others are computed before that of a ticket. */
export interface Waiting {
  ticket: number;
  ahead: number;
}

/** A version of the model; the promoted one is served. */
export interface ModelVersion {
  name: string;
  digest: string;
  promoted: boolean;
}

/** Those that a case may be shown under; none where the model is none of a folder of versions. */
export interface ModelVersions {
  versions: ModelVersion[];
  number: number;
}

/** The answer on the open case as a ZIP of DICOM objects, in base64, or why there is none. */
export interface DicomExport {
  name?: string;
  data?: string;
  error?: string;
  number: number;
}

/** What went wrong, or is to be known. */
export interface Notice {
  level: "error" | "info";
  key: string;
  detail: string;
}

/** A method of explanation, as it is offered. */
export interface MethodOf {
  name: string;
  title: string;
  help: string;
  one_sided: boolean;
}

/** Those of each modality, in the order to show. */
export interface Methods {
  image: MethodOf[];
  report: MethodOf[];
}

/** A study that the picker offers; in blind mode without anything that is known of it. */
export interface Offered {
  id: string;
  labels: string[] | null;
  discordant: boolean;
  split: "train" | "val" | "test";
  judged: "agree" | "disagree" | "unsure" | "";
  thumb: string | null;
  reasons: ReviewReason[];
}

/** A study that shows what β does: where to look, and at which β. */
export interface OfferedStory {
  kind: "report_saw" | "film_saw" | "negation" | "other_patient" | "nodule" | "confidently_wrong";
  study: string;
  finding: string;
  beta: number;
  judged: "agree" | "disagree" | "unsure" | "";
}

/** The value of the picker, and of the queue in Feedback; its stories are true of one model, or, with "", of any. */
export interface CaseList {
  findings: string[];
  splits: ("train" | "val" | "test")[];
  has_discordant: boolean;
  question: Question;
  blind: boolean;
  stories: OfferedStory[];
  stories_of: string;
  total: number;
  studies: Offered[];
}

/** What became of a verdict; `fresh` where the form is of another case. */
export interface Outcome {
  fresh?: boolean;
  key?: string;
  values?: Record<string, string>;
  bad?: boolean;
  flag_id?: string;
  study?: string;
  verdict?: "agree" | "disagree" | "unsure" | "";
  lifted?: boolean;
  answered?: string[];
  labels?: string[];
}

/** The value of the form for a verdict. */
export interface Form {
  findings: string[];
  single: boolean;
  reviewer: string;
  login: boolean;
  may: boolean;
  blind: boolean;
  veiled: boolean;
  undoable: number;
  outcome: Outcome | null;
  number: number;
}

/** A reference study at a glance. */
export interface Card {
  id: string;
  labels: string[];
  film: string | null;
  words: string;
}

/** One that is near the open case. */
export interface Near {
  id: string;
  labels: string[];
  film: string | null;
  words: string;
  distance: number;
}

/** The nearest studies in one space; None where the case has no place in it. */
export interface NearIn {
  space: "image" | "report" | "fused";
  near: Near[] | null;
}

/** The value of the neighbours: progress, an error, or what was found. */
export interface Neighbours {
  ticket: number;
  progress?: JobProgress;
  error?: string;
  beta?: number;
  modalities?: ("image" | "report")[];
  spaces?: NearIn[];
}

/** The value of the header. */
export interface Facts {
  who: string;
  role: string;
  model: string;
  digest: string;
  device: string;
}

/** What keeps verdicts from being read. */
export interface Trouble {
  kind: string;
  file: string;
  rows: string;
  line: number;
  hides: boolean;
}

/** The value of the bar above the tabs. */
export interface Troubles {
  troubles: Trouble[];
  number: number;
}

/** With how many baselines an area beats random order. */
export interface OfBaselines {
  passed: number;
  of: number;
  holds: boolean;
}

/** Areas under the curves of one baseline. */
export interface Areas {
  deletion: number;
  insertion: number;
  random: number;
}

/** What the tests of one explanation came to; a test that says nothing of it is left out. */
export interface Figures {
  completeness_error?: number;
  points_inside?: boolean | number;
  heat_concentration?: number;
  heat_in_lungs?: number;
  top_word_states?: boolean | number;
  rank_percentile?: number;
  stability?: number;
  sanity?: number;
  sanity_spread?: number;
  deletion?: OfBaselines;
  insertion?: OfBaselines;
  areas?: Record<string, Areas>;
}

/** The probability while evidence is taken away, given back, or taken away in random order. */
export interface Curves {
  deletion: number[];
  insertion: number[];
  random: number[];
}

/** At which step of the curves each cell or word, row by row, is away, or back. */
export interface Steps {
  shape: number[];
  deletion: number[];
  insertion: number[];
}

/** The tests of one modality's explanation. */
export interface Tested {
  method: string;
  figures: Figures;
  passed: Record<string, boolean>;
  curves: Record<string, Curves>;
  steps: Steps | null;
}

/** The tests of what is on the stage, as far as they are done. */
export interface Tests {
  ticket: number;
  finding: string;
  fractions: number[];
  image?: Tested;
  report?: Tested;
}

/** What was measured over β: a list by place, in which the first is all findings together. */
export interface Lab {
  arrays: Record<string, number[]>;
  block: string;
  split: string;
  splits: string[];
  out_of_fold: number;
  left_out: number;
  chose: number;
  default_beta: number;
  checkpoint: string;
  betas: number[];
  n: number;
  patients: number;
  resamples: number;
  names: string[];
  positives: number[];
  best: (number | null)[][];
  verdicts: Record<string, string[]>[];
  margin: number;
  alone: ("image" | "report")[][];
}

/** The value of the lab before it is measured. */
export interface LabWait {
  split: string;
  splits: string[];
  progress?: JobProgress;
  error?: string;
}

/** What each study was given for a finding at every β. */
export interface LabScores {
  arrays: Record<string, number[]>;
  block: string;
  split: string;
  finding: string;
  ids: string[];
}

/** Thumbnails by study; None where there is none. */
export interface LabFilms {
  films: Record<string, string | null>;
}

/** What was done to make a β the default. */
export interface LabSaved {
  key: string;
  bad?: boolean;
  reason?: string;
  folder?: string;
  beta?: number;
}

/** A map of studies, which moves with β. */
export interface Map {
  arrays: Record<string, number[]>;
  block: string;
  space: string;
  method: string;
  spaces: string[];
  methods: string[];
  n: number;
  of: number;
  most: number;
  slices: number;
  neighbours: number;
  findings: string[];
  columns: string[];
}

/** The value of the atlas before its map is made. */
export interface MapWait {
  spaces: string[];
  methods: string[];
  space?: string;
  method?: string;
  progress?: JobProgress;
  error?: string;
}

/** What the studies of a map are coloured by. */
export interface MapColumn {
  space: string;
  method: string;
  column: string;
  finding: string;
  kind: "category" | "number";
  names: string[];
  betas: number;
  codes: string;
}

/** Why there is no such column. */
export interface MapColumnRefused {
  column: string;
  finding: string;
  error: string;
}

/** How near the open case is to what a map is made of: the share of the studies that lie closer to theirs. */
export interface MapStanding {
  case: string;
  closer: number;
  far: boolean;
  cannot_tell: CannotTell[];
}

/** The trustworthiness of a map at a β, and the open case at the same. */
export interface MapTrust {
  space: string;
  method: string;
  beta: number;
  trust: number;
  standing: MapStanding | null;
}

/** Cards by point, for the request of a generation. */
export interface MapCards {
  cards: Record<string, Card>;
  generation: number;
}

/** Where the open case lies over β; the rest is there where it has a place. */
export interface MapPlace {
  path: [number, number][] | null;
  case?: string;
}

/** A selection as CSV. */
export interface MapExport {
  csv: string;
}

/** Where a group's films are brighter, or darker. */
export interface Regions {
  arrays: Record<string, number[]>;
  block: string;
  films: number;
  elsewhere: number;
}

/** What lies in a polygon on the map. */
export interface Selection {
  beta: number;
  size: number;
  members: string;
  reading: boolean;
  summary?: Summary;
  words?: DistinctiveWord[];
  regions?: Regions | null;
}

/** One verdict in the table. */
export interface Row {
  id: string;
  time: string;
  reviewer: string;
  study: string;
  verdict: "agree" | "disagree" | "unsure";
  blind: boolean;
  conflict: boolean;
  corrected: string[];
  evidence: "image" | "text" | "both" | "neither";
  marks: number;
  beta: number;
  model: string;
  comment: string;
}

/** What a reader asked to see. */
export interface Filters {
  reviewer: string;
  finding: string;
  verdict: string;
  model: string;
  text: string;
  order: "disagreements" | "newest";
  asked: number;
}

/** What verdicts can be filtered by. */
export interface Choices {
  reviewer: string[];
  finding: string[];
  verdict: string[];
  model: string[];
}

/** How reviewers agree; nothing before there are verdicts. */
export interface Agreement {
  over_time?: Share[];
  per_finding?: Share[];
  kappa?: Kappa[];
  number?: number;
}

/** The value of the table of verdicts. */
export interface Log {
  rows: Row[];
  total: number;
  number: number;
  error?: string;
  matching?: number;
  counts?: Record<string, number>;
  choices?: Choices;
  filters?: Filters;
  agreement?: Agreement;
}

/** One verdict with what was on the screen when it was given. */
export interface Reviewed {
  id: string;
  time: string;
  reviewer: string;
  study: string;
  verdict: "agree" | "disagree" | "unsure";
  blind: boolean;
  conflict: boolean;
  corrected: string[];
  evidence: "image" | "text" | "both" | "neither";
  marks: number;
  beta: number;
  model: string;
  comment: string;
  digest: string;
  loaded: string;
  same_model: boolean;
  version: string;
  probabilities: Record<string, number>;
  has: string[] | null;
  undone: boolean;
  film: string | null;
  image_sha256: string;
  no_film: string;
  regions: [number, number, number, number][];
  finding_boxes: [string, number, number, number, number][];
  report: [string, boolean][];
  can_open: boolean;
  number: number;
}

/** Why there is no answer. */
export interface Failed {
  error: string;
  number?: number;
}

/** A file for the reader. */
export interface Download {
  name?: string;
  text?: string;
  rows?: number;
  error?: string;
  number: number;
}

/** What a version learnt from. */
export interface Learnt {
  studies: number;
  labels: number;
  labels_changed: number;
  replay: number;
  marked_studies: number;
  not_learnt: number;
  ties: number;
  wrong_in_table: Record<string, number>;
  wrong_by_reviewers: number;
}

/** Of how many studies that were judged, how many would teach the model. */
export interface Lesson {
  corrected: number;
  taught: number;
}

/** What a fine-tuning tells that has not come to a version: how far it is, or why it never will. */
export interface Finetuning {
  progress?: JobProgress;
  error?: string;
  cancelled?: boolean;
}

/** What came of a fine-tuning (`dashboard.workflows.finetune.FinetuneResult`). */
export interface Finetuned {
  version: string;
  parent: string;
  promoted: boolean;
  worse: string[];
  gate: Gate;
  complete: boolean;
  learnt: Learnt;
  rows: ComparisonRow[];
  untaught: Untaught[];
  unknown_findings: string[];
}

/** Titles of methods by their names. */
export interface Titles {
  image: Record<string, string>;
  report: Record<string, string>;
}

/** A mean with its 95 % interval; None where there is none. */
export interface Difference {
  value: number;
  low: number | null;
  high: number | null;
}

/** Areas by one baseline, and how they differ from random order. */
export interface Faithfulness {
  n: number;
  deletion: number;
  insertion: number;
  random: number;
  deletion_difference: Difference;
  insertion_difference: Difference;
}

/** What a method came to on one finding (`explain.trust.over_cases`). */
export interface MethodFinding {
  n: number;
  points_inside?: number | null;
  heat_concentration?: number | null;
  top_word_states?: number | null;
  rank_percentile?: number | null;
  faithfulness?: Record<string, Faithfulness>;
}

/** The film as the model sees it, and what stands where a cell of it is taken away, as pictures. */
export interface TestFilms {
  ticket: number;
  own: string;
  instead: Record<string, string>;
  number: number;
}

/** A 95 % interval; None where there is none. */
export interface Bounds {
  low: number | null;
  high: number | null;
}

/** What a method came to over many cases (`explain.trust.over_cases`). */
export interface MethodFigures {
  n: number;
  points_inside?: number | null;
  heat_concentration?: number | null;
  top_word_states?: number | null;
  rank_percentile?: number | null;
  faithfulness?: Record<string, Faithfulness>;
  patients: number;
  coarse: boolean;
  completeness_error?: number | null;
  heat_in_lungs?: number | null;
  stability?: number | null;
  sanity?: number | null;
  sanity_spread?: number | null;
  deletion?: OfBaselines | null;
  insertion?: OfBaselines | null;
  intervals: Record<string, Bounds>;
  passed: Record<string, boolean>;
  per_finding: Record<string, MethodFinding>;
}

/** What `betalens trust --keep` wrote; the page reads the methods. */
export interface Measured {
  form: number;
  model: string;
  split: string;
  image?: Record<string, MethodFigures>;
  report?: Record<string, MethodFigures>;
  by_cross_validation?: number;
  left_out?: number;
  discordance?: Record<string, string | number | Record<string, number | null> | null>;
}

/** The value of Trust: titles, what was measured of the methods, and from where on that passes, by the figures that should be high and those that should be low. */
export interface MethodsTested {
  titles: Titles;
  least: Record<string, number>;
  most: Record<string, number>;
  measured: Measured | null;
}
