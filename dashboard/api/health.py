"""GET /healthz, /readyz and /metrics."""

import threading

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest

from dashboard.api.problems import problem
from dashboard.metrics import Now
from dashboard.serving import Serving


class Readiness:
    """Whether the model has answered once."""

    def __init__(self, serving: Serving):
        self._ready = threading.Event()
        threading.Thread(target=self._warm_up, args=(serving,), daemon=True, name="warm-up").start()

    def __bool__(self) -> bool:
        return self._ready.is_set()

    def _warm_up(self, serving: Serving) -> None:
        serving.now.engine.warm_up()
        self._ready.set()


def health(serving: Serving) -> APIRouter:
    """The routes; the model begins to warm up."""
    api, ready = APIRouter(), Readiness(serving)
    now = CollectorRegistry()
    now.register(Now(serving))

    @api.get("/healthz")
    def alive() -> dict[str, str]:
        """The process answers."""
        return {"status": "alive"}

    @api.get("/readyz", response_model=None)
    def is_ready() -> dict[str, str] | Response:
        """The model is loaded and has answered once."""
        return {"status": "ready"} if ready else problem(503, "The model is not warm yet: ask again in some seconds.")

    @api.get("/metrics")
    def metrics() -> Response:
        """For Prometheus."""
        return Response(generate_latest(REGISTRY) + generate_latest(now), media_type=CONTENT_TYPE_LATEST)

    return api
