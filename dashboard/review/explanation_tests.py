"""The tests of the explanation on the stage, and those of each method over a table of studies."""

import json
import threading
from collections.abc import Generator

from cachetools import LRUCache

from dashboard.cases.case import OpenCase
from dashboard.review.steps import Waiting, until_turn
from dashboard.serving.served import ServedModel
from dashboard.serving.session import Session
from dashboard.ui.payload import as_json
from explain import Cancelled
from explain.methods.registry import methods_of
from explain.methods.words import split_words
from explain.trust.evaluate import TRUST_FILE, TRUST_FORMAT, Trust, examine
from explain.trust.faithfulness import FRACTIONS
from explain.trust.ground_truth import lungs_of, truth_of
from explain.trust.pass_marks import passed
from model.errors import BusyError
from model.inference.encoding import MODALITIES
from model.inference.engine import Engine

CACHED = 1024  # about 1 kB each


class ExplanationTests:
    """Tests what a reader has on the stage, in the model's worker, after the explanations of others. The tests of a
    finding by a method are done once for all readers."""

    def __init__(self, served: ServedModel):
        self.engine, self.table, self.worker = served.engine, served.table, served.worker
        self._cache = LRUCache(CACHED)
        self._lock = threading.Lock()

    def examine(self, session: Session, request_id: int) -> Generator[str | Waiting, bool | None, None]:
        """The tests of the film's explanation, and then of the report's as well, as the page draws them; in between,
        that they wait for what others asked. Ends early where the reader asks for something else meanwhile."""
        case = session.opened
        if case is None or session.blinded or request_id != session.request_id:
            return
        result = {"ticket": request_id, "finding": session.finding, "fractions": FRACTIONS.tolist()}
        for modality in MODALITIES:
            if modality not in case.encoded.modalities:
                continue
            try:
                trust = yield from self._examined(session, case, request_id, modality)
            except (Cancelled, BusyError):
                return
            name = getattr(session, f"{modality}_method")
            title = methods_of(modality)[name].title
            figures = trust.figures()
            drawn = {"curves": _drawn(trust), "steps": _steps(trust)}
            result[modality] = {"method": title, "figures": figures, "passed": passed(figures), **drawn}
            yield as_json(result)

    def _examined(
        self, session: Session, case: OpenCase, request_id: int, modality: str
    ) -> Generator[Waiting, bool | None, Trust]:
        finding, name = session.finding, getattr(session, f"{modality}_method")
        key = (modality, name, finding, *case.key)
        with self._lock:
            if known := self._cache.get(key):
                return known
        truth = lungs = None
        if case.study and not case.changes:
            truth = truth_of(self.table, case.study, finding, split_words(case.report, case.encoded.read_to))
            lungs = lungs_of(case.study)

        def should_continue() -> bool:
            return session.awaits(request_id)

        with self.worker.queue.place(should_continue, session.reader) as place:
            yield from until_turn(place, request_id, should_continue)
            if not should_continue():
                raise Cancelled
            with self._lock:  # who was ahead may have had the same tests done
                if known := self._cache.get(key):
                    return known
            arguments = case.encoded, finding, modality, name, truth, lungs
            trust = self.worker.do(examine, self.engine, *arguments, should_continue=should_continue)
        with self._lock:
            self._cache[key] = trust
        return trust


def of_methods(engine: Engine) -> dict | None:
    """What `betalens trust --keep` measured of this very model; None where it did not, or in an older form."""
    path = engine.folder and engine.folder / TRUST_FILE
    if not path or not path.is_file():
        return None
    measured = json.loads(path.read_text("utf-8"))
    return measured if (measured.get("model"), measured.get("form")) == (engine.digest, TRUST_FORMAT) else None


def _steps(trust: Trust) -> dict[str, list[int]] | None:
    """When each unit is taken away and given back, row by row, and their shape."""
    if trust.steps is None:
        return None
    deletion, insertion = trust.steps
    shape = list(deletion.shape)
    return {"shape": shape, "deletion": deletion.ravel().tolist(), "insertion": insertion.ravel().tolist()}


def _drawn(trust: Trust) -> dict[str, dict[str, list[float]]]:
    """The curves by baseline, as plain values."""
    return {
        baseline: {name: [round(float(p), 4) for p in curve] for name, curve in curves._asdict().items()}
        for baseline, curves in trust.curves.items()
    }
