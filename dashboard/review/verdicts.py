"""Verdicts: what a reader thinks of the open case, kept with what the server computed.

Of what comes from the page only the fields of `model.feedback.record.Judgement` and the marks are taken. What depends
on the open case or on the model is checked here, everything else by `Flag`.
"""

import math
from typing import Any

import numpy as np

from dashboard.access import audit
from dashboard.access.identity import Identity
from dashboard.cases.case import OpenCase
from dashboard.serving.session import Session
from dashboard.ui.version import app_version
from dashboard.web.metrics import FLAG, FLAGS
from explain.methods.words import split_words
from model.config import SINGLE_LABEL
from model.errors import FeedbackError, TakenError
from model.feedback import Flag, Store, new_flag_id, utc_now
from model.feedback.record import EVIDENCE, FindingBox, Judgement
from model.inference.decision import reported
from model.inference.engine import Engine

MOST_REGIONS = 20
SMALLEST = 0.005  # of the film's side: less is a click that was meant for something else
LONGEST_NAME = 120


class VerdictService:
    """Keeps the verdicts on one engine's decisions in one store."""

    def __init__(self, engine: Engine, store: Store):
        self.engine = engine
        self.store = store
        self.problem_type = engine.config.problem_type

    @FLAG.time()
    def keep(
        self, session: Session, beta: float, form: dict[str, Any], login: str = "", by: Identity | None = None
    ) -> Flag:
        """Save what the reader thinks of the open case at this β, and return it once it is safe.

        A reader who is blinded names the findings; whether that agrees with the model is settled here.

        Args:
            form: the fields of Judgement (where blinded the verdict is "findings" or "unsure"; the reviewer is ignored
                where there is a login), `wrong_regions` and `finding_boxes` (as in Flag), `wrong_words` (places among
                the words of the report), `case` and `model` (its id and the model's digest as the page shows them: a
                verdict on what is not on screen any more is refused), `attempt` (the page's own number of it: one
                whose answer was lost is sent again under the same, and kept once).

            login: the reviewer's name where they had to log in.
            by: who judges, for the audit log; whoever sent the request that a function of the page answers by default.

        Raises:
            FeedbackError: not saved.
        """
        case = self._judgeable(session, form)
        session.reviewer = login or str(form.get("reviewer") or "").strip()[:LONGEST_NAME] or session.reviewer
        beta = self.engine.clamp_beta(case.encoded, beta)
        labels = self._labels(form)
        verdict, blind, regions, words, boxes = form.get("verdict", ""), False, (), (), ()
        if session.blinded:
            if verdict not in ("findings", "unsure"):
                raise FeedbackError("The model's answer is hidden: name the findings, or say that you are unsure.")
            blind = case.key not in session.seen
            if verdict == "findings":
                verdict = "agree" if set(labels) == set(self.decided(case, beta)) else "disagree"
        else:
            regions, words, boxes = (
                _regions(form.get("wrong_regions"), case),
                _words(form, case),
                self._boxes(form, case),
            )
        if verdict == "disagree" and not session.blinded and not self._differs(case, beta, labels, form):
            raise FeedbackError(
                "A disagreement says what differs: correct the findings, mark evidence as wrong, mark where it is, or "
                "write a comment."
            )
        if verdict == "disagree" and self.problem_type == SINGLE_LABEL and len(labels) != 1:
            raise FeedbackError("This model decides on one finding of a case: name the one that it has.")
        said = {name: form[name] for name in Judgement.model_fields if name in form}
        said |= {"verdict": verdict, "corrected_labels": labels if verdict == "disagree" else ()}
        said |= {"reviewer": session.reviewer, "wrong_evidence": _evidence(form, regions, words)}
        asked = self.engine.familiarity(case.encoded)
        attempt = str(form.get("attempt") or "")[:LONGEST_NAME]
        again = bool(attempt and session.saved and attempt == session.attempt)
        flag = Flag(
            flag_id=session.saved[-1].flag_id if again else session.flag_id,
            time_utc=utc_now(),
            study_id=case.study.study_id if case.study else "",
            image_sha256=case.film.sha256 if case.film else "",
            image_name=case.film_name,
            report=case.report,
            model_digest=self.engine.digest,
            beta=beta,
            probabilities=dict(zip(self.engine.findings, self._at(case, beta).tolist(), strict=True)),
            in_distribution={m: p for m, p in asked.in_distribution.items() if p is not None},
            app_version=app_version(),
            blind=blind,
            wrong_regions=regions,
            wrong_words=words,
            finding_boxes=boxes,
            **said,
        )
        what = {"case": case.case_id, "flag": flag.flag_id, "verdict": flag.verdict}
        audit.record("flag", by, **what)
        try:
            if case.film and case.study is None:
                self.store.keep_film(case.film)  # no table has it
            flag = self._saved(session, flag)
        except FeedbackError:
            audit.note("flag_failed", by, **what)
            raise
        if again:
            return flag
        FLAGS.labels(flag.verdict).inc()
        session.saved.append(flag)
        session.attempt = attempt
        session.revealed = True
        session.flag_id = new_flag_id()  # a second verdict on the same case is another one
        return flag

    def undo(self, session: Session) -> Flag:
        """Take back the last verdict that this page saved: a row that says so is added, none is changed.

        Raises:
            FeedbackError: there is none, or the row was not saved.
        """
        if not session.saved:
            raise FeedbackError("There is no verdict of this page to take back.")
        last = session.saved[-1]
        audit.record("undo", flag=last.flag_id)
        self._saved(session, last.undo(session.flag_id, utc_now()))
        session.saved.pop()
        session.flag_id = new_flag_id()
        return last

    def decided(self, case: OpenCase, beta: float) -> list[str]:
        """The findings the model reports at β."""
        p = self._at(case, self.engine.clamp_beta(case.encoded, beta))
        return reported(p, self.engine.findings, self.problem_type)

    def _saved(self, session: Session, flag: Flag) -> Flag:
        """The flag once it is safe; where the reader said the same under its id before, that one."""
        try:
            return self.store.save(flag)
        except TakenError as error:
            if isinstance(error.flag, Flag) and flag.says_as(error.flag):
                return error.flag
            session.flag_id = new_flag_id()  # or what was changed after a retry could never be saved
            raise

    def _judgeable(self, session: Session, form: dict[str, Any]) -> OpenCase:
        case = session.opened
        if case is None:
            raise FeedbackError("No case is open: open one, then judge it.")
        if case.changes:
            raise FeedbackError("Verdicts are for real cases: undo the changes first.")
        if form.get("case", case.case_id) != case.case_id:
            raise FeedbackError("Another case was opened meanwhile: look at it, then judge it.")
        if form.get("model", self.engine.digest) != self.engine.digest:
            raise FeedbackError("Another model has taken over meanwhile: look at its answer, then judge it.")
        return case

    def _differs(self, case: OpenCase, beta: float, labels: tuple[str, ...], form: dict[str, Any]) -> bool:
        return (
            set(labels) != set(self.decided(case, beta))
            or any(form.get(name) for name in ("wrong_regions", "wrong_words", "finding_boxes"))
            or form.get("wrong_evidence", "neither") != "neither"
            or bool(str(form.get("comment") or "").strip())
        )

    def _labels(self, form: dict[str, Any]) -> tuple[str, ...]:
        """In the order of the model's findings."""
        named = form.get("corrected_labels") or []
        if not isinstance(named, (list, tuple)) or not set(map(str, named)) <= set(self.engine.findings):
            raise FeedbackError("The corrected findings must be findings that the model knows.")
        return tuple(name for name in self.engine.findings if name in named)

    def _boxes(self, form: dict[str, Any], case: OpenCase) -> tuple[FindingBox, ...]:
        """Where findings are, cut to the film."""
        try:
            named = [(finding, box) for finding, *box in form.get("finding_boxes") or []]
        except TypeError:
            named = [("", None)]
        if any(finding not in self.engine.findings for finding, _ in named):
            raise FeedbackError("A box says where a finding is: name one that the model knows, then its place.")
        regions = _regions([box for _, box in named], case)
        return tuple((finding, *region) for (finding, _), region in zip(named, regions, strict=True))

    def _at(self, case: OpenCase, beta: float) -> np.ndarray:
        return self.engine.probabilities(case.encoded, np.array([beta]))[0]


