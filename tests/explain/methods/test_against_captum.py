"""Explanations at every β are what captum computes with hooks at each."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from captum.attr import (
    IntegratedGradients,
    LayerGradCam,
    LayerGradientXActivation,
    LayerIntegratedGradients,
    Occlusion,
)
from helpers import REPORT, random_film

import explain
from explain.every_beta.heatmap import heatmap
from explain.methods.image.occlusion import blur
from explain.methods.registry import method
from explain.methods.words import merge_pieces
from model.network.network import Pooled

BETAS = (0.0, 0.07, 0.33, 0.5, 0.81, 1.0)


@pytest.fixture(scope="module")
def encoded(engine):
    return engine.encode(random_film(), REPORT)


@pytest.fixture
def question(engine, encoded):
    return explain.Question(engine, encoded, 1, BETAS)


def of_films(engine, encoded, index):
    """The logit as a function of films and β, with the case's report."""
    network = engine.network

    def logit(films, beta):
        pooled = network.pool_map(network.feature_map(films))
        report = encoded.pooled.report.expand(len(films), -1)
        return network(Pooled(pooled, report), torch.full((len(films), 1), beta))[:, index]

    return logit


def of_words(engine, encoded, index):
    """The logit as a function of word pieces, their mask and β, with the case's film."""
    network = engine.network

    def logit(ids, mask, beta):
        report = network.pool_report(ids, mask)
        image = encoded.pooled.image.expand(len(ids), -1)
        return network(Pooled(image, report), torch.full((len(ids), 1), beta))[:, index]

    return logit


def embeddings_of(engine):
    return engine.network.report_encoder.bert.get_input_embeddings()


@pytest.mark.parametrize("index", [0, 1, 2])
def test_grad_cam_is_captums(engine, encoded, index):
    films = encoded.square.clone().requires_grad_()
    found = explain.evidence(engine, encoded, engine.findings[index], **explain.INSTANT)
    rival = LayerGradCam(of_films(engine, encoded, index), engine.network.neck)
    reference = {b: rival.attribute(films, additional_forward_args=b)[0, 0].detach().numpy() for b in BETAS}
    largest = max(np.abs(r).max() for r in reference.values())
    assert largest > 0
    for beta, expected in reference.items():
        assert np.abs(explain.interpolate(found.cam, beta) - expected).max() <= 1e-5 * largest


@pytest.mark.parametrize("beta", [0.0, 0.4, 0.9])
def test_integrated_gradients_of_words_are_captums(engine, encoded, beta):
    tokens = encoded.tokens
    baseline = torch.where(tokens.special, tokens.ids, engine.network.report_encoder.tokenizer.pad_token_id)
    expected = LayerIntegratedGradients(of_words(engine, encoded, 1), embeddings_of(engine)).attribute(
        tokens.ids,
        baselines=baseline,
        additional_forward_args=(tokens.mask, beta),
        n_steps=200,
        internal_batch_size=25,
    )
    found = explain.evidence(engine, encoded, engine.findings[1])
    expected = merge_pieces(expected.sum(-1).detach().numpy(), tokens, found.words)[0]
    difference = explain.interpolate(found.word_scores, beta) - expected
    assert np.linalg.norm(difference) <= 0.01 * np.linalg.norm(expected)
    assert found.report_error <= 0.01


def test_gradient_x_input_is_captums(engine, encoded, question):
    ours = method("report", "gradient_x_input").explain(question).scores
    rival = LayerGradientXActivation(of_words(engine, encoded, 1), embeddings_of(engine))
    for row, beta in zip(ours, BETAS, strict=True):
        expected = rival.attribute(encoded.tokens.ids, additional_forward_args=(encoded.tokens.mask, beta))
        expected = merge_pieces(expected.sum(-1).detach().numpy(), encoded.tokens, question.words)[0]
        np.testing.assert_allclose(row, expected, atol=1e-5 * np.abs(ours).max())


def test_integrated_gradients_of_the_film_are_captums(engine, encoded, question):
    ours = method("image", "integrated_gradients").explain(replace(question, betas=(0.6,)))
    expected = IntegratedGradients(of_films(engine, encoded, 1)).attribute(
        encoded.square,
        torch.zeros_like(encoded.square),
        additional_forward_args=0.6,
        n_steps=200,
        internal_batch_size=25,
    )
    side = ours.scores.shape[-1]
    expected = expected[0, 0].unflatten(0, (side, -1)).unflatten(2, (side, -1)).sum((1, 3)).detach().numpy()
    assert np.linalg.norm(ours.scores[0] - expected) <= 0.05 * np.linalg.norm(expected)


