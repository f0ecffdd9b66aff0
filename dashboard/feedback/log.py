"""What the Feedback tab shows of the verdicts: rows that pass its filters, agreement, one row as it was reviewed."""

from typing import Any, NamedTuple

from dashboard.ui.pictures import data_url
from model.errors import BetaLensError, FeedbackError
from model.feedback import VERDICTS, Flag, Store, agreement, standing
from model.finetuning.versions import Versions
from model.inference.engine import Engine
from model.inputs import read_report
from model.studies.table import Study, StudyTable, load_film

MOST_ROWS = 200  # rows on screen; the file holds all
DISAGREEMENTS, NEWEST = ORDERS = ("disagreements", "newest")
UNDONE = "undo"  # the filter's name for verdicts that were taken back


class Filters(NamedTuple):
    """What a reader asks to see; "" is everything that stands."""

    reviewer: str = ""
    finding: str = ""  # the model or the reviewer reported it
    verdict: str = ""  # one of VERDICTS, or UNDONE
    model: str = ""
    text: str = ""  # in study, reviewer, comment or report, whatever the case of the letters
    order: str = DISAGREEMENTS
    asked: int = 0  # the page's own number: it waits for the answer to its latest question

    @classmethod
    def read(cls, data: dict[str, Any]) -> "Filters":
        """From what the page sent."""
        given: dict[str, Any] = {name: str(data.get(name) or "")[:200] for name in cls._fields}
        order = given["order"] if given["order"] in ORDERS else DISAGREEMENTS
        number = data.get("asked")
        return cls(**given | {"order": order, "asked": number if type(number) is int else 0})


