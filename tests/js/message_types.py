"""What the server tells the page, as types: the values of widgets and the answers to what they ask.

The page's scripts are checked against them: `tests/js/messages.py` writes them as assets/js/lib/messages.d.ts, and
`tests/dashboard/ui/test_messages.py` holds that file, and what the server really tells, to them. The server itself
needs none of them.
"""

from typing import Literal, NotRequired

from typing_extensions import TypedDict  # pydantic reads that of `typing` from Python 3.12 on

from dashboard.review.case_picker import Question
from dashboard.serving.background_job import JobProgress
from dashboard.workflows.finetune import ComparisonRow, Gate
from explain.cohort.contrast import DistinctiveWord
from explain.cohort.selection import FindingOf, Summary  # noqa: F401 (the one is a field of the other)
from explain.cohort.worklist import ReviewReason
from model.feedback.agreement import Kappa, Share
from model.feedback.corrections import Untaught
from model.inference.familiarity import ReasonKind
from model.studies.stories import StoryKind

Modality = Literal["image", "report"]
Verdict = Literal["agree", "disagree", "unsure"]
FindingBox = tuple[str, float, float, float, float]  # the finding; top, left, height and width in shares of the film
Layout = dict[str, list[int]]  # name to [offset, *shape] in floats of a block


class Packed(TypedDict):
    """Arrays of float32, end to end in base64 (`dashboard.ui.payload.lay_out`)."""

    arrays: Layout
    block: str


class ByModality(TypedDict):
    """A name for each modality."""

    image: str
    report: str


class Explained(TypedDict):
    """The method that a modality is explained by; None of one that the case lacks."""

    image: str | None
    report: str | None


class Errors(TypedDict):
    """How far a method's scores are from adding up, as a share; None of a method that does not promise it."""

    image: float | None
    report: float | None


class Scales(TypedDict):
    """The value that saturates the colour."""

    image: float
    words: float


class Truth(TypedDict):
    """What a study is known to have: the words that state the finding, and its outline, in bits."""

    words: list[int]
    mask: str | None
    height: NotRequired[int]
    width: NotRequired[int]


class OwnPixels(TypedDict):
    """A film as it was read: the name that its tiles are asked for by, and its size in pixels."""

    name: str
    rows: int
    columns: int


class FilmTiles(TypedDict):
    """Some of a film's own pixels: tile, and its greys of 16 bits (`dashboard.review.film_tiles`)."""

    tiles: list[tuple[str, str]]
    number: int


class CannotTell(TypedDict):
    """Why the model cannot tell of a case."""

    kind: ReasonKind
    modality: Modality
    nearer: int
    of: int
    named: str
    sentence: str  # for programs; the page has its own words


class Unasked(TypedDict):
    """Why nothing says whether a modality is like those that the model learnt from."""

    kind: Literal["unmeasured", "too_few"]
    modality: Modality
    held_out: int
    needed: int
    sentence: str


class InDistribution(TypedDict):
    """The p-value of each modality; None where it is absent or was not measured."""

    image: float | None
    report: float | None


class Evidence(Packed):
    """One finding of one case at every β (`dashboard.ui.payload.describe_evidence`)."""

    finding: str
    methods: Explained
    completeness: Errors
    flips: list[float]
    nodes: list[float]
    box: list[float] | None  # top, left, height, width of the film in the square, in shares of it
    scales: Scales
    segments: list[tuple[str, int, bool]]  # text, index of its word or -1, was it read
    truth: Truth | None
    film: str | None  # None where the page has it already, or there is none
    own_pixels: OwnPixels | None
    modalities: list[Modality]
    in_distribution: InDistribution
    cannot_tell: list[CannotTell]
    unasked: list[Unasked]


class Worth(TypedDict):
    """How often the alert is right, and how often false where a study has the finding."""

    n: int
    prevalence: float
    precision: float | None
    false_alarms: float | None
    n_of: int


