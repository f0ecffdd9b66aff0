"""On the demo's model and real reports: what lies at any β is what captum computes there.

Slow: captum takes some seconds for each of 33 explanations of each case.
"""

import numpy as np
import pytest
import torch
from captum.attr import LayerGradCam, LayerIntegratedGradients

import explain
from explain.methods.words import merge_pieces
from model.inference.engine import Engine
from model.network.network import Pooled
from model.studies.opening import open_studies
from model.studies.table import load_film

CASES, FINDINGS, BETAS = 20, 3, np.linspace(0, 1, 11).round(2).tolist()


@pytest.fixture(scope="module")
def demo() -> Engine:
    return Engine.load(device="cpu")


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("case", range(CASES))
def test_the_demo_is_explained_exactly(demo, case):
    network = demo.network
    study = [s for s in open_studies(None).of_split("test") if s.labels][case]
    encoded = demo.encode(load_film(study), study.report)
    tokens, films = encoded.tokens, encoded.square.clone().requires_grad_()
    baseline = torch.where(tokens.special, tokens.ids, network.report_encoder.tokenizer.pad_token_id)
    likely = demo.probabilities(encoded, np.array([0.5]))[0].argsort()[::-1][:FINDINGS]
    for index in likely:
        found = explain.evidence(demo, encoded, demo.findings[index])
        assert found.report_error <= 0.01

        def from_film(films, beta, index=index):
            pooled = Pooled(network.pool_map(network.feature_map(films)), encoded.pooled.report)
            return network(pooled, torch.full((1, 1), beta))[:, index]

        def from_words(ids, mask, beta, index=index):
            image = encoded.pooled.image.expand(len(ids), -1)
            return network(Pooled(image, network.pool_report(ids, mask)), torch.full((len(ids), 1), beta))[:, index]

        cam = LayerGradCam(from_film, network.neck)
        words = LayerIntegratedGradients(from_words, network.report_encoder.bert.get_input_embeddings())
        maps, scores = [], []
        for beta in BETAS:
            maps.append(cam.attribute(films, additional_forward_args=beta)[0, 0].detach().numpy())
            pieces = words.attribute(
                tokens.ids,
                baselines=baseline,
                additional_forward_args=(tokens.mask, beta),
                n_steps=200,
                internal_batch_size=20,
            )
            scores.append(merge_pieces(pieces.sum(-1).detach().numpy(), tokens, found.words)[0])
        ours = [explain.interpolate(found.cam, b) for b in BETAS]
        assert np.abs(np.array(ours) - np.array(maps)).max() <= 1e-5 * np.abs(maps).max()
        for beta, expected in zip(BETAS[:-1], scores[:-1], strict=True):  # at β = 1 the report has no part
            difference = np.linalg.norm(explain.interpolate(found.word_scores, beta) - expected)
            assert difference <= 0.01 * np.linalg.norm(expected), (study.study_id, index, beta)
        assert np.abs(scores[-1]).max() <= 1e-5 * np.abs(scores[0]).max()
        assert np.abs(explain.interpolate(found.word_scores, 1.0)).max() <= 1e-5 * np.abs(scores[0]).max()
