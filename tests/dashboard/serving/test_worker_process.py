"""Explanations in a process of their own: what they say, who stops them, what happens when it is killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
import psutil
import pytest

from dashboard.serving.worker_process import NICENESS, ExplanationWorker
from explain import DEFAULT, Cancelled, evidence
from explain.trust.evaluate import Trust, examine
from model.errors import ChoiceError
from model.inference.engine import Engine
from model.studies.opening import open_studies
from model.studies.table import load_film

SOON = 60.0  # seconds in which a process starts or ends on a machine that is busy

# A server in small, which is killed.
ASKS = """
import sys, time
from dashboard.serving.worker_process import ExplanationWorker
from explain import evidence
from model.inference.engine import Engine

engine, worker = Engine.load(device="cpu"), ExplanationWorker(process=True)
encoded = engine.encode(None, "The heart is enlarged.")
while not worker.pid:
    worker.do(evidence, engine, encoded, engine.findings[0], "gradcam", "contextual_cam", should_continue=lambda: True)
print(worker.pid, flush=True)
time.sleep(600)
"""


def soon(happens: Callable[[], bool]) -> bool:
    end = time.monotonic() + SOON
    while not happens():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


@pytest.fixture(scope="module")
def demo() -> Engine:
    return Engine.load(device="cpu")


@pytest.fixture(scope="module")
def asked(demo) -> tuple:
    study = next(s for s in open_studies(None).of_split("test") if s.labels)
    return demo.encode(load_film(study), study.report), demo.findings[0], *DEFAULT.values()


@pytest.fixture(scope="module")
def worker(demo, asked) -> ExplanationWorker:
    worker = ExplanationWorker(process=True)
    worker.do(evidence, demo, *asked, should_continue=lambda: True)  # here: the process begins to load
    assert soon(lambda: bool(worker.pid))
    return worker


def test_the_process_says_what_is_said_here(demo, asked, worker):
    there, here = worker.do(evidence, demo, *asked, should_continue=lambda: True), evidence(demo, *asked)
    assert psutil.Process(worker.pid).cpu_times().user > 1
    np.testing.assert_allclose(there.cam, here.cam, atol=1e-6)
    np.testing.assert_allclose(there.word_scores, here.word_scores, atol=1e-6)
    assert there.words == here.words


def flat(trust: Trust) -> dict[str, float]:
    return pd.json_normalize(trust.figures()).iloc[0].to_dict()


def test_explanations_are_tested_there_as_well(demo, asked, worker):
    of_words = asked[0], asked[1], "report", "contextual_cam", None, None
    there = worker.do(examine, demo, *of_words, should_continue=lambda: True)
    assert flat(there) == pytest.approx(flat(examine(demo, *of_words)), abs=1e-6)


def test_what_is_not_wanted_any_more_ends_early_and_the_next_is_answered(demo, asked, worker):
    with pytest.raises(Cancelled):
        worker.do(evidence, demo, *asked, should_continue=lambda: False)
    assert worker.do(evidence, demo, *asked, should_continue=lambda: True).report_method == "integrated_gradients"


def test_what_it_refuses_is_refused_here(demo, asked, worker):
    with pytest.raises(ChoiceError, match="is unknown"):
        worker.do(evidence, demo, asked[0], "Sunburn", should_continue=lambda: True)


def test_it_gives_way_to_everybody_else(worker):
    assert os.getpriority(os.PRIO_PROCESS, worker.pid) == os.getpriority(os.PRIO_PROCESS, 0) + NICENESS


def test_a_killed_process_costs_nobody_an_answer_and_is_started_again(demo, asked, worker):
    pid = worker.pid

    def should_continue() -> bool:  # asked while the process works
        if psutil.pid_exists(pid):
            os.kill(pid, signal.SIGKILL)
        return True

    assert worker.do(evidence, demo, *asked, should_continue=should_continue).report_method == "integrated_gradients"
    assert not psutil.pid_exists(pid)
    worker.do(evidence, demo, *asked, should_continue=lambda: True)
    assert soon(lambda: worker.pid not in (None, pid))


@pytest.mark.slow
def test_it_ends_with_the_server_however_that_ends():
    server = subprocess.Popen([sys.executable, "-c", ASKS], stdout=subprocess.PIPE, text=True)
    pid = int(server.stdout.readline())
    assert psutil.pid_exists(pid)
    server.kill()
    server.wait()
    assert soon(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