class Discordance(TypedDict):
    """What image and report say of the finding on which they differ most."""

    probability: float
    alert: bool
    finding: str
    image: float
    report: float
    worth: Worth | None


class Change(TypedDict):
    """One change of the open case."""

    kind: Literal["report", "erase", "swap"]
    study_id: str


class Recorded(TypedDict):
    """A verdict on the case that is shown as it was reviewed."""

    time: str
    reviewer: str
    verdict: Verdict
    blind: bool
    beta: float
    model: str
    same_model: bool
    corrected: list[str]
    comment: str
    regions: list[list[float]]
    finding_boxes: list[FindingBox]
    words: list[int]


class Staged(TypedDict):
    """What the stage is told of every case, veiled or not."""

    ticket: int
    case: str
    findings: list[str]
    chosen: ByModality
    changes: list[Change]
    model: str
    version: str
    split: Literal["train", "val", "test", ""]  # "" of what somebody sent
    dicom: bool  # whether the reader sent its film as DICOM


class Stage(Staged, Evidence):
    """The value of the stage: a case with its evidence."""

    tier: Literal["instant", "exact"]
    single: bool
    labels: list[str] | None
    discordant: bool
    discordance: Discordance | None
    recorded: Recorded | None
    original: Evidence | None


class Veiled(Staged, Packed):
    """The value of the stage for a case whose answer is kept back."""

    tier: Literal["veiled"]
    veiled: Literal[True]
    seen: bool
    finding: str
    film: str | None
    own_pixels: OwnPixels | None
    modalities: list[Modality]
    box: list[float] | None
    scales: Scales
    segments: list[tuple[str, int, bool]]
    truth: None
    original: None
    recorded: None


class Settled(TypedDict):
    """The model's own numbers at a β for the case of a ticket."""

    ticket: int
    beta: float
    probabilities: list[float]


class Waiting(TypedDict):
    """How many explanations of others are computed before that of a ticket."""

    ticket: int
    ahead: int


class ModelVersion(TypedDict):
    """A version of the model; the promoted one is served."""

    name: str
    digest: str
    promoted: bool


class ModelVersions(TypedDict):
    """Those that a case may be shown under; none where the model is none of a folder of versions."""

    versions: list[ModelVersion]
    number: int


class DicomExport(TypedDict):
    """The answer on the open case as a ZIP of DICOM objects, in base64, or why there is none."""

    name: NotRequired[str]
    data: NotRequired[str]
    error: NotRequired[str]
    number: int


class Notice(TypedDict):
    """What went wrong, or is to be known."""

    level: Literal["error", "info"]
    key: str
    detail: str


class MethodOf(TypedDict):
    """A method of explanation, as it is offered."""

    name: str
    title: str
    help: str
    one_sided: bool


class Methods(TypedDict):
    """Those of each modality, in the order to show."""

    image: list[MethodOf]
    report: list[MethodOf]


class Offered(TypedDict):
    """A study that the picker offers; in blind mode without anything that is known of it."""

    id: str
    labels: list[str] | None
    discordant: bool
    split: Literal["train", "val", "test"]
    judged: Literal["agree", "disagree", "unsure", ""]
    thumb: str | None
    reasons: list[ReviewReason]


class OfferedStory(TypedDict):
    """A study that shows what β does: where to look, and at which β."""

    kind: StoryKind
    study: str
    finding: str
    beta: float
    judged: Literal["agree", "disagree", "unsure", ""]


class CaseList(TypedDict):
    """The value of the picker, and of the queue in Feedback; its stories are true of one model, or, with "", of any."""

    findings: list[str]
    splits: list[Literal["train", "val", "test"]]
    has_discordant: bool
    question: Question
    blind: bool
    stories: list[OfferedStory]
    stories_of: str
    total: int
    studies: list[Offered]


