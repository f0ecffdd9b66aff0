"""Every fusion, with a sigmoid each and with a softmax, is explained at every β as independent means explain it:
captum, every coalition, a fine grid of β. What is explained is the log-odds of the probability."""

import copy
from itertools import permutations

import numpy as np
import plainly
import pytest
import torch
from captum.attr import LayerGradCam, LayerIntegratedGradients
from helpers import REPORT, random_film, small_network

import explain
from explain.every_beta.shapley import shapley
from explain.methods.registry import method
from explain.methods.words import merge_pieces
from explain.trust.faithfulness import deletion_insertion
from model.config import FUSIONS, MULTI_LABEL, SINGLE_LABEL
from model.inference.engine import Engine
from model.network.network import Pooled

BETWEEN = tuple((explain.NODES[:-1] + explain.NODES[1:]) / 2)
SHORT = "A small effusion."
INDEX = 1  # of Effusion
ENGINES = [(fusion, kind) for fusion in FUSIONS for kind in (MULTI_LABEL, SINGLE_LABEL)]


@pytest.fixture(scope="module", params=ENGINES, ids=[f"{f}-{k.split('_')[0]}" for f, k in ENGINES])
def engine(request) -> Engine:
    fusion, kind = request.param
    network = small_network(fusion=fusion, problem_type=kind, image_size=64, image_weights="none", report_layers=0)
    network.report_encoder.bert.encoder.layer = network.report_encoder.bert.encoder.layer[:2]  # what is quick
    return Engine(network, f"{fusion}-{kind}", torch.device("cpu"))


@pytest.fixture(scope="module")
def encoded(engine):
    return engine.encode(random_film(), REPORT)


def log_odds(network, image, report, beta: float):
    """log(p / (1 − p)) of the finding, from pooled vectors."""
    rows = max(len(image), len(report))
    logits = network(Pooled(image.expand(rows, -1), report.expand(rows, -1)), torch.full((rows, 1), beta))
    return network.probabilities(logits)[:, INDEX].double().logit().float()


@pytest.mark.parametrize("size", [1, 3])
def test_the_nodes_say_everything_between_them(engine, encoded, size):
    """Also where training has let the fusion lean as far as it can."""
    engine = Engine(copy.deepcopy(engine.network), f"{engine.digest}-{size}", engine.device)
    for parameter in engine.network.fusion.parameters():
        parameter.mul_(size)
    found = explain.evidence(engine, encoded, "Effusion", **explain.INSTANT)
    direct = method("image", "gradcam").explain(explain.Question(engine, encoded, INDEX, BETWEEN)).scores
    p = engine.probabilities(encoded, np.array(BETWEEN))[:, INDEX].astype(float)
    logits = np.log(p / (1 - p))
    assert np.ptp(logits) > 0
    for beta, map_, logit in zip(BETWEEN, direct, logits, strict=True):
        assert explain.interpolate(found.logit, beta) == pytest.approx(logit, abs=1e-4)
        assert np.abs(explain.interpolate(found.cam, beta) - map_).max() <= 1e-4 * np.abs(direct).max()


def test_all_the_evidence_is_there_and_adds_up(engine):
    found = explain.evidence(engine, engine.encode(random_film(), SHORT), "Effusion")
    np.testing.assert_allclose(found.contributions.sum(1), found.logit - found.reference_logit, atol=1e-6)
    assert found.contributions[[0, -1], [0, 1]] == pytest.approx([0, 0], abs=1e-6)
    assert found.report_error <= 0.01
    assert np.abs(found.word_scores[-1]).max() <= 1e-5 * np.abs(found.word_scores).max()
    assert np.abs(found.cam[0]).max() <= 1e-5 * np.abs(found.cam).max()


@pytest.mark.parametrize("beta", [0.05, 0.5, 1.0])
def test_grad_cam_is_captums(engine, encoded, beta):
    network = engine.network

    def of_films(films):
        return log_odds(network, network.pool_map(network.feature_map(films)), encoded.pooled.report, beta)

    found = explain.evidence(engine, encoded, "Effusion", **explain.INSTANT)
    expected = LayerGradCam(of_films, network.neck).attribute(encoded.square.clone().requires_grad_())
    largest = np.abs(found.cam).max()
    np.testing.assert_allclose(explain.interpolate(found.cam, beta), expected[0, 0].detach(), atol=1e-5 * largest)


@pytest.mark.parametrize("with_film", [True, False])
def test_integrated_gradients_of_words_are_captums(engine, with_film):
    """Where the film is missing the report decides alone, whatever β says."""
    network, beta = engine.network, 0.35
    case = engine.encode(random_film() if with_film else None, SHORT)
    tokens = case.tokens

    def of_pieces(ids):
        report = network.pool_report(ids, tokens.mask.expand(len(ids), -1))
        return log_odds(network, case.pooled.image, report, beta if with_film else 0.0)

    blank = torch.where(tokens.special, tokens.ids, network.report_encoder.tokenizer.pad_token_id)
    rival = LayerIntegratedGradients(of_pieces, network.report_encoder.bert.get_input_embeddings())
    pieces = rival.attribute(tokens.ids, baselines=blank, n_steps=100, internal_batch_size=25)
    question = explain.Question(engine, case, INDEX, (beta,))
    answer = method("report", "integrated_gradients").explain(question)
    ours = answer.scores[0]
    expected = merge_pieces(pieces.sum(-1).detach().numpy(), tokens, question.words)[0]
    assert np.linalg.norm(ours - expected) <= 0.01 * np.linalg.norm(expected)
    change = float(of_pieces(tokens.ids) - of_pieces(blank))
    assert answer.completeness_error == pytest.approx(abs(ours.sum() - change) / abs(change), abs=1e-4)


