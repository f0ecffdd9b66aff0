"""The tests of the explanation on the stage, and those of each method over a table of studies."""

import json
import threading
from collections.abc import Iterator

from cachetools import LRUCache

from dashboard.aside import Aside
from dashboard.session import Session
from explain import Superseded, methods
from explain.faithfulness import FRACTIONS
from explain.trust import KEPT, Trust, examine
from explain.truth import lungs_of, truth_of
from explain.words import split_words
from model.data import StudyTable
from model.engine import Engine

CACHED = 1024  # about 1 kB each
MODALITIES = ("image", "report")


class Examiner:
    """Tests what a reader has on the stage. The tests of a finding by a method are done once for all readers.

    Args:
        aside: where they are done, after the explanations of others.
    """

    def __init__(self, engine: Engine, table: StudyTable, aside: Aside):
        self.engine = engine
        self.table = table
        self.aside = aside
        self._cache = LRUCache(CACHED)
        self._lock = threading.Lock()

    def examine(self, session: Session, ticket: int) -> Iterator[str]:
        """The tests of the film's explanation, and then of the report's as well, as the page draws them. Ends early
        where the reader asks for something else meanwhile."""
        if session.opened is None or session.veiled or ticket != session.ticket:
            return
        result = {"ticket": ticket, "finding": session.finding, "fractions": FRACTIONS.tolist()}
        for modality in MODALITIES:
            if modality not in session.opened.encoded.modalities:
                continue
            try:
                trust = self._examined(session, ticket, modality)
            except Superseded:
                return
            name = getattr(session, f"{modality}_method")
            curves = {key: [round(float(v), 4) for v in curve] for key, curve in trust.curves._asdict().items()}
            result[modality] = {"method": methods(modality)[name].title, "figures": trust.figures(), "curves": curves}
            yield json.dumps(result, ensure_ascii=False)

    def _examined(self, session: Session, ticket: int, modality: str) -> Trust:
        case, finding, name = session.opened, session.finding, getattr(session, f"{modality}_method")
        key = (modality, name, finding, *case.key)
        with self._lock:
            if known := self._cache.get(key):
                return known
        truth = lungs = None
        if case.study and not case.changes:
            truth = truth_of(self.table, case.study, finding, split_words(case.report, case.encoded.read_to))
            lungs = lungs_of(case.study)

        def wanted() -> bool:
            return session.ticket == ticket

        with self.aside.line.turn(wanted):
            asked = case.encoded, finding, modality, name, truth, lungs
            trust = self.aside.do(examine, self.engine, *asked, wanted=wanted)
        with self._lock:
            self._cache[key] = trust
        return trust


def of_methods(engine: Engine) -> dict | None:
    """What `betalens trust --keep` measured of this very model; None where it did not."""
    path = engine.folder and engine.folder / KEPT
    if not path or not path.is_file():
        return None
    measured = json.loads(path.read_text("utf-8"))
    return measured if measured.get("model") == engine.digest else None
