"""Evidence, computed once for all who ask: readers in the page and programs through the API."""

import threading
from collections.abc import Callable, Hashable
from typing import NamedTuple

from cachetools import LRUCache

from dashboard.cases.case import OpenCase
from dashboard.serving.worker_process import ExplanationWorker
from dashboard.web.metrics import EVIDENCE, EXPLAIN
from explain import INSTANT, Evidence, evidence
from model.inference.engine import Engine

# About 45 kB each: a finding of a case, by one method for its film and one for its report.
CACHED_EVIDENCE = 512


class Methods(NamedTuple):
    """By which method the film is explained, and by which the report."""

    image: str
    report: str


INSTANT_METHODS = Methods(**INSTANT)  # cost nothing beside the encoding


class Explanations:
    """The evidence by one engine. Safe to ask from many threads.

    Args:
        worker: where what is not at hand is computed.

    Attributes:
        queue: to stand in before asking for it.
    """

    def __init__(self, engine: Engine, worker: ExplanationWorker):
        self.engine = engine
        self.worker, self.queue = worker, worker.queue
        self._cache = LRUCache(CACHED_EVIDENCE)
        self._lock = threading.Lock()

    def evidence(
        self, case: OpenCase, finding: str, chosen: Methods, should_continue: Callable[[], bool] = lambda: True
    ) -> Evidence:
        """The evidence by these methods. Film and report are explained apart, so that another method for one asks
        nothing again of the other; what explains the one that is not asked for costs nothing.

        Raises:
            ChoiceError: the finding or a method is unknown.
            Cancelled: it is not wanted any more.
        """
        of_image, of_report = (self._half(case, finding, half, should_continue) for half in _halves(case, chosen))
        return of_image._replace(
            report_method=of_report.report_method,
            report_error=of_report.report_error,
            words=of_report.words,
            word_scores=of_report.word_scores,
        )

    def compute_queued(
        self, case: OpenCase, finding: str, chosen: Methods, should_continue: Callable[[], bool], reader: Hashable = ""
    ) -> Evidence:
        """The evidence, after that of others where it is not at hand; see `evidence`.

        Args:
            reader: who takes turns with others.

        Raises:
            BusyError: too many wait for theirs.
        """
        if self.is_cached(case, finding, chosen):
            return self.evidence(case, finding, chosen)
        with self.queue.turn(should_continue, reader):
            return self.evidence(case, finding, chosen, should_continue)

    def is_cached(self, case: OpenCase, finding: str, chosen: Methods) -> bool:
        """Whether the evidence was computed before, or costs nothing."""
        with self._lock:
            return all(
                half == INSTANT_METHODS or _key(case, finding, half) in self._cache for half in _halves(case, chosen)
            )

    def _half(self, case: OpenCase, finding: str, half: Methods, should_continue: Callable[[], bool]) -> Evidence:
        key = _key(case, finding, half)
        with self._lock:
            found = self._cache.get(key)
        EVIDENCE.labels(str(found is not None).lower()).inc()
        if found:
            return found
        with EXPLAIN.time():
            arguments = self.engine, case.encoded, finding, half.image, half.report
            if half == INSTANT_METHODS:
                found = evidence(*arguments, should_continue)
            else:
                found = self.worker.do(evidence, *arguments, should_continue=should_continue)
        with self._lock:
            self._cache[key] = found
        return found


def _halves(case: OpenCase, chosen: Methods) -> tuple[Methods, Methods]:
    """The methods for the film beside what costs nothing for the report, and the other way round."""
    methods = INSTANT_METHODS._replace(**{m: getattr(chosen, m) for m in case.encoded.modalities})
    return INSTANT_METHODS._replace(image=methods.image), INSTANT_METHODS._replace(report=methods.report)


def _key(case: OpenCase, finding: str, half: Methods) -> tuple:
    return *case.key, finding, *half
