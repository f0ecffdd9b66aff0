"""Opening, explaining and judging cases, as the page asks for it."""

import json
from contextlib import contextmanager

import numpy as np
import pytest
from helpers import REPORT, random_film
from packed import unpack
from sending import png, sent

from dashboard.access.identity import LOCAL
from dashboard.cases.uploads import waiting
from dashboard.review.service import CaseService, Refused
from dashboard.serving.open_pages import size
from dashboard.serving.served import ServedModel
from explain import Cancelled, Discordance
from explain.publish import EVALUATION
from model.inference.engine import Engine


@contextmanager
def encoder_runs(engine):
    runs = []
    network = engine.network
    handles = [
        m.register_forward_hook(lambda *_: runs.append(1)) for m in (network.image_encoder, network.report_encoder)
    ]
    try:
        yield runs
    finally:
        for handle in handles:
            handle.remove()


def tiers(steps):
    return [unpack(step.stage)[0] for step in steps]


@pytest.fixture
def opened(reviewer, session):
    list(reviewer.open_study(session, "one", 0.5))
    return session


def test_a_study_opens_with_the_instant_tier_and_then_the_exact_one(engine, table, session):
    first, second = tiers(CaseService(ServedModel(engine, table)).open_study(session, "one", 0.5))
    assert (first["tier"], second["tier"]) == ("instant", "exact")
    assert (first["methods"]["report"], second["methods"]["report"]) == ("contextual_cam", "integrated_gradients")
    assert second["completeness"]["report"] is not None
    assert first["film"].startswith("data:image/jpeg;base64,")
    assert first["findings"] == list(engine.findings)


def test_what_is_known_exactly_is_shown_at_once(reviewer, opened):
    (again,) = tiers(reviewer.open_study(opened, "one", 0.5))
    assert again["tier"] == "exact"


def test_methods_that_cost_nothing_need_one_step(reviewer, session):
    session.report_method = "contextual_cam"
    (only,) = tiers(reviewer.open_study(session, "two", 0.5))
    assert only["tier"] == "exact"
    assert only["methods"] == {"image": "gradcam", "report": "contextual_cam"}


def test_a_chosen_method_explains_this_case_and_the_next(reviewer, opened):
    *_, last = tiers(reviewer.choose_method(opened, "image", "layercam"))
    assert last["case"] == "one"
    assert last["methods"] == {"image": "layercam", "report": "integrated_gradients"}
    *_, last = tiers(reviewer.open_study(opened, "two", 0.5))
    assert last["methods"]["image"] == "layercam"


def test_another_method_for_the_film_asks_nothing_again_of_the_report(reviewer, opened):
    with encoder_runs(reviewer.engine) as runs:
        *_, last = tiers(reviewer.choose_method(opened, "image", "gradcam_plus_plus"))
    assert last["tier"] == "exact"
    assert runs == []


@pytest.mark.parametrize(("modality", "name"), [("image", "contextual_cam"), ("sound", "gradcam"), (None, {})])
def test_an_unknown_method_changes_nothing(reviewer, opened, modality, name):
    assert list(reviewer.choose_method(opened, modality, name)) == []
    assert opened.image_method == "gradcam"


def test_work_that_nobody_waits_for_ends_quietly(reviewer, opened):
    steps = reviewer.choose_method(opened, "image", "occlusion")
    assert tiers([next(steps)])[0]["tier"] == "instant"
    opened.next_request()
    assert list(steps) == []


def test_long_work_is_asked_whether_it_is_still_wanted(engine, table, session, monkeypatch):
    def superseded(engine, encoded, finding, image, report, should_continue):
        session.next_request()
        assert not should_continue()
        raise Cancelled

    monkeypatch.setattr("dashboard.serving.explanations.evidence", superseded)
    assert list(CaseService(ServedModel(engine, table)).open_study(session, "one", 0.5)) == []


def test_a_model_without_calibration_says_nothing_of_discordance(reviewer, session):
    *_, last = tiers(reviewer.open_study(session, "one", 0.5))
    assert last["discordance"] is None


def test_discordance_is_sent_as_it_was_calibrated(reviewer, session, monkeypatch):
    found = Discordance(0.97, True, "Effusion", 0.98, 0.02)
    monkeypatch.setattr("dashboard.review.steps.discordance", lambda engine, encoded: found)
    *_, last = tiers(reviewer.open_study(session, "one", 0.5))
    assert last["discordance"] == found._asdict() | {"worth": None}  # nothing was measured of it


def test_an_alert_says_what_it_is_worth(engine, table, session, tmp_path, monkeypatch):
    found = Discordance(0.97, True, "Effusion", 0.98, 0.02)
    monkeypatch.setattr("dashboard.review.steps.discordance", lambda engine, encoded: found)
    alert = {"n": 40, "prevalence": 0.25, "precision": None, "n_of": {"Effusion": 7}, "false_alarms": {"Effusion": 0.5}}
    (tmp_path / EVALUATION).write_text(json.dumps({"alert": alert}))
    measured = Engine(engine.network, "measured", engine.device, tmp_path)
    *_, last = tiers(CaseService(ServedModel(measured, table)).open_study(session, "one", 0.5))
    assert last["discordance"]["worth"] == alert | {"n_of": 7, "false_alarms": 0.5}


