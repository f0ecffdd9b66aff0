"""Two servers with one folder of verdicts and one of versions, on which everything happens at once."""

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pandas as pd
import pytest
from learnt import untaught
from started import free_port

from model.feedback import PURGED, FeedbackStore
from model.finetuning.versions import Versions

LIMIT = 600.0  # seconds for anything, on a machine that is busy with something else
THREADS = 3
SURE = 12  # verdicts
CLI = (sys.executable, "-m", "dashboard.cli")


@contextlib.contextmanager
def started(name: str, folder: Path, *shared: str) -> Iterator[tuple[subprocess.Popen, str]]:
    """`betalens serve`, ready, and its address."""
    port = free_port()
    with (folder / f"{name}.log").open("w") as log:
        process = subprocess.Popen([*CLI, "serve", "--port", str(port), *shared], stdout=log, stderr=log)
    try:
        yield process, f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def until(happened: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + LIMIT
    while not happened():
        assert time.monotonic() < end, f"not: {what}"
        time.sleep(0.2)


def is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=30).status_code == 200
    except httpx.TransportError:
        return False


def verdict(flag_id: str) -> dict:
    """One whose content follows from its id."""
    study, lines = f"study-{hash_of(flag_id) % 8}", "line\n" * (hash_of(flag_id) % 40)
    said = {"verdict": "disagree", "corrected_labels": ["Effusion"]}
    return {"study_id": study, "beta": 0.0, "flag_id": flag_id, "comment": f'{flag_id}, "β"\n{lines}', **said}


def hash_of(flag_id: str) -> int:
    return int(flag_id.rsplit("-", 1)[1])


class Reviewers:
    """Some who judge without a pause, by one server, until it is gone or they are told to stop."""

    def __init__(self, name: str, url: str):
        self.saved: dict[str, str] = {}  # ids that were acknowledged, with the digest of the model
        self.unanswered: list[str] = []
        self.faults: list[str] = []
        self._stop = threading.Event()
        self._url = url
        self._threads = [threading.Thread(target=self._judge, args=(f"{name}-{n}",)) for n in range(THREADS)]
        for thread in self._threads:
            thread.start()

    def _judge(self, name: str) -> None:
        number = 0
        with httpx.Client(base_url=self._url, timeout=LIMIT) as client:
            while not self._stop.is_set():
                number += 1
                flag_id = f"{name}-{number}"
                try:
                    answer = client.post("/api/v1/flag", json=verdict(flag_id))
                except httpx.TransportError:
                    self.unanswered.append(flag_id)
                    return
                if answer.status_code == 200:
                    self.saved[flag_id] = answer.json()["model"]
                else:
                    self.faults.append(answer.text)

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_through_a_purge_a_fine_tuning_and_a_kill_every_verdict_is_there_once(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "gradio"))
    studies, untrained = untaught(tmp_path)
    feedback, models = tmp_path / "feedback", tmp_path / "models"
    versions = Versions(models)
    versions.adopt(untrained)
    versions.promote("0001")
    places = ["--feedback", str(feedback), "--models", str(models)]
    shared = [*places, "--studies", str(studies), "--device", "cpu"]
    with started("left", tmp_path, *shared) as (_, left), started("right", tmp_path, *shared) as (victim, right):
        for url in (left, right):
            until(lambda url=url: is_ready(url), f"{url} is ready")
        ours, theirs = Reviewers("left", left), Reviewers("right", right)
        try:
            until(lambda: min(len(r.saved) for r in (ours, theirs)) >= SURE, "both save verdicts")
            before = {*ours.saved, *theirs.saved}
            learning = subprocess.Popen(
                [*CLI, "finetune", *shared, "--force"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
            purging = [*CLI, "feedback", "purge", "--study", "study-1", *places]
            purged = subprocess.run(purging, capture_output=True, text=True)
            assert purged.returncode == 0, purged.stderr
            count = len(theirs.saved)
            until(lambda: len(theirs.saved) > count, "the other one saves after the purge")
            victim.kill()
            victim.wait()
            theirs.stop()
            count = len(ours.saved)
            until(lambda: len(ours.saved) >= count + SURE, "the survivor saves verdicts")
            _, said = learning.communicate(timeout=LIMIT)
            assert learning.returncode == 0, said
            assert versions.current() == "0002"
            digest = versions.list()[-1].digest
            until(lambda: digest in [*ours.saved.values()], "the survivor serves what was learnt")
        finally:
            ours.stop()
            theirs.stop()
        assert (ours.faults, theirs.faults, ours.unanswered) == ([], [], [])
        assert len(theirs.unanswered) == THREADS
        # Who got no answer sends it again, to the one that is left: whether it was saved before or not.
        for flag_id in theirs.unanswered:
            answer = httpx.post(f"{left}/api/v1/flag", json=verdict(flag_id), timeout=LIMIT)
            assert answer.status_code == 200 or (answer.status_code, flag_id in all_ids(feedback)) == (409, True)
        assert is_ready(left)

    read = FeedbackStore(feedback).read()
    assert [trouble for trouble in read.troubles if trouble.hides] == []
    found = {flag.flag_id: flag for flag in read.flags}
    assert len(found) == len(read.flags) == len(all_ids(feedback))
    assert {*found} == {*ours.saved, *theirs.saved, *theirs.unanswered}
    gone = [flag for flag in read.flags if flag.verdict == PURGED]
    assert {flag.flag_id for flag in gone} >= {i for i in before if verdict(i)["study_id"] == "study-1"}
    assert {flag.comment + flag.report + flag.study_id for flag in gone} == {""}
    for flag_id in found.keys() - {flag.flag_id for flag in gone}:
        asked, flag = verdict(flag_id), found[flag_id]
        assert (flag.study_id, flag.comment) == (asked["study_id"], asked["comment"])
        assert flag.report == f"Report {asked['study_id'].removeprefix('study-')}."
    assert not [log for log in tmp_path.glob("*.log") if "Traceback" in log.read_text()]


def all_ids(feedback: Path) -> list[str]:
    """As another program reads the file."""
    return list(pd.read_csv(feedback / "flags.csv", dtype=str)["flag_id"])
