"""Errors as problem details (RFC 9457): what was got, what was expected, what to do; nothing of what was sent."""

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from model.errors import AccessError, BetaLensError, FeedbackError, InputError, StoreError

# The first that fits; any other error of ours is the server's own.
STATUS = {InputError: 422, StoreError: 503, FeedbackError: 422, AccessError: 403}


def problem(status: int, detail: str, **more: object) -> JSONResponse:
    """An answer of type application/problem+json.

    Args:
        detail: a sentence for the person who sent the request.
        more: further members, such as `errors`.
    """
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **more}
    return JSONResponse(body, status, media_type="application/problem+json")


def of_error(error: BetaLensError) -> JSONResponse:
    """An error of ours."""
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 500)
    return problem(status, str(error))


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
