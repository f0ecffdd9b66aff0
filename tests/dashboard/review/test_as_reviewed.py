"""A verdict is looked at again with the model and the β of that day, whatever is served by now: on the demo's model."""

import shutil
import threading

import numpy as np
import pytest
import torch
from packed import unpack

from dashboard.review.service import ReviewService
from dashboard.review.steps import Refused, Staged
from dashboard.review.verdicts import VerdictService
from dashboard.serving.model_registry import ModelRegistry
from dashboard.serving.session import Session
from explain import INSTANT
from model.errors import FeedbackError
from model.feedback import FeedbackStore
from model.finetuning.versions import Versions
from model.inference.engine import Engine
from model.network import checkpoint
from model.storage.paths import DEMO_CHECKPOINT
from model.studies.opening import open_studies

STUDY, BETA = "demo-0001", 0.3


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """The demo's model as version 0001, and another one as 0002, which is promoted."""
    versions = Versions(tmp_path_factory.mktemp("models"))
    versions.adopt(DEMO_CHECKPOINT)
    changed = Engine.load(device="cpu").network
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in changed.head.parameters():
            parameter += 0.3 * torch.randn_like(parameter)
    versions.add(lambda made: checkpoint.save(changed, made), {"parent": "0001", "how": "fine-tuned"})
    versions.promote("0002")
    return versions.folder


@pytest.fixture(scope="module")
def demo():
    return open_studies(None)


@pytest.fixture(scope="module")
def engines(models):
    return [Engine.load(models / name, "cpu") for name in ("0001", "0002")]


@pytest.fixture
def serving(models, engines, demo, tmp_path, monkeypatch):
    """0002 is served, and looks for another one when it is told to."""
    monkeypatch.setattr(ModelRegistry, "_watch", lambda self: None)
    shutil.copytree(models, tmp_path / "models")
    return ModelRegistry(engines[1], demo, Versions(tmp_path / "models"))


@pytest.fixture
def session() -> Session:
    """Of a reader who chose the methods that cost nothing."""
    return Session(beta=0.5, **{f"{modality}_method": name for modality, name in INSTANT.items()})


@pytest.fixture
def store(tmp_path):
    return FeedbackStore(tmp_path / "feedback")


@pytest.fixture
def flag(engines, demo, store):
    """A verdict on 0001, of a day when that was served."""
    session, then = Session(beta=BETA), ModelRegistry(engines[0], demo)
    next(ReviewService(then).open(session, lambda r: r.open_study(session, STUDY, BETA)))
    return VerdictService(engines[0], store).keep(session, BETA, {"verdict": "agree", "reviewer": "r"})


def open_as_reviewed(serving, session, flag) -> list:
    return list(
        ReviewService(serving).open(
            session, lambda r: r.open_study(session, flag.study_id, flag.beta, recorded=flag), flag.model_digest
        )
    )


def test_a_row_opens_with_the_model_and_beta_of_that_day(serving, session, flag, engines, store):
    *_, last = open_as_reviewed(serving, session, flag)
    header, arrays = unpack(last.stage)
    assert (header["model"], header["version"], header["recorded"]["same_model"]) == (engines[0].digest, "0001", True)
    shown = arrays["curve"][round(BETA * (len(arrays["curve"]) - 1))]
    np.testing.assert_allclose(shown, list(flag.probabilities.values()), atol=2e-6)
    served = engines[1].probabilities(engines[1].encode(session.opened.film, session.opened.report), np.array([BETA]))
    assert not np.allclose(shown, served[0], atol=1e-2)

    # What is asked of it then, and a verdict, are that model's too.
    *_, explained = ReviewService(serving).answer(session, lambda r: r.explain(session, "Nodule"))
    assert unpack(explained.stage)[0]["version"] == "0001"
    assert ReviewService(serving).shown(session).predict_at(session, BETA)["probabilities"] == pytest.approx(
        list(flag.probabilities.values()), abs=2e-6
    )
    again = VerdictService(serving.model_for_session(session).engine, store).keep(
        session, BETA, {"verdict": "unsure", "case": STUDY, "model": header["model"]}
    )
    assert (again.model_digest, again.probabilities) == (flag.model_digest, flag.probabilities)
    assert serving.now.engine is engines[1]


def test_any_other_case_is_the_served_models(serving, session, flag, engines):
    open_as_reviewed(serving, session, flag)
    *_, last = ReviewService(serving).open(session, lambda r: r.open_study(session, "demo-0002", BETA))
    assert (unpack(last.stage)[0]["model"], unpack(last.stage)[0]["version"]) == (engines[1].digest, "")
    assert serving.model_for_session(session) is serving.now


