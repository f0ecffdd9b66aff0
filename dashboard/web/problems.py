"""Errors as problem details (RFC 9457): what was got, what was expected, what to do; nothing of what was sent."""

import errno
import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from model.errors import AccessError, BetaLensError, BusyError, FeedbackError, InputError, StoreError, TakenError

# The first that fits; any other error of ours is the server's own.
STATUS = {InputError: 422, StoreError: 503, TakenError: 409, FeedbackError: 422, AccessError: 403, BusyError: 503}
FULL, SCARCE = (errno.ENOSPC, errno.EDQUOT), (errno.EMFILE, errno.ENFILE)
RETRY = {"Retry-After": "10"}  # seconds after which what there was no room for may be tried again


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None, **more: object) -> JSONResponse:
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
    return problem(status, str(error), RETRY if status == HTTPStatus.SERVICE_UNAVAILABLE else None)


def of_system(error: OSError) -> JSONResponse:
    """An error of the system, where it is a matter of room; any other is raised again."""
    if error.errno in FULL:
        return problem(507, "The server has no room on its disk for what was sent: tell whoever runs it.")
    if error.errno in SCARCE:
        return problem(503, "The server has too many files open: try again in some seconds.", RETRY)
    raise error


def of_http(error: HTTPException) -> JSONResponse:
    """An error of Starlette's kind, with its headers."""
    return problem(error.status_code, str(error.detail), error.headers)


def invalid(error: RequestValidationError | ValidationError) -> JSONResponse:
    """Values that a schema does not take; where they stand, and never what they are."""
    faults = [{"at": ".".join(map(str, e["loc"])), "said": e["msg"]} for e in error.errors()]
    first = faults[0]
    return problem(422, f"The request cannot be used: {first['at']}: {first['said']}.", errors=faults)


def unforeseen(error: Exception) -> JSONResponse:
    """Any other error."""
    return problem(500, "The server failed; its log says why.")


# The answer to each kind of error.
ANSWERS: dict[type[Exception], Callable[[Any], JSONResponse]] = {
    BetaLensError: of_error,
    OSError: of_system,
    RequestValidationError: invalid,
    HTTPException: of_http,
    Exception: unforeseen,
}


def register(app: FastAPI) -> None:
    """Every error of an app becomes a problem."""
    for kind, answer in ANSWERS.items():
        app.add_exception_handler(kind, lambda _, error, answer=answer: answer(error))