class Outcome(TypedDict):
    """What became of a verdict; `fresh` where the form is of another case."""

    fresh: NotRequired[bool]
    key: NotRequired[str]
    values: NotRequired[dict[str, str]]
    bad: NotRequired[bool]
    flag_id: NotRequired[str]
    study: NotRequired[str]
    verdict: NotRequired[Literal["agree", "disagree", "unsure", ""]]
    lifted: NotRequired[bool]
    answered: NotRequired[list[str]]
    labels: NotRequired[list[str]]


class Form(TypedDict):
    """The value of the form for a verdict."""

    findings: list[str]
    single: bool
    reviewer: str
    login: bool
    may: bool
    blind: bool
    veiled: bool
    undoable: int
    outcome: Outcome | None
    number: int


class Card(TypedDict):
    """A reference study at a glance."""

    id: str
    labels: list[str]
    film: str | None
    words: str


class Near(Card):
    """One that is near the open case."""

    distance: float


class NearIn(TypedDict):
    """The nearest studies in one space; None where the case has no place in it."""

    space: Literal["image", "report", "fused"]
    near: list[Near] | None


class Neighbours(TypedDict):
    """The value of the neighbours: progress, an error, or what was found."""

    ticket: int
    progress: NotRequired[JobProgress]
    error: NotRequired[str]
    beta: NotRequired[float]
    modalities: NotRequired[list[Modality]]
    spaces: NotRequired[list[NearIn]]


class Facts(TypedDict):
    """The value of the header."""

    who: str
    role: str
    model: str
    digest: str
    device: str


class Trouble(TypedDict):
    """What keeps verdicts from being read."""

    kind: str
    file: str
    rows: str
    line: int
    hides: bool


class Troubles(TypedDict):
    """The value of the bar above the tabs."""

    troubles: list[Trouble]
    number: int


class OfBaselines(TypedDict):
    """With how many baselines an area beats random order."""

    passed: int
    of: int
    holds: bool


class Areas(TypedDict):
    """Areas under the curves of one baseline."""

    deletion: float
    insertion: float
    random: float


class Figures(TypedDict):
    """What the tests of one explanation came to; a test that says nothing of it is left out."""

    completeness_error: NotRequired[float]
    points_inside: NotRequired[bool | float]
    heat_concentration: NotRequired[float]
    heat_in_lungs: NotRequired[float]
    top_word_states: NotRequired[bool | float]
    rank_percentile: NotRequired[float]
    stability: NotRequired[float]
    sanity: NotRequired[float]
    sanity_spread: NotRequired[float]
    deletion: NotRequired[OfBaselines]
    insertion: NotRequired[OfBaselines]
    areas: NotRequired[dict[str, Areas]]


class Curves(TypedDict):
    """The probability while evidence is taken away, given back, or taken away in random order."""

    deletion: list[float]
    insertion: list[float]
    random: list[float]


class Steps(TypedDict):
    """At which step of the curves each cell or word, row by row, is away, or back."""

    shape: list[int]
    deletion: list[int]
    insertion: list[int]


class Tested(TypedDict):
    """The tests of one modality's explanation."""

    method: str
    figures: Figures
    passed: dict[str, bool]
    curves: dict[str, Curves]
    steps: Steps | None


class Tests(TypedDict):
    """The tests of what is on the stage, as far as they are done."""

    ticket: int
    finding: str
    fractions: list[float]
    image: NotRequired[Tested]
    report: NotRequired[Tested]


class Lab(Packed):
    """What was measured over β: a list by place, in which the first is all findings together."""

    split: str
    splits: list[str]
    out_of_fold: int
    left_out: int
    chose: int
    default_beta: float
    checkpoint: str
    betas: list[float]
    n: int
    patients: int
    resamples: int
    names: list[str]
    positives: list[int]
    best: list[list[float | None]]  # β, and the interval around it
    verdicts: list[dict[str, list[str]]]
    margin: float
    alone: list[list[Modality]]


class LabWait(TypedDict):
    """The value of the lab before it is measured."""

    split: str
    splits: list[str]
    progress: NotRequired[JobProgress]
    error: NotRequired[str]


