"""Flags for tests, and processes that write them."""

import os
import random
import threading
from pathlib import Path

from model.errors import TakenError
from model.feedback import Flag, new_flag_id, open_store

FLAG = Flag(
    flag_id="f0",
    time_utc="2026-01-31T12:00:00Z",
    reviewer="reader 1",
    study_id="s1",
    image_sha256="ab" * 32,
    image_name="film.png",
    report="FINDINGS:\nNo effusion, \"clear\" lungs; β — 肺.",
    model_digest="cd" * 32,
    beta=0.35,
    probabilities={"Effusion": 0.1234567, "Nodule": 1e-9, "Cardiomegaly": 1.0},
    verdict="disagree",
    corrected_labels=("Effusion", "Nodule; calcified"),
    wrong_evidence="image",
    comment="=1+1",
    app_version="0.1.0",
    blind=True,
    wrong_regions=((0.25, 0.5, 0.125, 0.0625),),
    wrong_words=((0, 8), (12, 20)),
    finding_boxes=(("Effusion", 0.5, 0.25, 0.375, 0.125),),
    in_distribution={"image": 0.0012195, "report": 0.5},
)  # fmt: skip


def a_flag(**changes) -> Flag:
    """FLAG with another id."""
    return FLAG.changed(flag_id=new_flag_id(), **changes)


def flag_of_id(flag_id: str) -> Flag:
    """A flag whose content follows from its id; its report has 200 bytes to 200 KB, as many small ones as large."""
    rng = random.Random(flag_id)
    piece = f'{flag_id}, "quoted"\r\nβ 肺 \\ =1+1\n'
    length = int(200 * 1000 ** rng.random() / len(piece.encode()) * len(piece))
    return FLAG.changed(flag_id=flag_id, report=(piece * (length // len(piece) + 1))[:length])


def write_many(address: str, name: str, threads: int, count: int) -> None:
    """Append `count` flags in each of some threads; the ids are NAME-THREAD-NUMBER."""
    store = open_store(address)

    def write(thread: int) -> None:
        for number in range(count):
            store.append(FLAG.changed(flag_id=f"{name}-{thread}-{number}", comment="line\n" * (number % 50)))

    _in_threads(write, threads)


def race(address: str, name: str, count: int, saved) -> None:
    """Append flags of the ids 0, 1, 2, … with one's own name; put that, and the ids that were acknowledged, in a
    queue."""
    store, ids = open_store(address, "" if "://" in address else name), []
    for number in range(count):
        try:
            ids.append(store.append(FLAG.changed(flag_id=str(number), reviewer=name)))
        except TakenError:
            continue
    saved.put((name, ids))


def write_until_killed(address: str, acknowledged: Path, threads: int) -> None:
    """Append the flags of fresh ids in some threads, and add the id of each to a file once it is safe."""
    store, log = open_store(address), os.open(acknowledged, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def write(_: int) -> None:
        while True:
            os.write(log, f"{store.append(flag_of_id(new_flag_id()))}\n".encode())

    _in_threads(write, threads)


def _in_threads(target, count: int) -> None:
    threads = [threading.Thread(target=target, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
