"""This side of the processes in which films are decoded: hands one the bytes, takes the pixels or the refusal.

One server process (`model.inputs.worker`) starts with the first film and ends with this process. It forks one for each
film, so threads, and processes forked from this one, may ask at once. Forking takes longer than decoding a small film;
so the films of a table, which come by the thousand from one hand, share a process for some time, one a thread.
"""

import contextlib
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path
from typing import NamedTuple

import numpy as np

from model.errors import BetaLensError, BusyError, ImageError
from model.inputs.header import Contradiction
from model.inputs.limits import MAX_PIXELS
from model.inputs.tones import Pixels

ROOT = Path(__file__).parents[2]
KEPT_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "OPENBLAS_CORETYPE")  # of the environment, which holds secrets
PATIENCE = 60  # seconds in which an answer must start: far more than a process may work, on a machine that is busy
FORKED = 20  # seconds in which a process must have been forked
ASK, HERE, REQUEST, ANSWER = b"?", struct.Struct(">I"), struct.Struct(">8sQ"), struct.Struct(">?IIBI")


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
                env={name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
                | {"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"},
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for this process, which may still have films to read
            )
        self.control.settimeout(PATIENCE)
        try:
            started = self.control.recv(1)
        except TimeoutError:
            started = b""
        if not started:
            self.end()
            raise BetaLensError("The process that decodes films does not start: install BetaLens again.")

    def connect(self) -> "Process":
        """A connection to a new process. OSError: the server is gone, or hangs."""
        ours, theirs = socket.socketpair()
        process = Process(fileno=ours.detach())
        try:
            with theirs:
                self.control.settimeout(FORKED)
                socket.send_fds(self.control, [ASK], [theirs.fileno()])
            process.settimeout(FORKED)
            said = process.recv(HERE.size, socket.MSG_WAITALL)
            if len(said) < HERE.size:
                raise ConnectionError
        except OSError:
            process.close()
            raise
        process.settimeout(PATIENCE)
        (process.pid,), process.owner = HERE.unpack(said), os.getpid()
        return process

    def end(self) -> None:
        """End it, whatever it is at."""
        self.process.kill()
        self.process.wait()
        self.control.close()


class Process(socket.socket):
    """A connection to a process, which may go on to the next film of a table.

    Attributes:
        pid: of the process.
        owner: the process on this side.
    """

    pid: int
    owner: int

    def __del__(self):
        self.close()

    def kill(self) -> None:
        """End a process that hangs: it would not notice that nobody waits for it."""
        with contextlib.suppress(OSError):  # it has ended meanwhile
            os.kill(self.pid, signal.SIGKILL)


_lock = threading.Lock()
_server: Server | None = None
_thread = threading.local()


class Decoded(NamedTuple):
    """What a film shows, and what its header says against its being a frontal film of a chest.

    Attributes:
        header: how many bytes of a DICOM file come before its pixels; 0 of another.
    """

    pixels: Pixels
    contradiction: Contradiction | None
    header: int


def decode(data: bytes, kind: str, name: str, alone: bool) -> Decoded:
    """The pixels of a film, float32 in [0, 1], and what its header says.

    Args:
        name: of the format, for a reader.
        alone: in a process that decodes no other film.

    Raises:
        ImageError: it is refused, damaged, or costs more than the limits.
        BusyError: no process for it answers.
    """
    limits, answer = LIMITS, None
    kept: Process | None = None if alone else _thread.__dict__.pop("kept", None)
    try:
        if kept and kept.owner == os.getpid():
            answer = _ask(kept, data, kind)  # None where it has ended meanwhile
        if answer is None:
            kept = _connect(limits)
            answer = _ask(kept, data, kind)
    except TimeoutError:
        assert kept
        kept.kill()
        raise BusyError(f"The film was not decoded within {PATIENCE} s, as a process hangs: send it again.") from None
    assert kept
    if not alone and isinstance(answer, Decoded):
        _thread.kept = kept
    else:
        kept.close()
    if answer is None:
        raise ImageError(
            f"The {name} file cannot be decoded within {limits.memory >> 20} MB and {limits.seconds:g} s of "
            f"processor time ({limits.seconds_per_mebibyte:g} s more for each MB): export it again, uncompressed."
        )
    if isinstance(answer, str):
        raise ImageError(answer or f"The {name} file is damaged or cut off: export it again.")
    return answer


def _connect(limits: Limits) -> Process:
    global _server
    with _lock:
        for _ in range(2):
            if _server is None or _server.limits != limits:
                _server = Server(limits)
            try:
                return _server.connect()
            except OSError:  # someone ended it, or it hangs
                _server.end()
                _server = None
    raise BusyError("The process that decodes films ends or hangs again and again: see whether memory is short.")


def _ask(process: socket.socket, data: bytes, kind: str) -> Decoded | str | None:
    """What was decoded, a sentence ("" for a damaged file), or None where the process ended without a word.
    TimeoutError: it hangs."""
    try:
        process.sendall(REQUEST.pack(kind.encode(), len(data)))
        process.sendall(data)
        head = bytearray(ANSWER.size)
        if not _fill(process, memoryview(head)):
            return None
        refused, height, width, letters, header = ANSWER.unpack(head)
        if max(height, 1) * width > MAX_PIXELS:  # a sentence has no height
            return None
        if refused:
            sentence = bytearray(width)
            return sentence.decode("utf-8", "replace") if _fill(process, memoryview(sentence)) else None
        word, pixels = bytearray(letters), np.empty((height, width), np.float32)
        if not (_fill(process, memoryview(word)) and _fill(process, pixels.data.cast("B"))):
            return None
        return Decoded(pixels, Contradiction.from_word(word.decode("ascii", "replace")), header)
    except TimeoutError:
        raise
    except OSError:  # it was ended in the middle
        return None


def _fill(process: socket.socket, buffer: memoryview) -> bool:
    while buffer:
        if not (got := process.recv_into(buffer)):
            return False
        buffer = buffer[got:]
    return True