class LabScores(Packed):
    """What each study was given for a finding at every β."""

    split: str
    finding: str
    ids: list[str]


class LabFilms(TypedDict):
    """Thumbnails by study; None where there is none."""

    films: dict[str, str | None]


class LabSaved(TypedDict):
    """What was done to make a β the default."""

    key: str
    bad: NotRequired[bool]
    reason: NotRequired[str]
    folder: NotRequired[str]
    beta: NotRequired[float]


class Map(Packed):
    """A map of studies, which moves with β."""

    space: str
    method: str
    spaces: list[str]
    methods: list[str]
    n: int
    of: int
    most: int
    slices: int
    neighbours: int
    findings: list[str]
    columns: list[str]


class MapWait(TypedDict):
    """The value of the atlas before its map is made."""

    spaces: list[str]
    methods: list[str]
    space: NotRequired[str]
    method: NotRequired[str]
    progress: NotRequired[JobProgress]
    error: NotRequired[str]


class MapColumn(TypedDict):
    """What the studies of a map are coloured by."""

    space: str
    method: str
    column: str
    finding: str
    kind: Literal["category", "number"]
    names: list[str]
    betas: int
    codes: str


class MapColumnRefused(TypedDict):
    """Why there is no such column."""

    column: str
    finding: str
    error: str


class MapStanding(TypedDict):
    """How near the open case is to what a map is made of: the share of the studies that lie closer to theirs."""

    case: str
    closer: float
    far: bool
    cannot_tell: list[CannotTell]


class MapTrust(TypedDict):
    """The trustworthiness of a map at a β, and the open case at the same."""

    space: str
    method: str
    beta: float
    trust: float
    standing: MapStanding | None


class MapCards(TypedDict):
    """Cards by point, for the request of a generation."""

    cards: dict[str, Card]
    generation: int


class MapPlace(TypedDict):
    """Where the open case lies over β; the rest is there where it has a place."""

    path: list[tuple[float, float]] | None
    case: NotRequired[str]


class MapExport(TypedDict):
    """A selection as CSV."""

    csv: str


class Regions(Packed):
    """Where a group's films are brighter, or darker."""

    films: int
    elsewhere: int


class Selection(TypedDict):
    """What lies in a polygon on the map."""

    beta: float
    size: int
    members: str
    reading: bool
    summary: NotRequired[Summary]
    words: NotRequired[list[DistinctiveWord]]
    regions: NotRequired[Regions | None]


class Row(TypedDict):
    """One verdict in the table."""

    id: str
    time: str
    reviewer: str
    study: str
    verdict: Verdict
    blind: bool
    conflict: bool
    corrected: list[str]
    evidence: Literal["image", "text", "both", "neither"]
    marks: int
    beta: float
    model: str
    comment: str


class Filters(TypedDict):
    """What a reader asked to see."""

    reviewer: str
    finding: str
    verdict: str
    model: str
    text: str
    order: Literal["disagreements", "newest"]
    asked: int


class Choices(TypedDict):
    """What verdicts can be filtered by."""

    reviewer: list[str]
    finding: list[str]
    verdict: list[str]
    model: list[str]


class Agreement(TypedDict):
    """How reviewers agree; nothing before there are verdicts."""

    over_time: NotRequired[list[Share]]
    per_finding: NotRequired[list[Share]]
    kappa: NotRequired[list[Kappa]]
    number: NotRequired[int]


class Log(TypedDict):
    """The value of the table of verdicts."""

    rows: list[Row]
    total: int
    number: int
    error: NotRequired[str]
    matching: NotRequired[int]
    counts: NotRequired[dict[str, int]]
    choices: NotRequired[Choices]
    filters: NotRequired[Filters]
    agreement: NotRequired[Agreement]


