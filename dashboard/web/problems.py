"""Errors as problem details (RFC 9457), and on the page: what was got, what was expected, what to do; nothing of what
was sent."""

import contextlib
import errno
import json
from collections.abc import Iterator
from http import HTTPStatus

import gradio as gr
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from model.errors import AccessError, BetaLensError, BusyError, FeedbackError, InputError, StoreError, TakenError

# The first that fits; any other error of ours is the server's own.
STATUS = {InputError: 422, StoreError: 503, TakenError: 409, FeedbackError: 422, AccessError: 403, BusyError: 503}
FULL, SCARCE = (errno.ENOSPC, errno.EDQUOT), (errno.EMFILE, errno.ENFILE)
AGAIN = 10  # seconds after which what there was no room for may be tried again


def problem(status: int, detail: str, headers: dict[str, str] | None = None, **more: object) -> JSONResponse:
    """An answer of type application/problem+json.

    Args:
        detail: a sentence for the person who sent the request.
        headers: of the answer.
        more: further members, such as `errors`.
    """
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **more}
    return JSONResponse(body, status, headers, media_type="application/problem+json")


def as_gradio_reads(answer: JSONResponse) -> JSONResponse:
    """A problem for Gradio's own clients, which expect in `detail` a list, as FastAPI's, of what is wrong where."""
    body = json.loads(bytes(answer.body))
    at = body.get("errors", [{"at": "request"}])[0]["at"]
    body["detail"] = [{"__type__": "validate", "is_valid": False, "parameter_name": at, "message": body["detail"]}]
    return JSONResponse(body, answer.status_code, media_type=answer.media_type)


def of_error(error: BetaLensError) -> JSONResponse:
    """An error of ours."""
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 500)
    answer = problem(status, str(error))
    return _again(answer) if status == HTTPStatus.SERVICE_UNAVAILABLE else answer


@contextlib.contextmanager
def as_gradio_error() -> Iterator[None]:
    """An error of ours becomes one of Gradio's, whose sentence the page and gradio_client show."""
    try:
        yield
    except BetaLensError as error:
        raise gr.Error(str(error), print_exception=False) from None


def _again(answer: JSONResponse) -> JSONResponse:
    answer.headers["Retry-After"] = str(AGAIN)
    return answer


def of_system(error: OSError) -> JSONResponse:
    """An error of the system, where it is a matter of room; any other is raised again."""
    if error.errno in FULL:
        return problem(507, "The server has no room on its disk for what was sent: tell whoever runs it.")
    if error.errno in SCARCE:
        return _again(problem(503, "The server has too many files open: try again in some seconds."))
    raise error


def invalid(error: RequestValidationError | ValidationError) -> JSONResponse:
    """Values that a schema does not take; where they stand, and never what they are."""
    faults = [{"at": ".".join(map(str, e["loc"])), "said": e["msg"]} for e in error.errors()]
    first = faults[0]
    return problem(422, f"The request cannot be used: {first['at']}: {first['said']}.", errors=faults)


def register(app: FastAPI) -> None:
    """Every error of an app becomes a problem."""

    @app.exception_handler(BetaLensError)
    def ours(request: Request, error: BetaLensError) -> JSONResponse:
        return of_error(error)

    @app.exception_handler(OSError)
    def system(request: Request, error: OSError) -> JSONResponse:
        return of_system(error)

    @app.exception_handler(RequestValidationError)
    def not_valid(request: Request, error: RequestValidationError) -> JSONResponse:
        return invalid(error)

    @app.exception_handler(HTTPException)
    def http(request: Request, error: HTTPException) -> JSONResponse:
        answer = problem(error.status_code, str(error.detail))
        answer.headers.update(error.headers or {})
        return answer

    @app.exception_handler(Exception)
    def unforeseen(request: Request, error: Exception) -> JSONResponse:
        return problem(500, "The server failed; its log says why.")
