"""Processes that hang, as what SIGSTOP stops does, and files that are taken away: noticed, replaced, answered for."""

import os
import shutil
import signal
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from films import SPECKLE, saved

from dashboard.serving import worker_process
from explain import DEFAULT, evidence
from model.errors import BusyError
from model.inference import array_cache
from model.inference.embeddings import load_reference
from model.inference.engine import Engine
from model.inputs import decoding, read_film
from model.storage.paths import DEMO_CHECKPOINT
from model.studies.opening import open_studies
from model.studies.table import load_film

SOON = 120.0  # seconds in which a process starts on a machine that is busy


def until(happens) -> None:
    end = time.monotonic() + SOON
    while not happens():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.fixture
def short(monkeypatch):
    """Waits for hung processes that a test can sit through."""
    monkeypatch.setattr(worker_process, "SILENT", 3.0)
    monkeypatch.setattr(decoding, "FORKED", 3.0)
    monkeypatch.setattr(decoding, "PATIENCE", 8.0)


@pytest.fixture
def copied(tmp_path) -> Engine:
    """The demo's model, from a folder that may be taken away."""
    folder = tmp_path / "model"
    shutil.copytree(DEMO_CHECKPOINT, folder)
    return Engine.load(folder, device="cpu")


def asked_of(engine: Engine) -> tuple:
    study = next(s for s in open_studies(None).of_split("test") if s.labels)
    return engine.encode(load_film(study), study.report), engine.findings[0], *DEFAULT.values()


def loaded(engine: Engine) -> worker_process.ExplanationWorker:
    """Explanations with their process at hand."""
    made = worker_process.ExplanationWorker(process=True)
    made.do(evidence, engine, *asked_of(engine), should_continue=lambda: True)
    until(lambda: made.pid)
    return made


def end(made: worker_process.ExplanationWorker) -> None:
    if pid := made.pid:
        os.kill(pid, signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_an_explainer_that_hangs_is_replaced_and_its_question_answered(short, copied):
    made, asked = loaded(copied), asked_of(copied)
    hung = made.pid
    os.kill(hung, signal.SIGSTOP)
    there = made.do(evidence, copied, *asked, should_continue=lambda: True)
    np.testing.assert_allclose(there.cam, evidence(copied, *asked).cam, atol=1e-6)
    assert not psutil.pid_exists(hung)

    made.do(evidence, copied, *asked, should_continue=lambda: True)  # another one begins to load
    until(lambda: made.pid not in (None, hung))
    end(made)


class Runs:
    """Python that is run where it is unpickled."""

    def __init__(self, code: str):
        self.code = code

    def __reduce__(self):
        return exec, (self.code, {})


NAPPING = "import time; time.sleep(16)"
# Keeps Python's lock, so that no other thread gives a sign of life, and gets a little done now and again.
STARVED = """
import collections, ctypes, functools, itertools, operator
sleep = functools.partial(ctypes.PyDLL(None).usleep, 200_000)
work = functools.partial(sum, range(10**6))
collections.deque(map(operator.call, itertools.islice(itertools.cycle((sleep, work)), 160)), 0)
"""
SPINNING = "sum(range(10**12))"


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize(("code", "stays"), [(NAPPING, True), (STARVED, True), (SPINNING, False)])
def test_one_that_takes_its_time_or_gets_little_of_it_is_left_alone(monkeypatch, copied, capfd, code, stays):
    made = loaded(copied)
    made.do(evidence, copied, *asked_of(copied), should_continue=lambda: True)  # it has loaded the model
    pid = made.pid
    monkeypatch.setattr(worker_process, "SILENT", 8.0)
    made.do(print, copied, Runs(code), should_continue=lambda: True)
    # Where it is done here instead, it is printed.
    assert (made.pid == pid, capfd.readouterr().out == "") == (stays, stays)
    end(made)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_version_that_was_removed_is_explained_all_the_same(copied):
    asked = asked_of(copied)
    here = evidence(copied, *asked)
    made = worker_process.ExplanationWorker(process=True)
    made.do(evidence, copied, *asked, should_continue=lambda: True)
    shutil.rmtree(copied.folder)
    until(lambda: made.pid)
    there = made.do(evidence, copied, *asked, should_continue=lambda: True)
    np.testing.assert_allclose(there.cam, here.cam, atol=1e-6)
    end(made)


def test_a_server_of_decoders_that_hangs_is_replaced(short):
    read_film(saved(SPECKLE, "PNG"))
    hung = decoding._server.process
    os.kill(hung.pid, signal.SIGSTOP)
    assert read_film(saved(SPECKLE, "PNG"))
    assert decoding._server.process.pid != hung.pid
    assert hung.poll() is not None


def test_a_decoder_that_hangs_is_ended_and_no_fault_of_the_film(short, monkeypatch):
    read_film(saved(SPECKLE, "PNG"))
    connected = []

    def connect(limits, connect=decoding._connect):
        connected.append(connect(limits))
        os.kill(connected[-1].pid, signal.SIGSTOP)
        return connected[-1]

    monkeypatch.setattr(decoding, "_connect", connect)
    with pytest.raises(BusyError, match="not decoded within 8"):
        read_film(saved(SPECKLE, "PNG"))
    until(lambda: not psutil.pid_exists(connected[0].pid))


def test_what_was_computed_is_used_though_it_cannot_be_kept(engine, tmp_path, monkeypatch, caplog):
    (tmp_path / "studies.csv").write_text(
        "study_id,image,report,label\none,,No effusion.,\ntwo,,An effusion.,Effusion\n"
    )
    table = open_studies(tmp_path / "studies.csv")
    monkeypatch.setattr(
        array_cache, "user_cache_path", lambda _: Path("/proc/no such folder")
    )  # nor can root make one there
    assert len(load_reference(engine, table).report) == 2
    assert "computed again next time" in caplog.text
