"""GET /healthz, /readyz and /metrics."""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence

import torch
from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from prometheus_client.registry import Collector

from dashboard.api.schemas import problems
from dashboard.serving.model_registry import ModelRegistry
from dashboard.web.problems import problem

NOT_READY = problems({503: "Not ready: why, is in the detail."})


def warm_up(serving: ModelRegistry) -> threading.Event:
    """Let the model answer once, in a thread; the event is set when it has."""
    warm = threading.Event()

    def work() -> None:
        serving.now.engine.warm_up()
        warm.set()

    threading.Thread(target=work, daemon=True, name="warm-up").start()
    return warm


def health(
    serving: ModelRegistry,
    troubles: Sequence[Callable[[], str]],
    notices: Callable[[], Iterable[str]],
) -> APIRouter:
    """The routes; the model begins to warm up.

    Args:
        troubles: each says in a sentence why the server is not ready, or "". Cheap: they are asked in the event loop.
        notices: sentences on what somebody should look at although the server is ready; as cheap.
    """
    api, warm = APIRouter(), warm_up(serving)
    now = CollectorRegistry()
    now.register(ModelMetrics(serving))

    # In no thread: a server whose threads are all at work lives, and must not be started again for it.
    @api.head("/healthz", include_in_schema=False)
    @api.get("/healthz")
    async def alive() -> dict[str, str]:
        """The process answers."""
        return {"status": "alive"}

    @api.head("/readyz", include_in_schema=False, response_model=None)
    @api.get("/readyz", response_model=None, responses=NOT_READY)
    async def is_ready() -> dict[str, str | list[str]] | Response:
        """The model is loaded and has answered once, people can log in, and what they do can be written down."""
        said = [] if warm.is_set() else ["The model is not warm yet: ask again in some seconds."]
        said += [trouble for ask in troubles if (trouble := ask())]
        if said:
            return problem(503, " ".join(said))
        return {"status": "ready"} | ({"notices": found} if (found := list(notices())) else {})

    @api.get("/metrics", response_class=PlainTextResponse)
    def metrics() -> Response:
        """For Prometheus."""
        return Response(generate_latest(REGISTRY) + generate_latest(now), media_type=CONTENT_TYPE_LATEST)

    return api


class ModelMetrics(Collector):
    """What is measured when it is asked for."""

    def __init__(self, serving: ModelRegistry):
        self.serving = serving

    def collect(self) -> Iterator[GaugeMetricFamily | InfoMetricFamily]:
        served = self.serving.now
        engine = served.engine
        yield InfoMetricFamily("betalens_model", "The served model.", {"digest": engine.digest})
        waiting = len(served.explanations.queue)
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
