"""The tests of explanations: each says yes where it must, and no where it must."""

import numpy as np
import pytest
import torch
from captum.attr import LayerGradCam
from helpers import REPORT, random_film, small_network
from scipy.stats import spearmanr
from sklearn.metrics import auc

import explain
from explain.methods.registry import method
from explain.trust.evaluate import examine
from explain.trust.faithfulness import FRACTIONS, deletion_insertion
from explain.trust.ground_truth import Truth, heat_concentration, points_inside, rank_percentile
from explain.trust.robustness import randomised, rank_correlation, sanity, sanity_of_each, stability
from model.inference.engine import Engine
from model.network.network import Pooled
from model.network.preprocess import Box

WHOLE = Box(0, 0, 1, 1)


@pytest.fixture(scope="module")
def encoded(engine):
    return engine.encode(random_film(3), REPORT)


def ask(engine, encoded, beta):
    return explain.Question(engine, encoded, 1, (beta,))


def test_deletion_and_insertion_meet_the_model_at_their_ends(engine, encoded):
    question = ask(engine, encoded, 0.0)
    scores = method("report", "leave_one_word_out").explain(question).scores[0]
    (curves,) = deletion_insertion(question, "report", scores).values()
    whole = engine.probabilities(encoded, np.array([0.0]))[0, 1]
    assert curves.deletion[0] == pytest.approx(whole, abs=1e-5)
    assert curves.insertion[-1] == pytest.approx(whole, abs=1e-5)
    assert curves.deletion[-1] == pytest.approx(curves.insertion[0], abs=1e-6)


def test_deleting_by_the_right_scores_is_faster_than_by_their_opposite(engine, encoded):
    question = ask(engine, encoded, 0.0)
    scores = method("report", "leave_one_word_out").explain(question).scores[0]
    right, wrong = (deletion_insertion(question, "report", s)["left_out"].areas() for s in (scores, -scores))
    assert right["deletion"] < right["random"] < wrong["deletion"]
    assert right["insertion"] > right["random"] > wrong["insertion"]


def test_areas_are_scikit_learns(engine, encoded):
    question = ask(engine, encoded, 1.0)
    found = deletion_insertion(question, "image", method("image", "gradcam").explain(question).scores[0])
    for curves in found.values():
        assert curves.areas()["deletion"] == pytest.approx(auc(FRACTIONS, curves.deletion))


@pytest.mark.parametrize(("modality", "beta", "name"), [("image", 1.0, "gradcam"), ("report", 0.0, "contextual_cam")])
def test_small_noise_changes_little(engine, encoded, modality, beta, name):
    question = ask(engine, encoded, beta)
    chosen = method(modality, name)
    scores = chosen.explain(question).scores[0]
    assert stability(question, modality, chosen, scores) > 0.8
    shuffled = np.random.default_rng(0).permutation(scores.ravel()).reshape(scores.shape)
    assert stability(question, modality, chosen, shuffled) < 0.5


def test_a_random_network_is_another_one_and_leaves_the_first_alone(engine):
    before = {k: v.clone() for k, v in engine.network.state_dict().items()}
    other = randomised(engine, 5)
    assert randomised(engine, 5) is other
    assert all(torch.equal(v, before[k]) for k, v in engine.network.state_dict().items())
    changed = [
        not torch.equal(a, b) for a, b in zip(other.network.parameters(), engine.network.parameters(), strict=True)
    ]
    assert np.mean(changed) > 0.5


@pytest.mark.parametrize(
    "encoder",
    [
        pytest.param("torchvision/vit_b_16", marks=pytest.mark.slow),
        "timm/vit_tiny_patch16_224",
        "timm/tf_efficientnet_lite0",
    ],
)
def test_nothing_that_is_learnt_stays_in_a_random_network(encoder):
    """Class tokens, q, k and v, embeddings of positions, scales of layers and statistics of batches included."""
    fields = {"image_encoder": encoder, "image_size": 64, "image_weights": "none", "report_layers": 1}
    network = small_network(**fields)
    with torch.no_grad():
        for tensor in (*network.parameters(), *network.buffers()):
            if tensor.is_floating_point():
                tensor.add_(0.5)  # as if it had been learnt
    original = Engine(network, f"learnt-{encoder}", torch.device("cpu"))
    other = randomised(original, 1)
    alike = [n for n, p in other.network.named_parameters() if torch.equal(p, network.get_parameter(n))]
    statistics = [n for n, _ in network.named_buffers() if n.rsplit(".")[-1] in ("running_mean", "running_var")]
    alike += [n for n in statistics if torch.equal(other.network.get_buffer(n), network.get_buffer(n))]
    assert alike == []


def captums_cam(engine, encoded, square) -> np.ndarray:
    """Grad-CAM of a film at β = 1 by captum's hooks."""
    network = engine.network

    def logit(films):
        pooled = Pooled(network.pool_map(network.feature_map(films)), encoded.pooled.report)
        return network(pooled, torch.ones(1, 1))[:, 1]

    return LayerGradCam(logit, network.neck).attribute(square.clone().requires_grad_())[0, 0].detach().numpy()


def test_stability_and_random_networks_are_what_captum_and_scipy_make_of_them(engine, encoded):
    question = ask(engine, encoded, 1.0)
    chosen = method("image", "gradcam")
    scores = chosen.explain(question).scores[0]
    reference = captums_cam(engine, encoded, encoded.square)
    grain = np.random.default_rng(0).normal(0, 0.02, encoded.square.shape).astype(np.float32)
    noisy = captums_cam(engine, encoded, (encoded.square + torch.from_numpy(grain)).clamp(0, 1))
    expected = spearmanr(reference.ravel(), noisy.ravel()).statistic
    assert stability(question, "image", chosen, scores) == pytest.approx(expected, abs=1e-3)
    others = [captums_cam(randomised(engine, seed), encoded, encoded.square) for seed in (7, 8, 9)]
    expected = [spearmanr(reference.ravel(), other.ravel()).statistic for other in others]
    assert sanity_of_each(question, "image", chosen, scores, 7) == pytest.approx(expected, abs=1e-3)


