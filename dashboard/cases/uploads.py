"""Films that the page receives: for whoever sent them alone, read once, and never a file that somebody could name.

The page sends a film first and says what to do with it in a second request, by the name that the first was answered
with. Until then it waits as a file without a name (deleted while it is open), so nothing is left of it when the server
ends, however it does; and what the second request names is looked up here, never on the disk. The sender's own name for
it, which is often the patient's, is read by nobody.
"""

import asyncio
import os
import re
import secrets
import tempfile
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from fastapi import APIRouter, Request, Response
from starlette.datastructures import UploadFile
from starlette.responses import JSONResponse, StreamingResponse

from dashboard.access.identity import Identity, who
from dashboard.web.bodies import limited
from dashboard.web.problems import problem
from model.errors import BusyError, ImageError
from model.inputs import MAX_BYTES, Film, read_film

WAITS = 600  # seconds for the page to open a film that it sent; then it is gone
MOST = 128  # films of one login that wait, and
MOST_BYTES = 256 << 20  # in all; beyond either the login's oldest makes way
MOST_OF_ALL = 1 << 30  # bytes of all logins' films that wait; beyond it none is taken
AROUND = 16_384  # bytes of a request around its film: a boundary and some headers
ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
TRACKED = 3  # seconds for the film itself to begin to come, after who sends it has asked how far it is


class _Waiting(NamedTuple):
    by: str
    file: BinaryIO
    size: int


class Uploads:
    """Films that wait to be opened."""

    def __init__(self):
        self._waiting: dict[str, _Waiting] = {}
        self._lock = threading.Lock()

    def keep(self, file: BinaryIO, size: int, by: Identity) -> str:
        """The name that a film of so many bytes has from now on.

        Raises:
            BusyError: too much waits already.
        """
        name = f"film-{secrets.token_hex(16)}"
        with self._lock:
            theirs = [(key, film) for key, film in self._waiting.items() if film.by == by.id]
            while theirs and (len(theirs) >= MOST or sum(film.size for _, film in theirs) + size > MOST_BYTES):
                self._waiting.pop(theirs.pop(0)[0]).file.close()
            if sum(film.size for film in self._waiting.values()) + size > MOST_OF_ALL:
                raise BusyError("Too many films wait to be opened: send it again in a few minutes.")
            self._waiting[name] = _Waiting(by.id, file, size)
        return name

    def has(self, name: object, by: Identity) -> bool:
        """Whether a film of that name waits, and they sent it."""
        found = self._waiting.get(name) if isinstance(name, str) else None
        return found is not None and found.by == by.id

    def take(self, name: object, by: Identity) -> bytes:
        """The film, which does not wait any more.

        Raises:
            ImageError: there is none of that name, or somebody else sent it.
        """
        with self._lock:
            found = self._waiting.pop(name) if isinstance(name, str) and self.has(name, by) else None
        if found is None:
            raise ImageError("The film is not here any more, or was not sent from this page: send it again.")
        with found.file as file:
            return file.read()

    def drop(self, name: str) -> None:
        """Nobody opened it."""
        with self._lock:
            if found := self._waiting.pop(name, None):
                found.file.close()

    def __len__(self) -> int:
        return len(self._waiting)


waiting = Uploads()


def use_folder() -> None:
    """Let what this process keeps for a while, such as films that wait, lie where GRADIO_TEMP_DIR says, if it does."""
    if folder := os.environ.get("GRADIO_TEMP_DIR"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        tempfile.tempdir = folder


def take_film(name: object) -> Film:
    """The film of that name, if whoever asks has sent it, with its header, sealed, where it is DICOM. There is none of
    that name afterwards.

    Raises:
        ImageError: it is none that can be read, or they sent none of that name.
    """
    return read_film(waiting.take(name, who()), with_header=True)


def receiving() -> APIRouter:
    """The routes by which Gradio's page sends files, in the place of Gradio's own."""
    api = APIRouter(prefix="/gradio_api", include_in_schema=False)
    arriving: dict[tuple[str, str], asyncio.Event] = {}

    @api.post("/upload", response_model=None)
    async def upload(request: Request, upload_id: str = "") -> Response:
        """Takes one file as `files` of a multipart form; answers with a list of its name."""
        arrived = asyncio.Event()
        key = (request.state.identity.id, upload_id)
        if ID.fullmatch(upload_id):
            arriving[key] = arrived
        try:
            return await _received(Request(request.scope, limited(request.scope, request.receive, MAX_BYTES + AROUND)))
        finally:
            arrived.set()
            arriving.pop(key, None)

    @api.get("/upload_progress", response_model=None)
    async def progress(request: Request, upload_id: str = "") -> Response:
        """Says once that a file has come, as a stream of events."""

        async def events() -> AsyncIterator[str]:
            for _ in range(TRACKED * 10):
                if arrived := arriving.get((request.state.identity.id, upload_id)):
                    await arrived.wait()
                    break
                await asyncio.sleep(0.1)
            yield 'data: {"msg": "done"}\n\n'

        return StreamingResponse(events(), media_type="text/event-stream")

    return api


async def _received(request: Request) -> Response:
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return problem(415, "A film is sent as multipart/form-data.")
    form = await request.form(max_files=1, max_fields=0)
    sent = form.get("files")
    if not isinstance(sent, UploadFile):
        await form.close()
        return problem(422, "The request holds no file named `files`.")
    if (sent.size or 0) > MAX_BYTES:
        await form.close()
        return problem(413, f"The film is too large: at most {MAX_BYTES:,} bytes are read.")
    try:
        name = waiting.keep(sent.file, sent.size or 0, request.state.identity)
    except BusyError:
        await form.close()
        raise
    asyncio.get_running_loop().call_later(WAITS, waiting.drop, name)
    return JSONResponse([name])
