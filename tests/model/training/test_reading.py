"""A report encoder that learns to read first: texts, their truth, and where it cannot."""

import numpy as np
import pytest
import torch

from model.config import Config
from model.errors import TrainingError
from model.network.network import Network
from model.studies.arrays import StudyArrays
from model.training import reading
from model.training.reading import learn_to_read, own_texts

FINDINGS = ("Effusion", "Nodule", "Unheard Of")


def reports(n: int) -> StudyArrays:
    labels = np.zeros((n, len(FINDINGS)), np.float32)
    labels[::2, 0] = 1
    texts = ["Left effusion." if label else "Clear." for label in labels[:, 0]]
    return StudyArrays(np.zeros((n, 64, 64), np.uint8), texts, labels, np.ones((n, 2), np.float32))


def config(**fields) -> Config:
    small = {"image_size": 64, "image_weights": "none", "max_tokens": 32, "report_epochs": 1}
    return Config.from_dict({"findings": FINDINGS, **small, **fields})


def test_texts_say_what_they_are_about_and_nothing_of_what_has_no_phrases():
    made = own_texts(40, FINDINGS, np.random.default_rng(0))
    assert len(made.texts) == 40
    assert np.isin(made.said, np.array([0, 0.6, 1], np.float32)).all()
    assert made.weight[:, :2].all()
    assert not made.weight[:, 2].any()
    assert made.said[:, :2].any(axis=0).all()


def test_without_a_known_finding_there_are_no_texts():
    assert not own_texts(5, ("Unheard Of",), np.random.default_rng(0)).texts


def test_the_encoder_changes_and_goes_on_where_it_was(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "TEXTS", 8)
    network = Network(config(report_layers=1))
    before = {n: p.clone() for n, p in network.report_encoder.named_parameters()}
    learn_to_read(network, reports(8), torch.device("cpu"), tmp_path, "mark", False, True)
    after = dict(network.report_encoder.named_parameters())
    changed = {n for n in before if not torch.equal(before[n], after[n])}
    assert changed == {n for n, p in after.items() if p.requires_grad}
    again = Network(config(report_layers=1))
    learn_to_read(again, reports(8), torch.device("cpu"), tmp_path, "mark", True, True)
    assert all(torch.equal(p, after[n]) for n, p in again.report_encoder.named_parameters())


def test_an_encoder_that_stays_as_it_came_cannot_learn_to_read():
    network = Network(config(report_layers=0))
    with pytest.raises(TrainingError, match="report_layers"):
        learn_to_read(network, reports(4), torch.device("cpu"), None, "mark", False, False)