class FeedbackLog:
    """The verdicts of one store, beside one engine and table, and the versions that the engine is one of."""

    def __init__(self, engine: Engine, table: StudyTable, store: Store, versions: Versions | None = None):
        self.engine = engine
        self.table = table
        self.store = store
        self.versions = versions
        self.problem_type = engine.config.problem_type

    def shown(self, filters: Filters) -> dict[str, Any]:
        """Rows, what they can be filtered by, and how reviewers agree; {"error"} where the file cannot be read."""
        try:
            rows = self.store.rows()
        except FeedbackError as error:
            return {"error": str(error), "rows": [], "total": 0}
        stand = standing(rows)
        filtered = [flag for flag in stand if self._passes(flag, filters._replace(verdict="", text=""))]
        clash = agreement.conflicts(stand, self.problem_type)
        found = self._found(rows, stand, filters)
        found.reverse()  # as they were saved: a clock may have been put back
        if filters.order == DISAGREEMENTS:
            found.sort(key=lambda f: (agreement.case_of(f) not in clash, f.verdict != "disagree", f.verdict == "agree"))
        return {
            "total": len(stand),
            "matching": len(found),
            "counts": {verdict: sum(f.verdict == verdict for f in stand) for verdict in VERDICTS},
            "choices": {
                "reviewer": sorted({f.reviewer for f in stand if f.reviewer}),
                "finding": list(dict.fromkeys(name for f in stand for name in f.probabilities)),
                "verdict": [*VERDICTS, UNDONE],
                "model": sorted({f.model_digest for f in stand}),
            },
            "filters": filters._asdict(),
            "rows": [_row(flag, agreement.case_of(flag) in clash) for flag in found[:MOST_ROWS]],
            "agreement": {
                "over_time": [s._asdict() for s in agreement.over_time(filtered)],
                "per_finding": [s._asdict() for s in agreement.per_finding(filtered, self.problem_type)],
                "kappa": [k._asdict() for k in agreement.between_reviewers(filtered, self.problem_type)],
            },
        }

    def record(self, flag_id: str) -> dict[str, Any]:
        """One verdict with what was on the screen when it was given.

        Raises:
            FeedbackError: there is none of that id, or it was purged.
            CheckpointError: what a version says of itself cannot be read.
        """
        flag, undone = self.flag(flag_id)
        same_model = flag.model_digest == self.engine.digest
        study, why = self.study_of(flag)
        film = load_film(study) if study else self.store.film(flag.image_sha256) if flag.image_sha256 else None
        alone = not flag.image_sha256 and bool(flag.report)  # the flag holds all of the case
        labels = agreement.reviewer_labels(flag, self.problem_type)
        return _row(flag, False) | {
            "digest": flag.model_digest,
            "loaded": self.engine.digest,
            "same_model": same_model,
            "version": "" if same_model or not self.versions else self.versions.with_digest(flag.model_digest) or "",
            "probabilities": flag.probabilities,
            "has": None if labels is None else sorted(labels),
            "undone": undone,
            "film": film and data_url(film.pixels),
            "image_sha256": flag.image_sha256,
            "no_film": "" if film else why or "none",
            "regions": [list(box) for box in flag.wrong_regions],
            "finding_boxes": [list(box) for box in flag.finding_boxes],
            "report": marked(flag.report, flag.wrong_words),
            "can_open": study is not None or film is not None or alone,
        }

    def flag(self, flag_id: str) -> tuple[Flag, bool]:
        """The verdict of that id, and whether it was taken back.

        Raises:
            FeedbackError: there is none.
        """
        rows = self.store.rows()
        for flag in rows:
            if flag.flag_id == flag_id and flag.verdict in VERDICTS:
                return flag, any(row.undoes == flag_id for row in rows)
        raise FeedbackError("That verdict is not there any more.")

    def study_of(self, flag: Flag) -> tuple[Study | None, str]:
        """The study that was judged where it is at hand as it was then, and otherwise why it is not: "not_kept" or
        "changed"."""
        try:
            study = self.table.by_id(flag.study_id)
            film = load_film(study)
            same = (film.sha256 if film else "") == flag.image_sha256 and read_report(study.report) == flag.report
        except BetaLensError:
            return None, "changed" if flag.study_id else "not_kept" if flag.image_sha256 else ""
        return (study, "") if same else (None, "changed")

    def _found(self, rows: list[Flag], stand: list[Flag], filters: Filters) -> list[Flag]:
        if filters.verdict == UNDONE:
            undone = {row.undoes for row in rows}
            stand = [row for row in rows if row.flag_id in undone and row.verdict in VERDICTS]
            filters = filters._replace(verdict="")
        return [flag for flag in stand if self._passes(flag, filters)]

    def _passes(self, flag: Flag, filters: Filters) -> bool:
        said = agreement.reported(flag, self.problem_type) | (
            agreement.reviewer_labels(flag, self.problem_type) or frozenset()
        )
        text = "\n".join((flag.case, flag.image_name, flag.reviewer, flag.comment, flag.report)).casefold()
        return (
            filters.reviewer in ("", flag.reviewer)
            and (not filters.finding or filters.finding in said)
            and filters.verdict in ("", flag.verdict)
            and filters.model in ("", flag.model_digest)
            and filters.text.casefold() in text
        )


def marked(report: str, spans: tuple[tuple[int, int], ...]) -> list[list]:
    """The report cut into [text, was it marked as wrong]; cut here, as the browser counts characters otherwise."""
    pieces, at = [], 0
    for start, end in sorted(spans):
        pieces += [[report[at:start], False], [report[max(at, start) : end], True]]
        at = max(at, end)
    return [piece for piece in [*pieces, [report[at:], False]] if piece[0]]


def _row(flag: Flag, conflict: bool) -> dict[str, Any]:
    return {
        "id": flag.flag_id,
        "time": flag.time_utc,
        "reviewer": flag.reviewer,
        "study": flag.case or flag.image_name,
        "verdict": flag.verdict,
        "blind": flag.blind,
        "conflict": conflict,
        "corrected": list(flag.corrected_labels),
        "evidence": flag.wrong_evidence,
        "marks": len(flag.wrong_regions) + len(flag.wrong_words) + len(flag.finding_boxes),
        "beta": flag.beta,
        "model": flag.model_digest[:8],
        "comment": flag.comment,
    }
