"""What a checkpoint says of itself is what was measured of it, in words and in numbers."""

import copy
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers import made_up, small_network

from explain.every_beta.discordance import alert_figures, calibrate_alert
from explain.publish import EVALUATION, figures, worth_of_alert
from model.evaluation.metrics import evaluate_scored
from model.inference.engine import Engine
from model.inference.predictions import score
from model.inference.provenance import Provenance
from model.studies.content import contents_of
from model.studies.table import StudyTable


@pytest.fixture
def engine() -> Engine:
    return Engine(copy.deepcopy(small_network()), "untrained", torch.device("cpu"), provenance=Provenance.of(()))


def said(engine: Engine, studies, reference) -> tuple[str, dict]:
    files = figures(engine, StudyTable("t.csv", list(studies), [], ""), reference, "A test.")
    return files["MODEL_CARD.md"].decode(), json.loads(files[EVALUATION])


def test_the_card_says_what_was_measured_with_intervals_and_what_the_alert_is_worth(engine):
    reference, studies = made_up(engine, 80, agree=0.7)
    noise = np.random.default_rng(1).normal(0, 1.2, (2, *reference.image.shape)).astype(np.float32)
    reference = reference._replace(image=reference.image + noise[0], report=reference.report + noise[1])
    studies = tuple(s._replace(split="test", patient_id=f"p{i // 2}") for i, s in enumerate(studies))
    scored = score(engine, reference, studies)
    calibrate_alert(engine.network, scored)
    card, kept = said(engine, studies, reference)
    measured = evaluate_scored(engine.network, scored)
    assert kept == {"split": "test", **measured.to_json(), "alert": alert_figures(engine.network, scored)}
    assert f"on the test split ({measured.n} studies of {measured.spread.patients} patients" in card
    for value, ends in zip(kept["macro_auroc"], kept["macro_auroc_interval"], strict=True):
        shown = f"{ends[0]:.3f}–{ends[1]:.3f}" if ends else "no interval"
        assert f"{value:.3f} ({shown})" in card
    assert all(kept["macro_auroc_interval"])
    for errors in (measured.ece, measured.ece_of.mean(1), measured.ece_of.max(1)):
        assert " | ".join(f"{error:.3f}" for error in errors) in card
    alert = kept["alert"]
    assert f"falsely for\n{alert['raised_concordant']:.0%} of {alert['n'] - alert['n_apart']} studies" in card
    assert f"{alert['precision']:.0%} of its alerts are right" in card
    for finding in engine.findings:
        assert f"| {finding} | {alert['false_alarms'][finding]:.0%} | {alert['n_of'][finding]} |" in card
    assert "nan" not in card


def test_what_is_undefined_is_called_so_and_null(engine):
    reference, studies = made_up(engine, 40)
    known = engine.findings[0]
    studies = tuple(s._replace(split="test", labels=s.labels & {known}) for s in studies)
    card, kept = said(engine, studies, reference)
    for finding in engine.findings[1:]:
        assert kept["per_finding"][finding]["auroc"] == kept["per_finding"][finding]["auroc_interval"] == [None] * 5
        assert f"| {finding} | {' | '.join(['not defined'] * 5)} |" in card
    assert kept["alert"] is None
    assert "This model raises none" in card
    assert "nan" not in card


def test_an_alert_is_measured_on_swapped_reports_where_no_study_is_marked(engine):
    reference, studies = made_up(engine, 60)
    studies = tuple(s._replace(split="test" if i % 2 else "val") for i, s in enumerate(studies))
    calibrate_alert(engine.network, score(engine, reference, studies[::2]))
    card, kept = said(engine, studies, reference)
    alert = kept["alert"]
    assert (alert["against"], alert["n"] - alert["n_apart"]) == ("swapped", 30)
    assert f"{alert['n_apart']} films shown with another study's report" in card
    # Where it was calibrated on the very studies, each part of them is judged by what the others teach.
    only = tuple(s._replace(split="val") for s in studies[::2])
    engine.provenance = engine.provenance.with_choice(contents_of(only))
    crossed = alert_figures(engine.network, score(engine, reference, only), in_sample=True)
    assert said(engine, only, reference)[1]["alert"] == crossed


def test_what_an_alert_is_worth_is_read_beside_the_checkpoint(engine, tmp_path):
    def worth(folder: Path | None) -> dict | None:
        return worth_of_alert(Engine(engine.network, "digest", engine.device, folder), "Effusion")

    assert worth(None) is None
    assert worth(tmp_path) is None
    alert = {"n": 40, "prevalence": 0.25, "precision": None, "n_of": {"Effusion": 7}, "false_alarms": {"Effusion": 0.5}}
    for kept in ("{", "{}", "[]", '{"alert": null}', '{"alert": {"n": 3}}'):
        (tmp_path / EVALUATION).write_text(kept)
        assert worth(tmp_path) is None
    (tmp_path / EVALUATION).write_text(json.dumps({"alert": alert}))
    assert worth(tmp_path) == alert | {"n_of": 7, "false_alarms": 0.5}
    (tmp_path / EVALUATION).write_text(json.dumps({"alert": alert | {"n": 41}}))  # measured anew meanwhile
    assert worth(tmp_path) == alert | {"n": 41, "n_of": 7, "false_alarms": 0.5}
