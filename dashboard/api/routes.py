"""POST /api/v1/predict, /explain and /flag; and the same three as functions of the page, for gradio_client."""

import asyncio
import threading
from collections.abc import Callable, Hashable
from typing import Annotated, Any, TypeVar

import gradio as gr
from fastapi import APIRouter, Header, Request, Response
from gradio import events

from dashboard.access.identity import who
from dashboard.api import schemas
from dashboard.api.core import Core, Drawn, ShouldContinue
from dashboard.api.queued_pool import QueuedPool, reader
from dashboard.web.gradio import current_request
from dashboard.web.listening import asked_by, listeners
from dashboard.web.thread_pools import asking, explaining, judging
from explain import Cancelled

CLIENT_CHECK_SECONDS = 0.5  # seconds between two looks at whether the client is still there
GONE = 499  # as nginx has it: nobody reads the answer
PROBLEMS = schemas.problems(
    {
        401: "Not logged in.",
        403: "The role does not allow it.",
        413: "The request is too large.",
        422: "The request cannot be used.",
        500: "The server failed.",
    }
)
NOT_SAVED = schemas.problems(
    {
        409: "Another verdict has the flag_id: send this one under another.",
        503: "The verdict was not saved: try again with its flag_id.",
    }
)
BUSY = schemas.problems({503: "Too many wait: try again after `Retry-After` seconds."})
CANNOT_TELL = "Cannot-Tell"  # header of a picture
NOBODY_WAITS = "Nobody waits for this answer any more."
PICTURE: schemas.Responses = {200: {"content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}}}
FUNCTIONS = {"predict": schemas.Predict, "explain": schemas.Explain, "flag": schemas.Flag}

T = TypeVar("T")


class QueuedPools:
    """One for each of the three questions, so that none stops the others."""

    def __init__(self):
        self.predict, self.explain, self.flag = QueuedPool(asking), QueuedPool(explaining), QueuedPool(judging)


def router(core: Core, pools: QueuedPools) -> APIRouter:
    """The routes."""
    api = APIRouter(prefix="/api/v1", responses=PROBLEMS)

    @api.post("/predict", response_model=schemas.Predicted, responses=BUSY)
    async def predict(body: schemas.Predict, request: Request):
        """Probabilities of a case at each β."""
        by = request.state.identity
        return await _while_connected(request, pools.predict, lambda should_continue: core.predict(body, by))

    @api.post("/explain", response_model=schemas.Explained, responses=PICTURE | BUSY)
    async def explain(body: schemas.Explain, request: Request, accept: Annotated[str, Header()] = "*/*"):
        """Why, for each finding and at each β, by each method. With `Accept: image/png`, the film under the heat of one
        finding, method and β; where the model cannot tell of the case, the header `Cannot-Tell` says why."""
        by, turns = request.state.identity, reader(request, request.state.identity)
        work = core.draw if "image/png" in accept else core.explain
        answer = await _while_connected(
            request, pools.explain, lambda should_continue: work(body, by, should_continue, turns)
        )
        if not isinstance(answer, Drawn):
            return answer
        headers = {CANNOT_TELL: answer.cannot_tell} if answer.cannot_tell else {}
        return Response(answer.png, media_type="image/png", headers=headers)

    @api.post("/flag", response_model=schemas.Flagged, responses=NOT_SAVED)
    async def flag(body: schemas.Flag, request: Request):
        """Keep a verdict, with what the server itself computes of the case. Answers once it is safe."""
        by = request.state.identity
        return await _while_connected(request, pools.flag, lambda should_continue: core.flag(body, by))

    return api


def functions(core: Core, pools: QueuedPools) -> None:
    """The same as functions of the page that is being built: each takes and gives the JSON object of its route."""

    async def predict(request: dict[str, Any]) -> dict[str, Any]:
        """Probabilities of a case at each β; see POST /api/v1/predict."""
        return await _answer(pools.predict, lambda *_: core.predict(schemas.Predict.model_validate(request), who()))

    async def explain(request: dict[str, Any]) -> dict[str, Any]:
        """Why, for each finding and at each β, by each method; see POST /api/v1/explain."""
        body = schemas.Explain.model_validate(request)
        return await _answer(pools.explain, lambda *of_whom: core.explain(body, who(), *of_whom))

    async def flag(request: dict[str, Any]) -> dict[str, Any]:
        """Keep a verdict; see POST /api/v1/flag."""
        return await _answer(pools.flag, lambda *_: core.flag(schemas.Flag.model_validate(request), who()))

    for function in (predict, explain, flag):
        events.api(function, api_name=function.__name__, concurrency_limit=None)


async def _answer(pool: QueuedPool, work: Callable[[ShouldContinue, Hashable], schemas.BaseModel]) -> dict[str, Any]:
    """An answer as plain values."""
    numbers = asked_by()
    listeners.hear(*numbers)

    def should_continue() -> bool:
        return listeners.listens(*numbers)

    request = current_request()
    assert request  # a page's function is called by one
    turns = reader(request, who())
    try:
        return (await pool.do(turns, should_continue, work, should_continue, turns)).model_dump(mode="json")
    except Cancelled:
        raise gr.Error(NOBODY_WAITS, print_exception=False) from None


async def _while_connected(request: Request, pool: QueuedPool, work: Callable[[ShouldContinue], T]) -> T | Response:
    """Does long work in its turn, and lets it end where the client has gone."""
    gone = threading.Event()

    async def watch() -> None:
        while not await request.is_disconnected():
            await asyncio.sleep(CLIENT_CHECK_SECONDS)
        gone.set()

    def should_continue() -> bool:
        return not gone.is_set()

    watching = asyncio.create_task(watch())
    try:
        answer = await pool.do(reader(request, request.state.identity), should_continue, work, should_continue)
        return answer if should_continue() else Response(status_code=GONE)
    except Cancelled:
        return Response(status_code=GONE)
    finally:
        gone.set()  # what is at work for a request that was cancelled ends as well
        watching.cancel()