def test_a_method_that_ignores_the_model_fails_the_sanity_check(engine, encoded):
    question = ask(engine, encoded, 1.0)

    def brightness(asked):
        return explain.Attribution(asked.encoded.square[0].numpy())

    edges = method("image", "gradcam")._replace(explain_batch=lambda batch: [brightness(q) for q in batch.questions])
    assert sanity(question, "image", edges, brightness(question).scores[0], 0) == pytest.approx((1, 0))
    scores = method("image", "gradcam").explain(question).scores[0]
    found = sanity(question, "image", method("image", "gradcam"), scores, 0)
    assert found.size < 0.9
    each = sanity_of_each(question, "image", method("image", "gradcam"), scores, 0)
    assert found == pytest.approx((np.abs(each).mean(), np.sqrt(((each - each.mean()) ** 2).sum() / 2)))


def test_what_is_constant_has_no_rank_correlation_and_no_figure(engine, encoded):
    question = ask(engine, encoded, 1.0)

    def level(asked):
        return explain.Attribution(np.ones((1, 8, 8)))

    flat = method("image", "gradcam")._replace(explain_batch=lambda batch: [level(q) for q in batch.questions])
    scores = level(question).scores[0]
    assert sanity(question, "image", flat, scores, 0) is None
    assert stability(question, "image", flat, scores) is None
    assert np.isnan(rank_correlation(np.arange(3.0), np.zeros(3)))
    assert np.isnan(rank_correlation(np.ones(1), np.ones(1)))


def test_rank_correlation_is_pearsons_of_mean_ranks():
    rng = np.random.default_rng(0)
    for a, b in (rng.random((2, 30)), rng.integers(0, 4, (2, 30)).astype(float)):
        ranks = [[(np.sum(x < v) + np.sum(x <= v) + 1) / 2 for v in x] for x in (a, b)]
        assert rank_correlation(a, b) == pytest.approx(np.corrcoef(*ranks)[0, 1])
        assert rank_correlation(a, b) == pytest.approx(spearmanr(a, b).statistic)


def test_pointing_game_and_concentration():
    cam = np.zeros((8, 8), np.float32)
    cam[6, 1] = 1
    mask = np.zeros((96, 96), bool)
    mask[66:90, 6:30] = True
    assert points_inside(cam, WHOLE, mask)
    assert not points_inside(cam, WHOLE, ~mask)
    assert not points_inside(-cam, WHOLE, mask)  # evidence against is no heat
    assert heat_concentration(cam, WHOLE, mask) == pytest.approx(1 / mask.mean(), rel=0.05)
    assert heat_concentration(np.ones((8, 8), np.float32), WHOLE, mask) == pytest.approx(1, rel=1e-4)
    assert heat_concentration(-cam, WHOLE, mask) is None


def test_heat_and_ranks_are_what_plain_loops_count():
    rng = np.random.default_rng(4)
    cam, mask = rng.normal(size=(8, 8)).astype(np.float32), rng.random((40, 40)) < 0.3
    heat = torch.nn.functional.interpolate(
        torch.from_numpy(cam).clamp(min=0)[None, None], (40, 40), mode="bilinear", align_corners=False
    )[0, 0]
    inside = sum(float(heat[r, c]) for r in range(40) for c in range(40) if mask[r, c])
    area = sum(bool(mask[r, c]) for r in range(40) for c in range(40)) / 1600
    assert heat_concentration(cam, WHOLE, mask) == pytest.approx(inside / float(heat.sum()) / area, rel=1e-4)
    hottest = divmod(int(heat.argmax()), 40)
    assert points_inside(cam, WHOLE, mask) == mask[hottest]
    scores, stating = rng.integers(0, 4, 25).astype(float), (2, 9, 20)  # with ties
    below = [(np.sum(scores < scores[w]) + np.sum(scores == scores[w]) / 2) / 25 for w in stating]
    assert rank_percentile(scores, stating) == pytest.approx(np.mean(below))


def test_rank_percentile_is_one_at_the_top_and_half_by_chance():
    scores = np.arange(100.0)
    assert rank_percentile(scores, (99,)) == pytest.approx(0.995)
    assert rank_percentile(scores, tuple(range(100))) == pytest.approx(0.5)
    assert rank_percentile(np.zeros(10), (0,)) == pytest.approx(0.5)


def test_what_the_truth_does_not_say_is_left_out(engine, encoded):
    trust = examine(engine, encoded, "Effusion", "image", "gradcam", Truth(None, ()))
    assert not {"points_inside", "heat_concentration", "top_word_states"} & trust.figures().keys()
    assert {"areas", "deletion", "insertion", "stability", "sanity", "sanity_spread"} <= trust.figures().keys()
    assert trust.figures()["areas"].keys() == {"blur", "black", "grey"}
    mask = np.ones((96, 96), bool)
    trust = examine(engine, encoded, "Effusion", "image", "gradcam", Truth(mask, ()), mask)
    assert trust.heat_concentration == pytest.approx(1)
    assert trust.heat_in_lungs == pytest.approx(1)
    words = examine(engine, encoded, "Effusion", "report", "contextual_cam", Truth(None, tuple(range(5))))
    assert 0 <= words.rank_percentile <= 1


def test_tests_that_nobody_waits_for_end(engine, encoded):
    with pytest.raises(explain.Cancelled):
        examine(engine, encoded, "Effusion", "image", "gradcam", should_continue=lambda: False)