class Reviewed(Row):
    """One verdict with what was on the screen when it was given."""

    digest: str
    loaded: str
    same_model: bool
    version: str
    probabilities: dict[str, float]
    has: list[str] | None
    undone: bool
    film: str | None
    image_sha256: str
    no_film: str
    regions: list[tuple[float, float, float, float]]
    finding_boxes: list[FindingBox]
    report: list[tuple[str, bool]]
    can_open: bool
    number: int


class Failed(TypedDict):
    """Why there is no answer."""

    error: str
    number: NotRequired[int]


class Download(TypedDict):
    """A file for the reader."""

    name: NotRequired[str]
    text: NotRequired[str]
    rows: NotRequired[int]
    error: NotRequired[str]
    number: int


class Learnt(TypedDict):
    """What a version learnt from."""

    studies: int
    labels: int
    labels_changed: int
    replay: int
    marked_studies: int
    not_learnt: int
    ties: int
    wrong_in_table: dict[str, float]
    wrong_by_reviewers: float


class Lesson(TypedDict):
    """Of how many studies that were judged, how many would teach the model."""

    corrected: int
    taught: int


class Finetuning(TypedDict):
    """What a fine-tuning tells that has not come to a version: how far it is, or why it never will."""

    progress: NotRequired[JobProgress]
    error: NotRequired[str]
    cancelled: NotRequired[bool]


class Finetuned(TypedDict):
    """What came of a fine-tuning (`dashboard.workflows.finetune.FinetuneResult`)."""

    version: str
    parent: str
    promoted: bool
    worse: list[str]
    gate: Gate
    complete: bool
    learnt: Learnt
    rows: list[ComparisonRow]
    untaught: list[Untaught]
    unknown_findings: list[str]


class Titles(TypedDict):
    """Titles of methods by their names."""

    image: dict[str, str]
    report: dict[str, str]


class Difference(TypedDict):
    """A mean with its 95 % interval; None where there is none."""

    value: float
    low: float | None
    high: float | None


class Faithfulness(TypedDict):
    """Areas by one baseline, and how they differ from random order."""

    n: int
    deletion: float
    insertion: float
    random: float
    deletion_difference: Difference
    insertion_difference: Difference


class MethodFinding(TypedDict):
    """What a method came to on one finding (`explain.trust.over_cases`)."""

    n: int
    points_inside: NotRequired[float | None]
    heat_concentration: NotRequired[float | None]
    top_word_states: NotRequired[float | None]
    rank_percentile: NotRequired[float | None]
    faithfulness: NotRequired[dict[str, Faithfulness]]


class TestFilms(TypedDict):
    """The film as the model sees it, and what stands where a cell of it is taken away, as pictures."""

    ticket: int
    own: str
    instead: dict[str, str]
    number: int


class Bounds(TypedDict):
    """A 95 % interval; None where there is none."""

    low: float | None
    high: float | None


class MethodFigures(MethodFinding):
    """What a method came to over many cases (`explain.trust.over_cases`)."""

    patients: int
    coarse: bool
    completeness_error: NotRequired[float | None]
    heat_in_lungs: NotRequired[float | None]
    stability: NotRequired[float | None]
    sanity: NotRequired[float | None]
    sanity_spread: NotRequired[float | None]
    deletion: NotRequired[OfBaselines | None]
    insertion: NotRequired[OfBaselines | None]
    intervals: dict[str, Bounds]
    passed: dict[str, bool]
    per_finding: dict[str, MethodFinding]


class Measured(TypedDict):
    """What `betalens trust --keep` wrote; the page reads the methods."""

    form: int
    model: str
    split: str
    image: NotRequired[dict[str, MethodFigures]]
    report: NotRequired[dict[str, MethodFigures]]
    by_cross_validation: NotRequired[int]
    left_out: NotRequired[int]
    discordance: NotRequired[dict[str, str | float | dict[str, int | float | None] | None]]


class MethodsTested(TypedDict):
    """The value of Trust: titles, what was measured of the methods, and from where on that passes, by the figures that
    should be high and those that should be low."""

    titles: Titles
    least: dict[str, float]
    most: dict[str, float]
    measured: Measured | None
