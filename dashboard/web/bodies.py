"""Bodies of requests: how much of one is read, and what JSON is taken from it."""

import json
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope

from dashboard.web.request_limits import MAX_BODY, TooLarge

# Python reads JSON at some 10 million commas and brackets a second, and does nothing else meanwhile. The largest that
# is ever sent, a film in base64, has a dozen.
MOST_PARTS = 100_000
SMALL = 65_536  # bytes that are parsed at once; more waits for a thread
LARGEST = 2**63  # numbers beyond it fit no array, and Python cannot make floats of the largest
# What makes an object a file in Gradio's eyes: it would be read, fetched or deleted.
FILE = frozenset({"_type", "path", "url", "is_stream"})


class NotTakenError(ValueError):
    """A body that is not taken, in a sentence that holds nothing of it."""


def limited(scope: Scope, receive: Receive, most: int) -> Receive:
    """A `receive` that stops after so many bytes.

    Raises:
        TooLarge: more are announced; later, more have come.
    """
    declared = Headers(scope=scope).get("content-length", "0")
    if not declared.isdecimal() or int(declared) > most:
        raise TooLarge(most)
    came = 0

    async def receive_some() -> Message:
        nonlocal came
        message = await receive()
        came += len(message.get("body", b""))
        if came > most:
            raise TooLarge(most)
        return message

    return receive_some


async def read_body(scope: Scope, receive: Receive) -> bytes | None:
    """The whole body; None where the client left before it had sent it.

    Raises:
        TooLarge: it is larger than that.
    """
    receive, parts = limited(scope, receive, MAX_BODY), []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


async def read_json(body: bytes) -> Any:
    """What a body says, in a thread where that may take a while.

    Raises:
        NotTakenError: it is no JSON that this server takes.
    """
    return _parsed(body) if len(body) <= SMALL else await run_in_threadpool(_parsed, body)


def check_parts(body: bytes) -> None:
    """
    Raises:
        NotTakenError: the JSON has too many parts to be read beside other requests.
    """
    if sum(body.count(part) for part in (b",", b"[", b"{")) > MOST_PARTS:
        raise NotTakenError(f"The JSON has too many parts: at most {MOST_PARTS:,} are read.")


def check_values(value: Any) -> None:
    """
    Raises:
        NotTakenError: somewhere in it is a file, a number that is none or too large, or text that is not Unicode.
    """
    todo = [value]
    while todo:
        value = todo.pop()
        if isinstance(value, dict):
            if FILE & value.keys():
                raise NotTakenError("The request holds a file where none is taken: send films by the upload alone.")
            todo += [*value.keys(), *value.values()]
        elif isinstance(value, list):
            todo += value
        elif isinstance(value, str):
            if not value.isascii() and any("\ud800" <= c <= "\udfff" for c in value):
                raise NotTakenError("The request holds text that is not Unicode.")
        elif isinstance(value, (int, float)) and not abs(value) < LARGEST:  # nor is NaN
            raise NotTakenError("The request holds a number that is none, or is too large.")


def again(body: bytes, receive: Receive) -> Receive:
    """A body that was read, to be read once more."""
    first = True

    async def replay() -> Message:
        nonlocal first
        if first:
            first = False
            return {"type": "http.request", "body": body, "more_body": False}
        return await receive()

    return replay


def replace_body(scope: Scope, body: bytes) -> None:
    """Says in the headers of a request how long another body is, which will be read in the place of its own."""
    others = [
        (name, value) for name, value in scope["headers"] if name not in (b"content-length", b"transfer-encoding")
    ]
    scope["headers"] = [*others, (b"content-length", str(len(body)).encode())]


def _parsed(body: bytes) -> Any:
    check_parts(body)
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise NotTakenError("The request is not JSON, or too deep.") from None
