"""What saving a flag costs, and what is lost: the page under many users, and the store against gradio.CSVLogger.

    python benchmarks/feedback_store.py [--users 50] [--flags 20] [--rounds 20]

`page`: `betalens serve` over the embedded demo; each user opens a study in a session of their own and saves flags one
after the other, all users at once, over HTTP as a browser does. `rows` of users × flags must be in the file.
`ours` and `csv_logger`: three processes of four threads begin to write to an empty folder at the same moment, five rows
each of 200 B to 200 KB, alternately in one run; `lost` counts rows that were acknowledged and are not there, or torn.
Times are milliseconds until a flag is acknowledged. The last line is one JSON object.
"""

import argparse
import csv
import json
import multiprocessing
import os
import random
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
from page_reader import PageReader
from served import served
from tqdm import tqdm

from model.feedback import FeedbackStore, Flag
from model.studies.opening import open_studies

PROCESSES, THREADS, RACE_FLAGS = 3, 4, 5


def judge(url: str, users: int, flags: int) -> list[float]:
    """Let every user open a study and save flags, all at once.

    Returns:
        Seconds that each flag took.
    """
    study = open_studies(None).of_split("test")[0].study_id
    readers = [PageReader(url) for _ in range(users)]
    for reader in tqdm(readers, unit="case", desc="opening"):  # the first computes what the others are shown
        reader.send("bl-cases", "select", {"index": 0, "value": study})

    def work(user: int) -> list[float]:
        seconds = []
        for number in range(flags):
            form = {"verdict": "agree", "wrong_evidence": "neither", "reviewer": f"user {user}", "comment": f"{number}"}
            start = time.perf_counter()
            readers[user].send("bl-flag", "submit", form)
            seconds.append(time.perf_counter() - start)
        readers[user].close()
        return seconds

    with ThreadPoolExecutor(users) as pool:
        return [s for each in pool.map(work, range(users)) for s in each]


def the_page(users: int, flags: int) -> dict:
    with tempfile.TemporaryDirectory() as folder, served("--feedback", folder) as (url, _):
        while httpx.get(f"{url}/readyz", timeout=60, trust_env=False).status_code != httpx.codes.OK:
            time.sleep(0.1)
        seconds = judge(url, users, flags)
        rows = Counter((flag.reviewer, flag.comment) for flag in FeedbackStore(folder).rows())
    assert set(rows.values()) == {1}, "a flag was saved twice"
    return {"rows": len(rows), **_times(seconds)}


def report_of(flag_id: str) -> str:
    """200 B to 200 KB of text that follows from the id."""
    piece = f'{flag_id} "quoted", β\n'
    length = int(200 * 1000 ** random.Random(flag_id).random())
    return (piece * (length // len(piece) + 1))[:length]


def write(kind: str, folder: str, begin, results) -> None:
    """One process: save flags in THREADS threads, and hand back their ids and seconds."""
    save = {"ours": _ours, "csv_logger": _csv_logger}[kind](folder)

    def work(_: int) -> list[tuple[str, float]]:
        done = []
        for _ in range(RACE_FLAGS):
            flag_id = uuid.uuid4().hex
            start = time.perf_counter()
            save(flag_id)
            done.append((flag_id, time.perf_counter() - start))
        return done

    begin.wait()
    with ThreadPoolExecutor(THREADS) as pool:
        results.put([one for each in pool.map(work, range(THREADS)) for one in each])


def _ours(folder: str) -> Callable[[str], None]:
    store = FeedbackStore(folder)

    def save(flag_id: str) -> None:
        store.append(Flag.new(flag_id=flag_id, reviewer="r", report=report_of(flag_id), beta=0.5, verdict="agree"))

    return save


def _csv_logger(folder: str) -> Callable[[str], None]:
    import gradio as gr

    logger = gr.CSVLogger(verbose=False)
    logger.setup([gr.Textbox(label="flag_id"), gr.Textbox(label="report")], folder)
    return lambda flag_id: logger.flag([flag_id, report_of(flag_id)], "agree", "r")


def kept(kind: str, folder: Path) -> set[str]:
    """The ids of the rows that are whole."""
    if kind == "ours":
        return {flag.flag_id for flag in FeedbackStore(folder).rows() if flag.report == report_of(flag.flag_id)}
    found = set()
    for path in folder.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            found |= {r["flag_id"] for r in rows if r.get("flag_id") and r.get("report") == report_of(r["flag_id"])}
    return found


def race(kind: str) -> tuple[int, int, list[float]]:
    """Let all processes write; return how many rows were acknowledged, how many of these lost, and what each took."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["gradio", "model.feedback"])
    begin, results = context.Barrier(PROCESSES), context.Queue()
    with tempfile.TemporaryDirectory() as folder:
        arguments = (kind, folder, begin, results)
        workers = [context.Process(target=write, args=arguments) for _ in range(PROCESSES)]
        for worker in workers:
            worker.start()
        done = [one for _ in workers for one in results.get()]
        for worker in workers:
            worker.join()
        lost = {flag_id for flag_id, _ in done} - kept(kind, Path(folder))
    return len(done), len(lost), [seconds for _, seconds in done]


def _times(seconds: list[float]) -> dict:
    return {f"p{q}_ms": round(float(np.percentile(seconds, q)) * 1e3, 1) for q in (50, 95)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--flags", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    result = {"page": the_page(options.users, options.flags)} if options.users else {}
    rounds: dict[str, list] = {"ours": [], "csv_logger": []}
    for _ in tqdm(range(options.rounds), unit="round"):
        for kind, done in rounds.items():
            done.append(race(kind))
    for kind, done in rounds.items() if options.rounds else ():
        acknowledged, lost = (sum(each[n] for each in done) for n in (0, 1))
        result[kind] = {"acknowledged": acknowledged, "lost": lost, **_times([s for each in done for s in each[2]])}
    print(json.dumps(result | {"cores": os.cpu_count()}))


if __name__ == "__main__":
    csv.field_size_limit(2**31 - 1)
    main()
