"""What the studies of a map can be coloured and filtered by: a column each, at every β where it depends on β."""

from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int, UInt8

from explain.every_beta.discordance import probabilities
from model.config import SINGLE_LABEL
from model.errors import ChoiceError
from model.evaluation.metrics import probabilities_at
from model.feedback import VERDICTS, Flag, standing
from model.inference.decision import decided
from model.inference.embeddings import Reference
from model.inference.engine import Engine
from model.studies.table import SPLITS, StudyTable, label_matrix

COLUMN_BETAS = np.linspace(0, 1, 21)
UNKNOWN = 255  # the code of a study that a column says nothing of
LARGEST_CODE = 254  # a number from 0 to 1 has the code 0 … 254
MOST_SOURCES = 11  # that are told apart by colour; what is rarer is taken together

CATEGORY, NUMBER = "category", "number"


class Column(NamedTuple):
    """Codes of n studies: the place of a category in `names`, or a number from 0 to 1 in steps of 1/254.

    A name is that of a finding or source, or, with a colon before it, the end of a phrase's key.
    """

    kind: str
    names: tuple[str, ...]
    codes: UInt8[np.ndarray, "betas n"]  # at each of COLUMN_BETAS, or once


class Columns:
    """The columns of some reference studies. Probabilities are computed once, at the first look.

    Args:
        rows: of the studies in the reference.
        flags: asked for every verdict that was saved.
    """

    def __init__(
        self,
        engine: Engine,
        table: StudyTable,
        reference: Reference,
        rows: Int[np.ndarray, "n"],
        flags: Callable[[], list[Flag]],
    ):
        self.engine = engine
        self.reference = reference
        self.rows = rows
        self.studies = tuple(table.studies[row] for row in rows)
        self.flags = flags
        self.single = engine.config.problem_type == SINGLE_LABEL
        self.labels = label_matrix(self.studies, engine.findings).astype(bool)
        self._makers: dict[str, Callable[[str], Column]] = {
            "findings": lambda _: self._findings(),
            "label": self._label,
            "probability": self._probability,
            "error": self._error,
            "confidence": self._confidence,
            "discordance": lambda _: self._discordance(),
            "split": lambda _: self._named([s.split for s in self.studies], [f":{name}" for name in SPLITS], SPLITS),
            "source": lambda _: self._source(),
            "feedback": lambda _: self._feedback(),
        }

    def offered(self) -> list[str]:
        """The kinds that say something of these studies."""
        absent = set()
        if not any(s.source for s in self.studies):
            absent.add("source")
        if self._apart is None:
            absent.add("discordance")
        return [kind for kind in self._makers if kind not in absent]

    def column(self, kind: str, finding: str = "") -> Column:
        """One column.

        Args:
            finding: what a label or probability is of; "" means all findings together for error and confidence.

        Raises:
            ChoiceError: the kind or the finding is unknown.
            FeedbackError: the verdicts cannot be read.
        """
        if kind not in self._makers:
            raise ChoiceError(f"Column {kind[:20]!r} is unknown; expected one of {', '.join(self._makers)}.")
        return self._makers[kind](finding)

    @cached_property
    def probabilities(self) -> Float[np.ndarray, "betas n findings"]:
        """At each of COLUMN_BETAS."""
        return np.stack([probabilities_at(self.engine, self.reference, float(b), self.rows) for b in COLUMN_BETAS])

    def _findings(self) -> Column:
        count = len(self.engine.findings)
        codes = np.where(self.labels.any(1), self.labels.argmax(1), count)
        codes = np.where(self.labels.sum(1) > 1, count + 1, codes)
        several = [":several"] * bool((self.labels.sum(1) > 1).any())
        return _once((*self.engine.findings, ":none", *several), codes)

    def _label(self, finding: str) -> Column:
        return _once((":without", ":with"), self.labels[:, self.engine.finding_index(finding)])

    def _probability(self, finding: str) -> Column:
        return _numbers(self.probabilities[:, :, self.engine.finding_index(finding)])

    def _error(self, finding: str) -> Column:
        """Whether what is decided is so; of all findings together, whether anything is wrong."""
        reported = decided(self.probabilities, self.engine.config.problem_type)
        if not finding:
            wrong = (reported != self.labels).any(2)
            return Column(CATEGORY, (":right", ":wrong"), wrong.astype(np.uint8))
        index = self.engine.finding_index(finding)
        decision = reported[:, :, index]
        codes = np.where(self.labels[:, index] == decision, decision, 2 + decision)
        return Column(CATEGORY, (":tn", ":tp", ":fn", ":fp"), codes.astype(np.uint8))

    def _confidence(self, finding: str) -> Column:
        """The probability of what was decided; of all findings together, the least sure one's."""
        p = self.probabilities
        if finding:
            p = p[:, :, self.engine.finding_index(finding)]
            return _numbers(np.maximum(p, 1 - p))
        return _numbers(p.max(2) if self.single else np.maximum(p, 1 - p).min(2))

    @cached_property
    def _apart(self) -> Float[np.ndarray, "n"] | None:
        return probabilities(self.engine, self.reference, self.studies)

    def _discordance(self) -> Column:
        if self._apart is None:
            raise ChoiceError("This model was never calibrated to tell image and report apart.")
        return _numbers(self._apart[None])

    def _source(self) -> Column:
        sources = [s.source for s in self.studies]
        names, counts = np.unique([s for s in sources if s], return_counts=True)
        common = names[np.argsort(-counts, kind="stable")[:MOST_SOURCES]].tolist()
        told = [s if s in common or not s else ":other" for s in sources]
        shown = [*common, *[":other"] * (":other" in told)]
        return self._named(told, shown, shown)

    def _feedback(self) -> Column:
        """The newest verdict on each study; none counts as a category."""
        newest = {flag.study_id: flag.verdict for flag in standing(self.flags())}
        told = [newest.get(s.study_id, "") for s in self.studies]
        return self._named(told, [":unjudged", *(f":{v}" for v in VERDICTS)], ["", *VERDICTS])

    @staticmethod
    def _named(values: list[str], names: list[str], of: list[str] | tuple[str, ...]) -> Column:
        code = {value: i for i, value in enumerate(of)}
        return _once(tuple(names), np.array([code.get(value, UNKNOWN) for value in values]))


def _once(names: tuple[str, ...], codes: np.ndarray) -> Column:
    return Column(CATEGORY, names, codes.astype(np.uint8)[None])


def _numbers(values: Float[np.ndarray, "betas n"]) -> Column:
    known = np.isfinite(values)
    codes = np.where(known, np.round(np.clip(np.nan_to_num(values), 0, 1) * LARGEST_CODE), UNKNOWN)
    return Column(NUMBER, (), codes.astype(np.uint8))
