"""What Gradio's own routes are sent is looked at first: Gradio takes a file wherever a value is taken, answers a bad
value with a status of 500, and writes what it was sent into the log.

What passes is written anew: Gradio sees the values that were looked at, and nothing else of the request.
"""

import json
import re
import secrets
from typing import Annotated, Any

import gradio as gr
from pydantic import BaseModel, Field, ValidationError
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboard.access.identity import Identity
from dashboard.cases.uploads import Uploads
from dashboard.guard.owners import Owners
from dashboard.web.bodies import NotTakenError, again, check_parts, check_values, read_body, read_json, replace_body
from dashboard.web.gradio import as_file, page_of_event
from dashboard.web.paths import path_of
from dashboard.web.problems import as_gradio_reads, invalid, of_http, problem
from dashboard.web.request_limits import TooLarge

API = "/api/v1/"  # whose routes check all else themselves
JOIN, CANCEL = "/gradio_api/queue/join", "/gradio_api/cancel"
BY_NAME = re.compile(r"/gradio_api/(run|api|call)/([^/]+)")
# A verdict with its comment, or a report, which may be a whole book that was pasted: it is refused in a sentence of its
# own. Films come by the upload, or to the functions for programs.
MOST = 8_000_000  # bytes of a call of one of the page's own functions

Name = Annotated[str, Field(pattern="^[A-Za-z0-9_-]{1,64}$")]


class _Cancel(BaseModel):
    session_hash: Name
    event_id: Name
    fn_index: Annotated[int, Field(strict=True, ge=0, lt=10_000)]


class InvalidCallError(Exception):
    """It is somebody else's page, or film."""