def _regions(boxes: Any, case: OpenCase) -> tuple[tuple[float, float, float, float], ...]:
    """What was sent as boxes, cut to the film."""
    if not boxes:
        return ()
    try:
        if case.film is None or len(boxes) > MOST_REGIONS:
            raise ValueError
        return tuple(_region(*map(float, box)) for box in boxes)
    except (TypeError, ValueError):
        raise FeedbackError(
            f"The marks on the film were not understood: up to {MOST_REGIONS} boxes within it are kept."
        ) from None


def _region(top: float, left: float, height: float, width: float) -> tuple[float, float, float, float]:
    if not all(map(math.isfinite, (top, left, height, width))):
        raise ValueError
    (top, bottom), (left, right) = (
        (min(max(start, 0.0), 1.0), min(max(start + length, 0.0), 1.0))
        for start, length in ((top, height), (left, width))
    )
    if bottom - top < SMALLEST or right - left < SMALLEST:
        raise ValueError
    return top, left, bottom - top, right - left


def _words(form: dict[str, Any], case: OpenCase) -> tuple[tuple[int, int], ...]:
    """The spans of the words at some places."""
    places = form.get("wrong_words") or []
    words = split_words(case.report, case.encoded.read_to)
    known = isinstance(places, list) and all(type(i) is int and 0 <= i < len(words) for i in places)
    if not known:
        raise FeedbackError("The marks on the report were not understood: they must name words of the report.")
    return tuple((words[i].start, words[i].end) for i in sorted(set(places)))


def _evidence(form: dict[str, Any], regions: tuple, words: tuple) -> str:
    """What is wrong by the reader's choice, and by what they marked."""
    chosen = form.get("wrong_evidence") or "neither"
    if chosen not in EVIDENCE:
        return chosen  # Flag refuses it
    image, text = chosen in ("image", "both") or bool(regions), chosen in ("text", "both") or bool(words)
    return "both" if image and text else "image" if image else "text" if text else "neither"
