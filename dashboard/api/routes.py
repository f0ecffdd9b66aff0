"""POST /api/v1/predict, /explain and /flag; and the same three as functions of the page, for gradio_client."""

import asyncio
import threading
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import gradio as gr
from fastapi import APIRouter, Header, Request, Response
from starlette.concurrency import run_in_threadpool

from dashboard.access import who
from dashboard.api import schemas
from dashboard.api.core import Core
from dashboard.api.problems import problem
from explain import Superseded
from model.errors import BetaLensError

LOOK = 0.5  # seconds between two looks at whether the client is still there
GONE = 499  # as nginx has it: nobody reads the answer
PROBLEMS = {code: {"model": schemas.Problem, "description": said} for code, said in (
    (401, "Not logged in."), (403, "The role does not allow it."), (413, "The request is too large."),
    (422, "The request cannot be used."), (500, "The server failed."),
)}  # fmt: skip
NOT_SAVED = {503: {"model": schemas.Problem, "description": "The verdict was not saved: try again with its flag_id."}}
PICTURE = {200: {"content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}}}
FUNCTIONS = {"predict": schemas.Predict, "explain": schemas.Explain, "flag": schemas.Flag}

T = TypeVar("T")


def router(core: Core) -> APIRouter:
    """The routes."""
    api = APIRouter(prefix="/api/v1", responses=PROBLEMS)

    @api.post("/predict")
    def predict(asked: schemas.Predict, request: Request) -> schemas.Predicted:
        """Probabilities of a case at each β."""
        return core.predict(asked, request.state.identity)

    @api.post("/explain", response_model=schemas.Explained, responses=PICTURE)
    async def explain(asked: schemas.Explain, request: Request, accept: Annotated[str, Header()] = "*/*"):
        """Why, for each finding and at each β, by each method. With `Accept: image/png`, the film under the heat of one
        finding, method and β."""
        identity = request.state.identity
        if "image/png" not in accept:
            return await _while_there(request, lambda wanted: core.explain(asked, identity, wanted))
        drawn = await _while_there(request, lambda wanted: core.draw(asked, identity, wanted))
        return drawn if isinstance(drawn, Response) else Response(drawn, media_type="image/png")

    @api.post("/flag", responses=NOT_SAVED)
    def flag(asked: schemas.Flag, request: Request) -> schemas.Flagged:
        """Keep a verdict, with what the server itself computes of the case. Answers once it is safe."""
        return core.flag(asked, request.state.identity)

    return api


def functions(core: Core) -> None:
    """The same as functions of the page that is being built: each takes and gives the JSON object of its route."""

    def predict(request: dict[str, Any]) -> dict[str, Any]:
        """Probabilities of a case at each β; see POST /api/v1/predict."""
        return _said(lambda: core.predict(schemas.Predict.model_validate(request), who()))

    def explain(request: dict[str, Any]) -> dict[str, Any]:
        """Why, for each finding and at each β, by each method; see POST /api/v1/explain."""
        return _said(lambda: core.explain(schemas.Explain.model_validate(request), who(), lambda: True))

    def flag(request: dict[str, Any]) -> dict[str, Any]:
        """Keep a verdict; see POST /api/v1/flag."""
        return _said(lambda: core.flag(schemas.Flag.model_validate(request), who()))

    for function in (predict, explain, flag):
        gr.api(function, api_name=function.__name__, concurrency_limit=None)


def _said(work: Callable[[], schemas.BaseModel]) -> dict[str, Any]:
    """An answer as plain values; an error of ours as one of Gradio's, which says it to the client."""
    try:
        return work().model_dump(mode="json")
    except BetaLensError as error:
        raise gr.Error(str(error), print_exception=False) from None


async def _while_there(request: Request, work: Callable[[Callable[[], bool]], T]) -> T | Response:
    """Does long work in a thread, and lets it end where the client has gone."""
    gone = threading.Event()

    async def watch() -> None:
        while not await request.is_disconnected():
            await asyncio.sleep(LOOK)
        gone.set()

    watching = asyncio.create_task(watch())
    try:
        return await run_in_threadpool(work, lambda: not gone.is_set())
    except Superseded:
        return problem(GONE, "Nobody waits for this explanation any more.")
    finally:
        watching.cancel()