def test_moving_beta_runs_no_encoder(reviewer, opened):
    with encoder_runs(reviewer.engine) as runs:
        answers = [reviewer.predict_at(opened, beta) for beta in np.linspace(0, 1, 11)]
    assert runs == []
    assert len({tuple(a["probabilities"]) for a in answers}) == 11


def test_what_the_page_draws_is_what_the_model_answers(reviewer, session):
    *_, step = reviewer.open_study(session, "one", 0.5)
    _, arrays = unpack(step.stage)
    answer = reviewer.predict_at(session, 0.37)
    np.testing.assert_allclose(arrays["curve"][37], answer["probabilities"], atol=1e-6)


def test_a_newer_case_ends_the_work_for_an_older_one(reviewer, session):
    older = reviewer.open_study(session, "one", 0.5)
    next(older)
    list(reviewer.open_study(session, "two", 0.5))
    assert list(older) == []
    assert session.opened.case_id == "two"


@pytest.mark.parametrize(("study", "modalities"), [("film-only", ["image"]), ("report-only", ["report"])])
def test_a_missing_modality_fixes_beta(reviewer, session, study, modalities):
    *_, last = tiers(reviewer.open_study(session, study, 0.3))
    assert last["modalities"] == modalities
    assert reviewer.predict_at(session, 0.0)["probabilities"] == reviewer.predict_at(session, 1.0)["probabilities"]


def test_an_uploaded_film_is_analysed_without_a_report(reviewer, session):
    name = sent(png(random_film(5)))
    *_, last = tiers(reviewer.open_film(session, name, "", 0.5))
    assert last["modalities"] == ["image"]
    assert last["labels"] is None
    (refused,) = reviewer.open_film(session, name, "", 0.5)  # nor is there anything that could be read a second time
    assert "send it again" in refused.detail


def test_what_nobody_sent_is_no_upload_and_stays(reviewer, opened, tmp_path):
    path = tmp_path / "film.png"
    path.write_bytes(png(random_film(5)))
    for name in (str(path), f"../{path.name}", "", "film-0", path):
        (refused,) = reviewer.open_film(opened, name, "", 0.5)
        assert refused.key == "error.image"
        assert str(tmp_path) not in refused.detail
    assert path.exists()
    assert opened.opened.case_id == "one"


def test_an_edited_report_keeps_the_film(reviewer, opened):
    film = opened.opened.film
    list(reviewer.analyse(opened, "No effusion.", 0.5))
    assert opened.opened.film is film
    assert opened.opened.report == "No effusion."


@pytest.mark.parametrize(("text", "key"), [("word " * 10_000, "error.report"), ("  ", "error.empty")])
def test_a_wrong_text_is_refused_in_one_sentence(reviewer, session, text, key):
    (refused,) = reviewer.analyse(session, text, 0.5)
    assert isinstance(refused, Refused)
    assert refused.key == key
    assert "\n" not in refused.detail
    assert json.loads(refused.to_json())["level"] == "error"
    assert session.opened is None


def test_a_text_alone_is_a_case_and_the_next_one_another(reviewer, session):
    for text in (REPORT, "No effusion."):
        *_, last = tiers(reviewer.analyse(session, text, 0.5))
        assert last["modalities"] == ["report"]
        assert last["changes"] == []
    assert session.opened.report == "No effusion."


def test_a_refused_upload_leaves_the_open_case_and_no_film(reviewer, opened):
    name = sent(b"junk")
    (refused,) = reviewer.open_film(opened, name, "", 0.5)
    assert refused.key == "error.image"
    assert "\n" not in refused.detail
    assert opened.opened.case_id == "one"
    assert not waiting.has(name, LOCAL)


def test_a_text_alone_is_opened_without_the_film_that_was_there(reviewer, opened):
    *_, last = tiers(reviewer.open_report(opened, "Clear lungs.", 0.5))
    assert last["modalities"] == ["report"]
    assert opened.opened.film is None


def test_no_text_alone_is_refused_in_one_sentence(reviewer, session):
    (refused,) = reviewer.open_report(session, "  ", 0.5)
    assert "empty" in refused.detail


def test_what_follows_a_pinned_case_is_explained_for_the_same_finding(reviewer, session):
    def explained(study: str, **asked) -> str:
        *_, last = reviewer.open_study(session, study, 0.5, **asked)
        return unpack(last.stage)[0]["finding"]

    usual = explained("two")
    other = next(finding for finding in reviewer.engine.findings if finding != usual)
    assert explained("one", finding=other) == other
    reviewer.pin(session, "one")
    assert explained("two") == other
    assert explained("two", finding=usual) == usual
    reviewer.pin(session, "")
    assert explained("two") == usual


def test_a_pinned_case_counts_among_what_a_page_keeps(reviewer, session):
    list(reviewer.open_study(session, "one", 0.5))
    alone = size(session)
    reviewer.pin(session, "one")
    list(reviewer.open_study(session, "two", 0.5))
    assert size(session) > alone
    session.release()
    assert size(session) == 0