class GradioCallValidator:
    """Middleware: refuses calls of the page's functions with other values than they take, before anything runs.

    Args:
        page: whose functions they are.
        schemas: what the functions for programs take, by the name of each.
        owners: whose page is whose.
        uploads: the films that may be named.
    """

    def __init__(
        self, app: ASGIApp, page: gr.Blocks, schemas: dict[str, type[BaseModel]], owners: Owners, uploads: Uploads
    ):
        self.app = app
        self.page = page
        self.schemas = schemas
        self.owners = owners
        self.uploads = uploads
        self._fns = {number: fn for number, fn in page.fns.items() if fn.fn}  # the others run in the browser
        self._events = {target for fn in page.fns.values() for target, _ in fn.targets}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = path_of(scope) if scope["type"] == "http" and scope["method"] == "POST" else ""
        ours = path.startswith(API)
        if path not in (JOIN, CANCEL) and not BY_NAME.fullmatch(path) and not ours:
            await self.app(scope, receive, send)
            return
        try:
            if ours:
                body = await read_body(scope, receive)
                if body is not None:
                    check_parts(body)
                    await self.app(scope, again(body, receive), send)
                return
            if Headers(scope=scope).get("content-type", "").partition(";")[0].strip().lower() != "application/json":
                raise NotTakenError("The request is sent as application/json.")
            body = await read_body(scope, receive)
            if body is None:
                return
            passed = self._passed(path, await read_json(body), scope["state"]["identity"], len(body))
        except ValidationError as error:
            answer = as_gradio_reads(invalid(error))
        except NotTakenError as error:
            answer = problem(422, str(error))
            answer = answer if ours else as_gradio_reads(answer)
        except InvalidCallError as error:
            answer = problem(403, str(error))
        except TooLarge as error:
            answer = of_http(error)
        else:
            body = json.dumps(passed).encode()
            replace_body(scope, body)
            await self.app(scope, again(body, receive), send)
            return
        await answer(scope, receive, send)

    def _passed(self, path: str, sent: Any, by: Identity, size: int) -> dict[str, Any]:
        """What Gradio is sent in the place of what came.

        Raises:
            NotTakenError: a value that the function does not take.
            ValidationError: likewise, of a function for programs.
            InvalidCallError: it is by somebody else's page.
            TooLarge: it is larger than the function takes.
        """
        if not isinstance(sent, dict):
            raise NotTakenError("The request is no JSON object.")
        if path == CANCEL:
            cancel = _Cancel.model_validate(sent)
            self._claim(cancel.session_hash, by)
            asking = page_of_event(self.page, cancel.event_id)
            if asking is not None:
                self._claim(asking, by)
            return cancel.model_dump()
        number, fn = self._function(path, sent)
        if size > MOST and fn.api_name not in self.schemas:
            raise TooLarge(MOST)
        page = sent.get("session_hash")
        if page is None and not path.startswith("/gradio_api/call/"):
            if path == JOIN:
                raise NotTakenError("The request names no page: it holds no `session_hash`.")
        else:
            page = secrets.token_hex(16) if page is None else page
            self._claim(page, by)
        trigger = sent.get("trigger_id")
        if trigger is not None and (type(trigger) is not int or trigger not in self._events):
            raise NotTakenError("`trigger_id` names nothing on this page.")
        films = any(isinstance(block, gr.File) for block in fn.inputs)
        return {
            "fn_index": number,
            "data": self._values(fn, sent.get("data"), by),
            "event_data": None if films else _event(fn, sent.get("event_data")),
            "trigger_id": trigger,
            "session_hash": page,
        }

    def _claim(self, page: Any, by: Identity) -> None:
        if not self.owners.claim(page, by):
            raise InvalidCallError("That page is another login's: reload yours.")

    def _values(self, fn: Any, data: Any, by: Identity) -> list[Any]:
        """All that the function takes."""
        if not isinstance(data, list):
            raise NotTakenError("The request holds no list `data`.")
        if schema := self.schemas.get(fn.api_name):
            if len(data) != 1:
                raise NotTakenError(f"{fn.api_name} takes one JSON object, as POST /api/v1/{fn.api_name} does.")
            check_values(data)
            schema.model_validate(data[0])
            return data
        if len(data) != len(fn.inputs):
            shown = [block for block in fn.inputs if not block.skip_api]
            if len(data) != len(shown):
                raise NotTakenError(f"The function takes {len(shown)} values, and got {len(data)}.")
            given = iter(data)
            data = [None if block.skip_api else next(given) for block in fn.inputs]
        return [self._value(block, value, by) for block, value in zip(fn.inputs, data, strict=True)]

    def _value(self, block: Any, value: Any, by: Identity) -> Any:
        if isinstance(block, gr.File):
            return self._film(value, by)
        check_values(value)
        if isinstance(block, gr.State):
            taken, said = True, ""
            value = None  # it is kept here
        elif isinstance(block, gr.Slider):
            taken = type(value) in (int, float) and block.minimum <= value <= block.maximum
            said = f"β is no number from {block.minimum} (report alone) to {block.maximum} (image alone)."
        elif isinstance(block, gr.Textbox):
            taken, said = value is None or isinstance(value, str), "The report is no text."
        else:
            taken, said = False, "The function takes a value of this server's own."
        if not taken:
            raise NotTakenError(said)
        return value

    def _film(self, value: Any, by: Identity) -> dict[str, Any] | None:
        """A film that was sent before, by the same login; of all that is said of it, its name is read."""
        if value is None:
            return None
        name = value.get("path") if isinstance(value, dict) else None
        if not isinstance(name, str) or not self.uploads.has(name, by):
            raise NotTakenError("The film is not here any more, or was not sent from this page: send it again.")
        return as_file(name)

    def _function(self, path: str, sent: dict[str, Any]) -> tuple[int, Any]:
        """As Gradio finds it: by its number where that may be given and is, else by the name in the path."""
        index, found = sent.get("fn_index"), BY_NAME.fullmatch(path)
        if index is not None and not (found and found[1] == "call"):
            if type(index) is int and index in self._fns:
                return index, self._fns[index]
        elif found:
            for number, fn in self._fns.items():
                if fn.api_name == found[2]:
                    return number, fn
        raise NotTakenError("The request names no function of this page.")


def _event(fn: Any, event: Any) -> dict[str, Any] | None:
    """What happened on the page, for the function that answers it."""
    if not (event is None or isinstance(event, dict)):
        raise NotTakenError("`event_data` is no JSON object.")
    if gr.SelectData in fn.fn.__annotations__.values() and not {"index", "value"} <= (event or {}).keys():
        raise NotTakenError("`event_data` does not say what was selected: it needs `index` and `value`.")
    check_values(event)
    return event