def test_the_same_case_goes_back_to_the_served_model_with_its_changes(serving, session, flag, engines):
    open_as_reviewed(serving, session, flag)
    list(ReviewService(serving).answer(session, lambda r: r.take_report(session, "demo-0002")))
    assert serving.model_for_session(session).apart
    *_, last = ReviewService(serving).open(session, lambda r: r.take_over(session))
    header, arrays = unpack(last.stage)
    assert (header["model"], header["version"], header["recorded"]["same_model"]) == (engines[1].digest, "", False)
    assert [change["kind"] for change in header["changes"]] == ["swap"]
    case = session.opened
    expected = engines[1].probabilities(engines[1].encode(case.film, case.report), np.array([1.0]))[0]
    np.testing.assert_allclose(arrays["curve"][-1], expected, atol=1e-6)


def test_where_the_version_is_gone_one_sentence_says_so(serving, session, flag, engines):
    shutil.rmtree(serving.versions.path("0001"))
    told, *steps = open_as_reviewed(serving, session, flag)
    assert (told.key, told.level) == ("notice.no_version", "info")
    assert flag.model_digest[:12] in told.detail
    header = unpack(steps[-1].stage)[0]
    assert (header["model"], header["version"], header["recorded"]["same_model"]) == (engines[1].digest, "", False)


def test_a_damaged_version_is_told_and_the_served_model_shown(serving, session, flag):
    (serving.versions.path("0001") / "model.safetensors").write_bytes(b"half")
    told, *steps = open_as_reviewed(serving, session, flag)
    assert "damaged" in told.detail
    assert session.served is serving.now
    assert steps


def test_it_is_loaded_once_for_all_who_ask_and_let_go_of_in_time(serving, flag, monkeypatch):
    loads, found, load = [], [], Engine.load
    monkeypatch.setattr(Engine, "load", lambda *given: loads.append(given) or load(*given))
    readers = [threading.Thread(target=lambda: found.append(serving.load_version(flag.model_digest))) for _ in range(3)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join(120)
    assert len({id(served) for served in found}) == len(loads) == 1
    assert serving.load_version(flag.model_digest) is found[0]
    assert serving.load_version(serving.now.engine.digest) is serving.now
    assert len(loads) == 1
    assert serving._kept.maxlen == 2


def test_what_is_asked_for_while_it_is_loaded_wins(serving, session, flag, monkeypatch):
    other = serving.load_version

    def slowly(digest):
        list(ReviewService(serving).open(session, lambda r: r.open_study(session, "demo-0002", BETA)))
        return other(digest)

    monkeypatch.setattr(serving, "load_version", slowly)
    assert open_as_reviewed(serving, session, flag) == []
    assert session.opened.case_id == "demo-0002"
    assert session.served is serving.now


def test_a_case_that_cannot_be_opened_leaves_the_one_on_screen(serving, session, flag, monkeypatch):
    list(ReviewService(serving).open(session, lambda r: r.open_study(session, "demo-0002", BETA)))
    steps = list(
        ReviewService(serving).open(session, lambda r: r.open_study(session, "nothing", BETA), flag.model_digest)
    )
    assert [type(step) for step in steps] == [Refused]
    assert (session.opened.case_id, session.served) == ("demo-0002", serving.now)


def test_a_promotion_leaves_it_until_it_is_the_promoted_one_itself(serving, session, flag):
    open_as_reviewed(serving, session, flag)
    shown = serving.model_for_session(session)
    assert serving.model_for_next_request(session) is ReviewService(serving).current(session) is shown
    serving.versions.promote("0001")
    serving.swap()
    assert ReviewService(serving).current(session) is serving.model_for_session(session) is serving.now
    steps = list(ReviewService(serving).answer(session, lambda r: r.show_again(session)))
    assert isinstance(steps[-1], Staged)
    assert unpack(steps[-1].stage)[0]["version"] == ""


def test_a_verdict_on_a_model_that_is_not_on_screen_any_more_is_refused(serving, session, flag, store):
    open_as_reviewed(serving, session, flag)
    list(ReviewService(serving).open(session, lambda r: r.take_over(session)))
    with pytest.raises(FeedbackError, match="Another model"):
        VerdictService(serving.model_for_session(session).engine, store).keep(
            session, BETA, {"verdict": "agree", "case": STUDY, "model": flag.model_digest}
        )
    assert len(store.rows()) == 1


def test_the_open_case_is_shown_under_a_version_and_goes_back(serving, session, engines):
    review = ReviewService(serving)
    list(review.open(session, lambda r: r.open_study(session, STUDY, BETA)))
    for digest, shown in ((engines[0].digest, ("0001", engines[0])), ("", ("", engines[1]))):
        *_, last = review.open(session, lambda r: r.take_over(session), digest)
        header, arrays = unpack(last.stage)
        name, engine = shown
        assert (header["case"], header["model"], header["version"]) == (STUDY, engine.digest, name)
        case = session.opened
        expected = engine.probabilities(engine.encode(case.film, case.report), np.array([BETA]))[0]
        np.testing.assert_allclose(arrays["curve"][round(BETA * (len(arrays["curve"]) - 1))], expected, atol=2e-5)
