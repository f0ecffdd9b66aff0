"""A promoted version takes the served one's place: what is at work goes on, what is opened next is the new one's."""

import json
import os
import shutil
import sys
import threading
import time

import numpy as np
import pytest
import torch
from helpers import small_network
from packed import unpack
from started import free_port, started

from benchmarks.page_reader import PageReader
from dashboard.review.service import ReviewService, case_service_of
from dashboard.review.verdicts import VerdictService
from dashboard.server import make_app
from dashboard.serving.model_registry import ModelRegistry
from dashboard.serving.session import Session
from model.errors import CheckpointError
from model.feedback import FeedbackStore
from model.finetuning.versions import Versions
from model.inference.engine import Engine
from model.network import checkpoint


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two versions of a small model; 0001 is promoted."""
    folder = tmp_path_factory.mktemp("models")
    versions = Versions(folder / "models")
    for seed in (0, 1):
        network = small_network()
        torch.manual_seed(seed)
        torch.nn.init.normal_(network.head.out.weight)
        checkpoint.save(network, folder / "made")
        versions.adopt(folder / "made")
    versions.promote("0001")
    return folder / "models"


@pytest.fixture
def versions(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "models")
    return Versions(tmp_path / "models")


@pytest.fixture
def serving(versions, table, monkeypatch):
    """It looks when it is told to."""
    monkeypatch.setattr(ModelRegistry, "_watch", lambda self: None)
    return ModelRegistry(Engine.load(versions.path("0001"), "cpu"), table, versions)


def test_an_open_case_keeps_its_model_until_it_is_asked_for_again(serving, versions, session, tmp_path):
    first = ReviewService(serving).current(session)
    list(case_service_of(first).open_study(session, "one", 0.5))
    old = case_service_of(first).predict_at(session, 0.5)["probabilities"]
    versions.promote("0002")
    serving.swap()
    assert serving.now.engine.digest == versions.list()[1].digest != first.engine.digest
    assert serving.model_for_session(session) is first
    assert ReviewService(serving).shown(session).predict_at(session, 0.5)["probabilities"] == old
    flag = VerdictService(serving.model_for_session(session).engine, FeedbackStore(tmp_path)).keep(
        session, 0.5, {"verdict": "agree"}
    )
    assert flag.model_digest == first.engine.digest

    second = ReviewService(serving).current(session)
    assert second is serving.now
    new = case_service_of(second).predict_at(session, 0.5)["probabilities"]
    encoded = second.engine.encode(session.opened.film, session.opened.report)
    expected = second.engine.probabilities(encoded, np.array([0.5]))[0]
    np.testing.assert_allclose(new, expected, rtol=1e-6)
    assert not np.allclose(new, old, atol=1e-3)


def test_work_for_the_old_model_ends_as_the_old_models(serving, versions):
    session, finished = Session(beta=0.5), Session(beta=0.5)
    reviewer = case_service_of(ReviewService(serving).current(session))
    steps = reviewer.open_study(session, "one", 0.5)
    started = unpack(next(steps).stage)
    versions.promote("0002")
    serving.swap()
    ended = unpack(next(steps).stage)
    np.testing.assert_array_equal(started[1]["curve"], ended[1]["curve"])
    list(case_service_of(ReviewService(serving).current(finished)).open_study(finished, "one", 0.5))
    again = unpack(list(case_service_of(ReviewService(serving).current(session)).show_again(session))[-1].stage)
    assert not np.allclose(again[1]["curve"], ended[1]["curve"], atol=1e-3)


def test_a_version_that_cannot_be_served_leaves_the_model_at_hand(serving, versions):
    (versions.path("0002") / "config.json").write_text("{}")
    (versions.folder / "current.json").write_text(json.dumps({"promoted": ["0001", "0002"]}))
    now = serving.now
    with pytest.raises(CheckpointError, match="damaged"):
        serving.swap()
    serving.swap()  # tried once
    assert serving.now is now


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_real_server_swaps_while_it_answers_and_fails_no_request(versions, table, tmp_path):
    port = free_port()
    studies = table.studies[0].image.parent / "studies.csv"
    command = [sys.executable, "-m", "dashboard.cli", "serve", "--port", str(port), "--device", "cpu"]
    command += ["--models", str(versions.folder), "--studies", str(studies), "--feedback", str(tmp_path / "feedback")]
    url, digests = f"http://127.0.0.1:{port}", [version.digest for version in versions.list()]
    environment = os.environ | {"HF_HUB_OFFLINE": "1"}
    with started(command, port, tmp_path / "log", env=environment):
        stop, counts, failed = threading.Event(), [0, 0], []
        readers = [threading.Thread(target=_read, args=(url, n, stop, counts, failed), daemon=True) for n in range(2)]
        for reader in readers:
            reader.start()
        _until(lambda: min(counts) >= 2 or failed)
        versions.promote("0002")
        _until(lambda: digests[1][:8] in _header(url) or failed)
        before = list(counts)
        _until(lambda: min(c - b for c, b in zip(counts, before, strict=True)) >= 2 or failed)
        versions.rollback()
        _until(lambda: digests[0][:8] in _header(url) or failed)
        stop.set()
        for reader in readers:
            reader.join(60)
        assert failed == []


def _read(url: str, number: int, stop: threading.Event, counts: list[int], failed: list) -> None:
    """A reader who opens one study after the other."""
    try:
        page = PageReader(url)
        while not stop.is_set():
            for study in ("one", "two"):
                stage = page.send("bl-cases", "select", {"value": study, "index": 0})[0]
                assert json.loads(stage["value"] if isinstance(stage, dict) else stage)["case"] == study
                counts[number] += 1
    except Exception as error:
        failed.append(repr(error))


def _header(url: str) -> str:
    page = PageReader(url)
    try:
        return json.dumps(page.loaded("bl-header"))
    finally:
        page.close()


def _until(true) -> None:
    end = time.monotonic() + 120
    while not true():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.2)


def test_what_is_sent_again_at_the_end_sets_neither_text_nor_beta(engine, table, tmp_path, live):
    """By then the next case may be open."""
    page = PageReader(live(make_app(ModelRegistry(engine, table), FeedbackStore(tmp_path))))
    for _ in range(2):  # the second time its evidence is at hand, and there is one step
        stage, *rest = page.send("bl-cases", "select", {"value": "one", "index": 0})
    page.close()
    assert unpack(stage if isinstance(stage, str) else stage["value"])[0]["case"] == "one"
    assert all(part["__type__"] == "update" and "value" not in part for part in rest)


def test_what_the_gpu_has_no_memory_for_is_computed_on_the_cpu(table, session, monkeypatch):
    """The network refuses as a full GPU does; the one on the CPU is another network with the same weights."""
    engine = Engine(small_network(), "weights", torch.device("cpu"))
    serving = ModelRegistry(engine, table)

    def full(square):
        raise torch.OutOfMemoryError

    monkeypatch.setattr(engine.network, "image_maps", full)
    told, *steps = ReviewService(serving).answer(session, lambda r: r.open_study(session, "one", 0.5))
    assert (told.key, told.level) == ("notice.cpu", "info")
    assert [unpack(step.stage)[0]["tier"] for step in steps] == ["instant", "exact"]
    assert session.served.engine is not engine
    assert session.served.engine.digest == engine.digest
    monkeypatch.undo()
    list(ReviewService(serving).answer(session, lambda r: r.open_study(session, "two", 0.5)))
    assert session.served is serving.now  # the next case is the GPU's again


def test_a_change_that_was_made_is_not_made_twice_on_the_cpu(table, session, monkeypatch):
    engine = Engine(small_network(), "weights", torch.device("cpu"))
    serving = ModelRegistry(engine, table)
    list(ReviewService(serving).answer(session, lambda r: r.open_study(session, "one", 0.5)))

    def full(*_):
        raise torch.OutOfMemoryError

    monkeypatch.setattr(serving.now.explanations, "evidence", full)
    told, *steps = ReviewService(serving).answer(session, lambda r: r.take_report(session, "two"))
    assert told.key == "notice.cpu"
    assert len(steps) == 2
    assert len(session.cases) == 2
