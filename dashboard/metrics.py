"""What Prometheus reads at /metrics: how long each stage takes, what waits, what is kept, what was flagged. Nothing of
it is about a case or a person."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch
from prometheus_client import Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from dashboard.serving import Serving

SECONDS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

STAGE = Histogram("betalens_stage_seconds", "Time that a stage takes.", ["stage"], buckets=SECONDS)
ENCODE, PREDICT, EXPLAIN, FLAG = (STAGE.labels(stage) for stage in ("encode", "predict", "explain", "flag"))
EVIDENCE = Counter("betalens_evidence_total", "Evidence asked for, and whether it was at hand.", ["at_hand"])
FLAGS = Counter("betalens_flags_total", "Verdicts saved.", ["verdict"])
REQUESTS = Histogram(
    "betalens_request_seconds", "Time until an answer is complete.", ["method", "route", "status"], buckets=SECONDS
)


class Now(Collector):
    """What is measured when it is asked for."""

    def __init__(self, serving: "Serving"):
        self.serving = serving

    def collect(self) -> Iterator[GaugeMetricFamily | InfoMetricFamily]:
        served = self.serving.now
        engine = served.engine
        yield InfoMetricFamily("betalens_model", "The served model.", {"digest": engine.digest})
        waiting = len(served.reviewer.explanations.line)
        yield GaugeMetricFamily("betalens_explanations_in_line", "Explanations at work or waiting.", waiting)
        cache = GaugeMetricFamily("betalens_encoded_cases", "The cache of encoded cases.", labels=["what"])
        for what, value in engine.encode.cache_info()._asdict().items():
            cache.add_metric([what], value)
        yield cache
        if engine.device.type == "cuda":
            memory = GaugeMetricFamily("betalens_gpu_memory_bytes", "Memory of the GPU.", labels=["what"])
            memory.add_metric(["allocated"], torch.cuda.memory_allocated(engine.device))
            memory.add_metric(["reserved"], torch.cuda.memory_reserved(engine.device))
            yield memory
