"""Training learns what there is to learn, at every β."""

import numpy as np
import pytest
import torch
from helpers import small_network

from model.arrays import StudyArrays, joined
from model.augment import augment, draw_beta
from model.data import Study, label_matrix
from model.evaluate import expected_calibration_error
from model.train import train, validate

SENTENCE = {True: "There is a large effusion on the left.", False: "The lungs are clear."}


def bright_corner_studies(n: int, seed: int) -> StudyArrays:
    """Films with a bright corner and reports that say so, for one finding in three; nothing for the others."""
    rng = np.random.default_rng(seed)
    films = rng.integers(0, 60, (n, 64, 64), np.uint8)
    positive = rng.random(n) < 0.5
    films[positive, 40:60, 40:60] += 150
    labels = np.zeros((n, 3), np.float32)
    labels[:, 1] = positive
    return StudyArrays(films, [SENTENCE[bool(p)] for p in positive], labels, np.ones((n, 2), np.float32))


def test_a_network_learns_from_film_and_report(monkeypatch):
    network = small_network(image_size=64, image_weights="imagenet", report_layers=0, epochs=3, batch_size=16)
    train(network, bright_corner_studies(160, 0), bright_corner_studies(60, 1), torch.device("cpu"))
    aurocs = validate(network, bright_corner_studies(80, 2))
    assert min(aurocs) > 0.95
    assert network.image_reference.abs().sum() > 0
    assert not network.training


def test_an_interrupted_training_keeps_the_best_so_far(monkeypatch):
    import model.train

    network = small_network(image_size=64, image_weights="none", report_layers=0, epochs=5, batch_size=16)
    data, scores = bright_corner_studies(32, 0), iter([0.9, 0.5])

    def validate_then_interrupt(network, _):
        for score in scores:
            saved.append({k: v.clone() for k, v in network.state_dict().items()})
            return [score] * 3
        raise KeyboardInterrupt

    saved = []
    monkeypatch.setattr(model.train, "validate", validate_then_interrupt)
    train(network, data, data, torch.device("cpu"))
    assert len(saved) == 2
    assert torch.equal(network.head.out.weight, saved[0]["head.out.weight"])


def test_beta_is_drawn_over_all_of_its_range_and_fixed_where_a_modality_is_missing():
    torch.manual_seed(0)
    has = torch.ones(4000, 2)
    has[:1000, 1] = 0
    has[1000:2000, 0] = 0
    beta = draw_beta(has)[:, 0]
    assert (beta[:1000] == 1).all()
    assert (beta[1000:2000] == 0).all()
    counts = torch.histc(beta[2000:], 10, 0, 1)
    assert counts.min() > 80
    assert (beta[2000:] == 0).float().mean() == pytest.approx(0.2, abs=0.04)


def test_augmentation_moves_outlines_with_the_film_and_never_mirrors():
    torch.manual_seed(0)
    films = torch.zeros(64, 1, 80, 80)
    films[:, :, 20:40, 10:30] = 1  # upper left
    moved, outlines = augment(films, films.clone())
    centre = torch.stack([m[0].nonzero().float().mean(0) for m in (moved > 0.5)])
    assert (centre[:, 1] < 40).all()
    overlap = ((moved > 0.5) & (outlines > 0.5)).sum() / (outlines > 0.5).sum()
    assert overlap > 0.95


def test_arrays_are_joined_in_order():
    both = joined(bright_corner_studies(3, 0), bright_corner_studies(2, 1))
    assert len(both) == 5
    assert both.masks is None


def test_calibration_error_of_a_calibrated_and_of_an_overconfident_model():
    rng = np.random.default_rng(0)
    p = rng.random((20000, 1))
    truth = (rng.random((20000, 1)) < p).astype(float)
    assert expected_calibration_error(truth, p, single=False) < 0.02
    assert expected_calibration_error(truth, (p > 0.5).astype(float), single=False) == pytest.approx(0.25, abs=0.02)


def test_labels_become_a_matrix_in_the_order_of_the_findings():
    study = Study("1", None, "x", frozenset({"b"}), "p", "test")
    assert label_matrix((study,), ("a", "b")).tolist() == [[0, 1]]
