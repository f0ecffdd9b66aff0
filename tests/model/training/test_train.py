"""Training learns what there is to learn, at every β."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from helpers import small_network
from sklearn.utils.class_weight import compute_class_weight

import model.training.train
from model.config import BALANCED, MULTI_LABEL, SINGLE_LABEL, UNWEIGHTED
from model.errors import TrainingError
from model.evaluation.metrics import expected_calibration_error
from model.studies.arrays import StudyArrays, joined
from model.studies.table import Study, label_matrix
from model.training.batches import augment, draw_beta
from model.training.loss import MOST_WEIGHT, class_weights
from model.training.resume import TrainingState, fingerprint
from model.training.train import train, validate

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
    network = small_network(image_size=64, image_weights="none", report_layers=0, epochs=5, batch_size=16)
    data, scores = bright_corner_studies(32, 0), iter([0.9, 0.5])

    def validate_then_interrupt(network, _):
        for score in scores:
            saved.append({k: v.clone() for k, v in network.state_dict().items()})
            return [score] * 3
        raise KeyboardInterrupt

    saved = []
    monkeypatch.setattr(model.training.train, "validate", validate_then_interrupt)
    train(network, data, data, torch.device("cpu"))
    assert len(saved) == 2
    assert torch.equal(network.head.out.weight, saved[0]["head.out.weight"])


def test_a_state_is_for_the_training_it_was_saved_in_alone(tmp_path):
    data = bright_corner_studies(8, 0)
    config = small_network().config
    same, other = fingerprint(config, data, 1), fingerprint(replace(config, seed=1), data, 1)
    assert len({same, other, fingerprint(config, data, 2), fingerprint(config, bright_corner_studies(8, 1), 1)}) == 4
    TrainingState(tmp_path, same, resume=False).save({"epoch": 3})
    assert TrainingState(tmp_path, same, resume=True).load(torch.device("cpu")) == {"epoch": 3}
    with pytest.raises(TrainingError, match="--resume"):
        TrainingState(tmp_path, same, resume=False)
    with pytest.raises(TrainingError, match="other options"):
        TrainingState(tmp_path, other, resume=True).load(torch.device("cpu"))
    (tmp_path / "state.pt").write_bytes(b"half a file")
    with pytest.raises(TrainingError, match="cannot be read"):
        TrainingState(tmp_path, same, resume=True).load(torch.device("cpu"))


def test_training_ends_once_it_has_not_got_better_for_long(monkeypatch):
    network = small_network(image_size=64, image_weights="none", report_layers=0, epochs=9, batch_size=16, patience=2)
    data, scores = bright_corner_studies(16, 0), iter([0.6, 0.9, 0.8, 0.9, 1.0])
    monkeypatch.setattr(model.training.train, "validate", lambda network, _: [next(scores)] * 3)
    assert train(network, data, data, torch.device("cpu"))
    assert list(scores) == [1.0]


def test_a_loss_that_is_no_number_ends_training_with_a_reason():
    network = small_network(image_size=64, image_weights="none", report_layers=0, epochs=1, batch_size=16)
    data = bright_corner_studies(16, 0)
    with torch.no_grad():
        network.head.out.bias.fill_(torch.nan)
    with pytest.raises(TrainingError, match="loss became nan in epoch 1"):
        train(network, data, data, torch.device("cpu"))


def test_one_study_is_too_few_to_train_on():
    network, one = small_network(image_size=64), bright_corner_studies(1, 0)
    with pytest.raises(TrainingError, match="at least 2"):
        train(network, one, one, torch.device("cpu"))


def test_class_weights_are_scikit_learns():
    classes = np.repeat([0, 1, 2], [12, 6, 3])
    expected = compute_class_weight("balanced", classes=np.arange(3), y=classes)
    found = class_weights(torch.eye(3)[classes], SINGLE_LABEL, BALANCED)
    assert found.numpy() == pytest.approx(expected, rel=1e-6)
    several = (torch.rand(200, 3, generator=torch.Generator().manual_seed(0)) < torch.tensor([0.5, 0.2, 0.05])).float()
    for weight, column in zip(class_weights(several, MULTI_LABEL, BALANCED), several.T.numpy(), strict=True):
        negative, positive = compute_class_weight("balanced", classes=np.arange(2), y=column)
        assert weight == pytest.approx(min(positive / negative, MOST_WEIGHT), rel=1e-5)
    assert (class_weights(several, MULTI_LABEL, UNWEIGHTED) == 1).all()


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