@pytest.mark.parametrize("modality", ["image", "report"])
def test_deletion_and_insertion_are_what_plain_loops_find(engine, encoded, modality):
    """At a β at which both decide; at some of the steps."""
    question, steps = explain.Question(engine, encoded, INDEX, (0.4,)), [0, 5, 8, 12]
    name = explain.INSTANT[modality]
    scores = method(modality, name).explain(question).scores[0]
    for baseline, curves in deletion_insertion(question, modality, scores).items():
        if modality == "image":
            probability = plainly.of_film(engine, encoded, INDEX, 0.4, scores.shape, baseline)
        else:
            probability = plainly.of_report(engine, encoded, INDEX, 0.4, question.words)
        for curve, values in plainly.curves(probability, scores, tuple(steps)).items():
            np.testing.assert_allclose(getattr(curves, curve)[steps], values, atol=1e-5)


@pytest.mark.parametrize("beta", [0.0, 0.3, 0.5, 1.0])
@pytest.mark.parametrize(("film", "report"), [(random_film(), REPORT), (random_film(), ""), (None, REPORT)])
def test_shares_are_those_of_every_order_of_every_coalition(engine, beta, film, report):
    network, case = engine.network, engine.encode(film, report)
    present = dict(zip(("image", "report"), network.embed(case.pooled), strict=True))
    absent = {"image": network.image_reference[None], "report": network.report_reference[None]}
    alone = {("image",): 1.0, ("report",): 0.0}.get(case.modalities, beta)

    def worth(coalition) -> float:
        image, report = (present[m] if m in coalition else absent[m] for m in present)
        p = network.probabilities(network.decide(image, report, torch.tensor([[alone]])))[0, INDEX].double()
        return float(p.log() - (-p).log1p())

    orders = list(permutations(present))
    expected = dict.fromkeys(present, 0.0)
    for order in orders:
        for place, m in enumerate(order):
            expected[m] += (worth(order[: place + 1]) - worth(order[:place])) / len(orders)
    (found,) = shapley(explain.Batch((explain.Question(engine, case, INDEX, (beta,)),)))
    np.testing.assert_allclose(found.values[0], list(expected.values()), atol=2e-5)
    assert found.logit[0] - found.reference_logit[0] == pytest.approx(worth(present) - worth(()), abs=2e-5)
    together = worth(present) - worth(["image"]) - worth(["report"]) + worth(())
    assert found.interaction[0] == pytest.approx(together, abs=5e-5)


@pytest.mark.parametrize("at", [0.013, 0.37, 0.9])
def test_flips_are_those_of_a_fine_grid(engine, encoded, at):
    """The bias is moved until the decision on a finding hangs in the balance at one β."""
    engine = Engine(copy.deepcopy(engine.network), f"{engine.digest}-{at}", engine.device)
    ends = engine.logits(encoded, np.array([0.0, 1.0])).numpy()
    index = int(np.abs(ends[1] - ends[0]).argmax())  # of the finding that moves most
    single = engine.config.problem_type == SINGLE_LABEL
    logits = engine.logits(encoded, np.array([at]))[0].numpy()
    engine.network.head.out.bias[index] -= float(logits[index] - (np.delete(logits, index).max() if single else 0))
    grid = np.linspace(0, 1, 2001)
    p = engine.probabilities(encoded, grid)
    decided = p.argmax(1) == index if single else p[:, index] > 0.5
    expected = (grid[1:] + grid[:-1])[decided[1:] != decided[:-1]] / 2
    found = explain.evidence(engine, encoded, engine.findings[index], **explain.INSTANT).flips
    assert len(expected) >= 1
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_what_is_explained_moves_with_the_probability(engine, encoded):
    found = explain.evidence(engine, encoded, "Effusion", **explain.INSTANT)
    p = engine.probabilities(encoded, explain.NODES)[:, INDEX].astype(float)
    np.testing.assert_allclose(found.logit, np.log(p / (1 - p)), atol=2e-5)


@pytest.mark.parametrize(("film", "report", "beta"), [(random_film(), "", 1.0), (None, REPORT, 0.0)])
def test_a_missing_modality_is_an_end_of_beta(engine, film, report, beta):
    case = engine.encode(film, report)
    whole = engine.encode(random_film(), REPORT)
    alone = engine.probabilities(case, np.array([0.3]))
    np.testing.assert_allclose(alone, engine.probabilities(whole, np.array([beta])), atol=1e-6)
