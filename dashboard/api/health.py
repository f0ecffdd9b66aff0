"""GET /healthz, /readyz and /metrics."""

import threading

import numpy as np
from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest

from dashboard.api.problems import problem
from dashboard.metrics import Now
from dashboard.serving import Serving
from model.inputs import Film


class Readiness:
    """Whether the model has answered once: its first pass is slow, and should not be a reader's."""

    def __init__(self, serving: Serving):
        self._ready = threading.Event()
        threading.Thread(target=self._warm_up, args=(serving,), daemon=True, name="warm-up").start()

    def __bool__(self) -> bool:
        return self._ready.is_set()

    def _warm_up(self, serving: Serving) -> None:
        engine = serving.now.engine
        side = engine.config.image_size
        gradient = np.tile(np.linspace(0, 1, side, dtype=np.float32), (side, 1))
        encoded = engine.encode(Film(gradient, "warm-up", "png"), "Warm up.")
        engine.probabilities(encoded, np.array([0.5]))
        engine.forget()
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
