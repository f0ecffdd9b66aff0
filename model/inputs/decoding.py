"""This side of the processes in which films are decoded: hands one the bytes, takes the pixels or the refusal.

One server process (`model.inputs.worker`) starts with the first film and ends with this process. It forks one for each
film, so threads, and processes forked from this one, may ask at once.
"""

import os
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from model.errors import BetaLensError, ImageError
from model.inputs.limits import MAX_PIXELS

ROOT = Path(__file__).parents[2]
KEPT = ("PATH", "LD_LIBRARY_PATH", "OPENBLAS_CORETYPE")  # of the environment, which holds secrets
PATIENCE = 60  # seconds in which an answer must start: far more than a process may work, on a machine that is busy
ASK, REQUEST, ANSWER = b"?", struct.Struct(">8sQ"), struct.Struct(">?II")


class Limits(NamedTuple):
    """What one film may cost."""

    seconds: float = 2.0  #: of processor time
    seconds_per_mebibyte: float = 0.5  #: of the file, beside that; JPEG 2000 takes a third of it
    memory: int = 512 * 2**20  #: bytes, for everything: the file, what is decoded, the pixels


LIMITS = Limits()


class Server:
    """The process that forks one for each film.

    Raises:
        BetaLensError: it did not start.
    """

    def __init__(self, limits: Limits):
        self.limits = limits
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "model.inputs.worker", str(theirs.fileno()), *map(str, limits)],
                env={name: os.environ[name] for name in KEPT if name in os.environ}
                | {"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"},
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for this process, which may still have films to read
            )
        if not self.control.recv(1):
            raise BetaLensError("The process that decodes films does not start: install BetaLens again.")

    def connect(self) -> socket.socket:
        """A connection to a new process. OSError: the server is gone."""
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self.control, [ASK], [theirs.fileno()])
        ours.settimeout(PATIENCE)
        return ours


_lock = threading.Lock()
_server: Server | None = None


def decode(data: bytes, kind: str, name: str) -> Float[np.ndarray, "height width"]:
    """The pixels of a film, float32 in [0, 1].

    Args:
        name: of the format, for a reader.

    Raises:
        ImageError: it is refused, damaged, or costs more than the limits.
    """
    limits = LIMITS
    try:
        with _connect(limits) as process:
            process.sendall(REQUEST.pack(kind.encode(), len(data)))
            process.sendall(data)
            answer = _receive(process)
    except OSError:  # it was ended in the middle, or takes for ever
        answer = None
    if answer is None:
        raise ImageError(
            f"The {name} file cannot be decoded within {limits.memory >> 20} MB and {limits.seconds:g} s of "
            f"processor time ({limits.seconds_per_mebibyte:g} s more for each MB): export it again, uncompressed."
        )
    if isinstance(answer, str):
        raise ImageError(answer or f"The {name} file is damaged or cut off: export it again.")
    return answer


def _connect(limits: Limits) -> socket.socket:
    global _server
    with _lock:
        for _ in range(2):
            if _server is None or _server.limits != limits:
                _server = Server(limits)
            try:
                return _server.connect()
            except OSError:  # someone ended it
                _server = None
    raise BetaLensError("The process that decodes films is ended again and again: see whether memory is short.")


def _receive(process: socket.socket) -> Float[np.ndarray, "height width"] | str | None:
    """The pixels, a sentence ("" for a damaged file), or None where the process ended without a word."""
    head = bytearray(ANSWER.size)
    if not _fill(process, memoryview(head)):
        return None
    refused, height, width = ANSWER.unpack(head)
    if height * width > MAX_PIXELS:
        return None
    answer = bytearray(width) if refused else np.empty((height, width), np.float32)
    if not _fill(process, memoryview(answer).cast("B")):
        return None
    return answer.decode("utf-8", "replace") if refused else answer


def _fill(process: socket.socket, buffer: memoryview) -> bool:
    while buffer:
        if not (got := process.recv_into(buffer)):
            return False
        buffer = buffer[got:]
    return True
