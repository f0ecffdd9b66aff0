"""What reviewers wait for when there are many: on loopback, with the demo's checkpoint.

    python benchmarks/load.py [--reviewers 50] [--seconds 300]

Each reviewer opens a study drawn at random, looks at it for some 15 seconds, drags β meanwhile (the server's exact
numbers behind it; the page itself repaints without asking), agrees, and goes on to the next. Like a reader who does not
wait, they leave before their exact explanation comes where the line is long. `beta_alone` are the moves of as many
reviewers while nothing is explained, for comparison, before the others. `errors` and `rows_lost` must be 0. Prints one
JSON object.
"""

import argparse
import json
import os
import random
import tempfile
import threading
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from feedback_store import served
from page_reader import PageReader
from tqdm import tqdm

from model.feedback import FeedbackStore
from model.studies.opening import open_studies

MOVES = 10  # of β, for each study
BETWEEN = (0.5, 2.0)  # seconds between two moves
START = 0.2  # seconds between the first studies of two reviewers


class Tally:
    """Times by action, in seconds, and what went wrong."""

    def __init__(self):
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.errors: list[str] = []
        self._lock = threading.Lock()

    def add(self, action: str, seconds: float) -> None:
        with self._lock:
            self.seconds[action].append(seconds)

    def timed(self, action: str, work) -> None:
        """Do something, and add how long it took, or that it failed."""
        start = time.perf_counter()
        try:
            work()
        except Exception as error:
            with self._lock:
                self.errors.append(f"{action}: {type(error).__name__}: {error}"[:200])
        else:
            self.add(action, time.perf_counter() - start)


def review(url: str, number: int, studies: list[str], end: float, tally: Tally) -> None:
    """One reviewer, until the end."""
    reader, choice = PageReader(url), random.Random(number)
    time.sleep(number * START)
    while time.perf_counter() < end:
        open_study(reader, choice.choice(studies), tally)
        for _ in range(MOVES):
            time.sleep(choice.uniform(*BETWEEN))
            beta = round(choice.random(), 2)
            tally.timed("beta", lambda beta=beta: reader.call("predict_at", [None, beta]))
        verdict = {"verdict": "agree", "wrong_evidence": "neither", "reviewer": f"reviewer {number}", "comment": ""}
        tally.timed("flag", lambda form=verdict: reader.send("bl-flag", "submit", form))
    reader.close()


def open_study(reader: PageReader, study: str, tally: Tally) -> None:
    """Open it; return once it is on the screen, while its exact explanation goes on."""
    shown, start = threading.Event(), time.perf_counter()

    def heard(kind: str) -> None:
        if kind in ("process_generating", "process_completed") and not shown.is_set():
            tally.add("open", time.perf_counter() - start)
            shown.set()

    def work() -> None:
        asked = {"index": 0, "value": study}
        tally.timed("until_exact_or_left", lambda: reader.send("bl-cases", "select", asked, heard=heard))
        shown.set()

    threading.Thread(target=work, daemon=True).start()
    shown.wait()


def drag_alone(url: str, reviewers: int, seconds: float, study: str, tally: Tally) -> None:
    """β moves of as many reviewers on a study that is known already."""

    def work(number: int) -> None:
        reader, choice = PageReader(url), random.Random(number)
        reader.send("bl-cases", "select", {"index": 0, "value": study})
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            time.sleep(choice.uniform(*BETWEEN))
            tally.timed("beta_alone", lambda: reader.call("predict_at", [None, round(choice.random(), 2)]))
        reader.close()

    with ThreadPoolExecutor(reviewers) as pool:
        list(pool.map(work, range(reviewers)))


def measure(reviewers: int, seconds: float) -> dict:
    studies = [study.study_id for study in open_studies(None).of_split("test")]
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as url:
        drag_alone(url, reviewers, min(30, seconds), studies[0], tally)
        end = time.perf_counter() + seconds
        with ThreadPoolExecutor(reviewers) as pool:
            working = [pool.submit(review, url, number, studies, end, tally) for number in range(reviewers)]
            for work in tqdm(working, unit="reviewer"):
                work.result()
        kept = len(FeedbackStore(folder).rows())
    saved = len(tally.seconds["flag"])
    return {
        "reviewers": reviewers,
        "seconds": seconds,
        **{action: percentiles(times) for action, times in sorted(tally.seconds.items())},
        "rows": kept,
        "rows_lost": saved - kept,
        "errors": len(tally.errors),
        "first_errors": tally.errors[:3],
    }


def percentiles(seconds: list[float]) -> dict[str, float]:
    p50, p95 = np.percentile(seconds, [50, 95]) * 1000
    return {"n": len(seconds), "p50_ms": round(p50, 1), "p95_ms": round(p95, 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reviewers", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=300)
    asked = parser.parse_args()
    result = measure(asked.reviewers, asked.seconds)
    print(json.dumps(result | {"cpus": os.cpu_count(), "load": round(os.getloadavg()[0], 1)}))


if __name__ == "__main__":
    main()
