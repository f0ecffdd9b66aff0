"""The processes in which films are decoded: `python -m model.inputs.worker FD SECONDS SECONDS_PER_MEBIBYTE BYTES`.

The first one loads the decoders and then waits on the socket FD for connections. For each it forks a process that reads
a film, answers, and ends when the other side does: after the one film, or after some of a table. Such a process has an
environment without secrets, and may neither open nor write a file, nor open a connection, nor work longer at a film or
take more memory than the limits: a decoder that is led astray by a hostile file takes nothing with it but, at the most,
the films of its table that follow. It is no jail: it runs as the same user.
"""

import gc
import os
import resource
import signal
import socket
import sys
from io import BytesIO

import imagecodecs
import numpy as np
import numpy.ma

from model.errors import ImageError
from model.inputs.decoding import ANSWER, ASK, HERE, PATIENCE, REQUEST, Limits
from model.inputs.dicom import read_dicom
from model.inputs.elements import parse
from model.inputs.header import HEADER_TAGS, contradiction, header_of
from model.inputs.pictures import read_picture
from model.inputs.tones import refuse_blank

# imagecodecs loads each at its first use, and tifffile asks for some by name.
CODECS = (
    "png", "jpeg8", "webp", "bmp", "jpeg2k", "jpegls", "dicomrle", "lzw", "packbits", "packints", "zlib", "deflate",
    "delta", "floatpred", "bitorder", "ccittrle", "ccittfax3", "ccittfax4", "lzma", "zstd",
)  # fmt: skip

MOST = 64  # films for one process: what a decoder leaks ends with it
IDLE = 10  # seconds that it waits for the next


def main(fd: int, allowed: Limits) -> None:
    """Serve until the other side is gone."""
    control = socket.socket(fileno=fd)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a server that drains still reads films; its end ends this one
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    for name in CODECS:
        getattr(imagecodecs, f"{name}_decode")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    gc.freeze()  # what is loaded stays shared with those that are forked
    control.send(ASK)
    while True:
        message, fds, *_ = socket.recv_fds(control, 1, 1)
        if not message:
            return
        with socket.socket(fileno=fds[0]) as film:
            try:
                forked = os.fork()
            except OSError:  # no memory: the other side is told by the end of the connection
                continue
            if forked == 0:
                try:
                    control.close()
                    film.sendall(HERE.pack(os.getpid()))
                    os.dup2(nowhere, 2)  # what a decoder has to say may quote the file
                    _serve(film, allowed)
                finally:
                    os._exit(0)


def _serve(films: socket.socket, allowed: Limits) -> None:
    """Answer until one film is no film, or the other side has had enough. The timers kill."""
    _confine(allowed)
    for _ in range(MOST):
        signal.setitimer(signal.ITIMER_REAL, IDLE)
        request = films.recv(REQUEST.size, socket.MSG_WAITALL)
        if len(request) < REQUEST.size:
            return
        kind, length = REQUEST.unpack(request)
        signal.setitimer(signal.ITIMER_REAL, PATIENCE)
        signal.setitimer(signal.ITIMER_PROF, allowed.seconds + allowed.seconds_per_mebibyte * length / 2**20)
        if not _answer(films, films.recv(length, socket.MSG_WAITALL), kind.rstrip(b"\0").decode()):
            return


def _answer(films: socket.socket, data: bytes, kind: str) -> bool:
    """Send the pixels, a sentence, or the empty one of a damaged file; return whether it was the pixels."""
    try:
        pixels = read_dicom(data) if kind == "dicom" else read_picture(data, kind)
        refuse_blank(pixels)
        pixels = np.ascontiguousarray(pixels, np.float32)
        word, header = _header(data) if kind == "dicom" else (b"", 0)
    except ImageError as error:
        sentence = str(error).encode()
        films.sendall(ANSWER.pack(True, 0, len(sentence), 0, 0) + sentence)
    except MemoryError:
        return False
    except Exception:  # parsers raise anything on hostile bytes, and their messages may quote the header
        films.sendall(ANSWER.pack(True, 0, 0, 0, 0))
    else:
        films.sendall(ANSWER.pack(False, *pixels.shape, len(word), header) + word)
        films.sendall(pixels.data)
        return True
    return False


def _header(data: bytes) -> tuple[bytes, int]:
    """What the header says against a frontal film of a chest, in a word, and how many bytes it has."""
    elements, _ = parse(file := BytesIO(data), HEADER_TAGS, pixels=False)
    found = contradiction(header_of(elements))
    return found.to_word().encode() if found else b"", file.tell()


def _confine(allowed: Limits) -> None:
    """Memory beyond the limit is refused, at which Python and decoders give up; files and connections too."""
    with open("/proc/self/statm") as file:
        taken = int(file.read().split()[0]) * resource.getpagesize()
    for what, most in (
        (resource.RLIMIT_AS, taken + allowed.memory),
        (resource.RLIMIT_NOFILE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


if __name__ == "__main__":
    main(int(sys.argv[1]), Limits(float(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])))
