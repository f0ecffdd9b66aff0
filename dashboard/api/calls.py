"""What reaches Gradio's own routes is looked at first: Gradio answers a bad value with a status of 500, and writes what
it was sent into the log."""

import json
import math
from typing import Any

import gradio as gr
from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.api.problems import invalid, problem

PREFIX = "/gradio_api/"
BY_NAME = ("run/", "api/", "call/")
JOIN = "queue/join"


class Calls:
    """Middleware: refuses calls of the page's functions with other values than they take, before anything runs.

    Args:
        page: whose functions they are.
        schemas: what the functions for programs take, by the name of each.
    """

    def __init__(self, app: ASGIApp, page: gr.Blocks, schemas: dict[str, type[BaseModel]]):
        self.app = app
        self.page = page
        self.schemas = schemas

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].removeprefix(scope.get("root_path", "")).rstrip("/") if scope["type"] == "http" else ""
        called = path.removeprefix(PREFIX)
        if not path.startswith(PREFIX) or scope["method"] != "POST" or not called.startswith((*BY_NAME, JOIN)):
            await self.app(scope, receive, send)
            return
        body = await Request(scope, receive).body()
        try:
            self._check(called, json.loads(body))
        except ValidationError as error:
            await invalid(error)(scope, receive, send)
        except (ValueError, RecursionError) as error:
            said = str(error) if type(error) is ValueError else "The request is not JSON."
            await problem(422, said)(scope, receive, send)
        else:
            await self.app(scope, _again(body, receive), send)

    def _check(self, called: str, sent: Any) -> None:
        """
        Raises:
            ValueError: a value that the function does not take, in a sentence that does not hold it.
            ValidationError: likewise, of a function for programs.
        """
        fn = self._function(called, sent)
        data = sent.get("data") if isinstance(sent, dict) else None
        if fn is None or not isinstance(data, list):
            raise ValueError("The request names no function of this page, or holds no list `data`.")
        if schema := self.schemas.get(fn.api_name):
            if len(data) != 1:
                raise ValueError(f"{fn.api_name} takes one JSON object, as POST /api/v1/{fn.api_name} does.")
            schema.model_validate(data[0])
            return
        taken = fn.inputs if len(data) == len(fn.inputs) else [block for block in fn.inputs if not block.skip_api]
        if len(data) != len(taken):
            raise ValueError(f"The function takes {len(taken)} values, and got {len(data)}.")
        for block, value in zip(taken, data, strict=True):
            if isinstance(block, gr.Slider) and not _lies_in(value, block.minimum, block.maximum):
                raise ValueError(
                    f"β is no number from {block.minimum} (report alone) to {block.maximum} (image alone)."
                )

    def _function(self, called: str, sent: Any):
        """As Gradio finds it: by its number where that may be given and is, else by the name in the path."""
        index = sent.get("fn_index") if isinstance(sent, dict) else None
        if index is not None and not called.startswith("call/"):
            return self.page.fns.get(index) if type(index) is int else None
        name = called.partition("/")[2]
        return next((fn for fn in self.page.fns.values() if fn.api_name == name), None)


def _lies_in(value: Any, low: float, high: float) -> bool:
    return type(value) in (int, float) and math.isfinite(value) and low <= value <= high


def _again(body: bytes, receive: Receive) -> Receive:
    """The body that was read, to be read once more."""
    first = True

    async def replay() -> Message:
        nonlocal first
        if first:
            first = False
            return {"type": "http.request", "body": body, "more_body": False}
        return await receive()

    return replay