def test_occlusion_is_captums(engine, encoded, question):
    ours = method("image", "occlusion").explain(replace(question, betas=(0.6,))).scores[0]
    cell = encoded.square.shape[-1] // len(ours)
    expected = Occlusion(of_films(engine, encoded, 1)).attribute(
        encoded.square,
        sliding_window_shapes=(1, 2 * cell, 2 * cell),
        strides=(1, cell, cell),
        baselines=blur(encoded.square),
        additional_forward_args=0.6,
        perturbations_per_eval=8,
    )
    expected = expected[0, 0, ::cell, ::cell].detach().numpy() / 4
    np.testing.assert_allclose(ours, expected, atol=1e-4 * np.abs(expected).max())


def per_cell_gradient(engine, encoded, index, beta):
    """∂logit/∂feature of every cell, by autograd through the pooling."""
    network, features = engine.network, encoded.features.clone().requires_grad_()
    beta = torch.tensor([[beta]])
    logit = network(Pooled(network.pool_map(features), encoded.pooled.report), beta)[0, index]
    return torch.autograd.grad(logit, features)[0][0], features.detach()[0]


@pytest.mark.parametrize("row", range(1, len(BETAS)))
def test_layer_cam_is_its_papers_formula(engine, encoded, question, row):
    gradient, features = per_cell_gradient(engine, encoded, 1, BETAS[row])
    expected = (gradient.clamp(min=0) * features).sum(0).numpy()
    ours = method("image", "layercam").explain(question).scores[row]
    np.testing.assert_allclose(ours, expected, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("row", range(1, len(BETAS)))
def test_grad_cam_plus_plus_is_its_papers_formula(engine, encoded, question, row):
    gradient, features = (t.double() for t in per_cell_gradient(engine, encoded, 1, BETAS[row]))
    alpha = gradient**2 / (2 * gradient**2 + features.sum((1, 2), keepdim=True) * gradient**3)
    weights = (alpha.nan_to_num(0) * gradient.clamp(min=0)).sum((1, 2))
    expected = torch.einsum("c,crk->rk", weights, features).numpy()
    ours = method("image", "gradcam_plus_plus").explain(question).scores[row]
    np.testing.assert_allclose(ours * features[0].numel(), expected, rtol=1e-3, atol=1e-5 * np.abs(expected).max())


def test_leaving_a_word_out_is_leaving_it_out(engine, encoded, question):
    """Against the encoder run on the report's pieces without those of the word, at their own positions."""
    word = next(i for i, w in enumerate(question.words) if w.text == "effusion")
    ours = method("report", "leave_one_word_out").explain(question).scores[:, word]
    span, tokens = question.words[word], encoded.tokens
    kept = ~((tokens.offsets[0, :, 0] >= span.start) & (tokens.offsets[0, :, 1] <= span.end) & ~tokens.special[0])
    bert = engine.network.report_encoder.bert
    hidden = bert(input_ids=tokens.ids[:, kept], position_ids=torch.arange(len(kept))[kept][None]).last_hidden_state
    pooled = Pooled(*(p.expand(len(BETAS), -1) for p in (encoded.pooled.image, hidden.mean(1))))
    logits = engine.network(pooled, torch.tensor(BETAS)[:, None])[:, 1]
    expected = engine.logits(encoded, np.array(BETAS))[:, 1] - logits
    np.testing.assert_allclose(ours, expected.detach().numpy(), atol=1e-4)


def test_no_hook_is_left_behind(engine, encoded):
    explain.evidence(engine, encoded, "Effusion")
    assert not any(m._forward_hooks or m._backward_hooks or m._forward_pre_hooks for m in engine.network.modules())


def test_heatmap_is_torchvisions_upsampling_where_the_film_is_square(engine):
    case = engine.encode(random_film(3, 160, 160), "")
    cam = explain.evidence(engine, case, "Effusion").cam[-1]
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(cam).clamp(min=0)[None, None], (160, 160), mode="bilinear", align_corners=False
    )
    np.testing.assert_allclose(heatmap(cam, case.box, 160, 160), expected[0, 0].numpy(), atol=1e-5)


def test_heatmap_leaves_out_the_padding_of_a_narrow_film(engine):
    case = engine.encode(random_film(4, 200, 100), "")
    assert case.box == pytest.approx((0, 0.25, 1, 0.5))
    cam = np.zeros((8, 8), np.float32)
    cam[:, :2] = 1  # heat in the black bar beside the film
    assert heatmap(cam, case.box, 200, 100)[:, 20:].max() == 0
