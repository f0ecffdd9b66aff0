"""What a move of β costs: factored explanations against captum, alternately in one run.

    python benchmarks/beta_move.py [--cases 20]

A move is all that follows the slider: prediction, Grad-CAM, words, shares and the curve at a new β. The rival is
captum's LayerGradCam and LayerIntegratedGradients (50 steps) at that β, with the image's pooled vector cached for the
words: the fair comparison. `first_ratio` is the exact tier of one finding at every β (once a case) over one captum
integrated-gradients call at one β. The last line is one JSON object.
"""

import argparse
import json
import time

import numpy as np
import torch
from captum.attr import LayerGradCam, LayerIntegratedGradients
from tqdm import tqdm

import explain
from model.data import load_film, open_studies
from model.engine import Encoded, Engine
from model.network import Pooled
from model.preprocess import fit_film

IG_STEPS = 50


def move(engine: Engine, encoded: Encoded, evidence: explain.Evidence, beta: float) -> None:
    """What the page's exact event and its canvas show at a new β."""
    engine.probabilities(encoded, np.array([beta]))
    explain.interpolate(evidence.cam, beta)
    explain.interpolate(evidence.word_scores, beta)
    explain.interpolate(evidence.contributions, beta)
    evidence.curve[round(beta * 100)]


class Rival:
    """captum on the same network."""

    def __init__(self, engine: Engine, index: int):
        self.network, self.index = engine.network, index
        self.cam = LayerGradCam(self._from_film, self.network.neck)
        self.words = LayerIntegratedGradients(self._from_words, self.network.report_encoder.bert.get_input_embeddings())

    def _decide(self, image, report, beta):
        return self.network(Pooled(image, report), torch.full((len(report), 1), beta))[:, self.index]

    def _from_film(self, film, report, beta):
        return self._decide(self.network.pool_map(self.network.feature_map(film)), report, beta)

    def _from_words(self, ids, mask, image, beta):
        return self._decide(image.expand(len(ids), -1), self.network.pool_report(ids, mask), beta)

    def heatmap(self, film, encoded: Encoded, beta: float) -> None:
        self.cam.attribute(film, additional_forward_args=(encoded.pooled.report, beta))

    def integrated_gradients(self, encoded: Encoded, beta: float) -> None:
        ids, mask, special, _ = encoded.tokens
        baseline = torch.where(special, ids, self.network.report_encoder.tokenizer.pad_token_id)
        arguments = (mask, encoded.pooled.image, beta)
        self.words.attribute(ids, baselines=baseline, additional_forward_args=arguments, n_steps=IG_STEPS)


def seconds(function, *arguments) -> float:
    start = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=20)
    cases = parser.parse_args().cases
    engine, rng = Engine.load(device="cpu"), np.random.default_rng(0)
    studies = [s for s in open_studies(None).of_split("test") if s.labels][:cases]
    ours, rival, first, captum_words = [], [], [], []
    for study in tqdm(studies, unit="case"):
        film, finding = load_film(study), sorted(study.labels)[0]
        encoded = engine.encode(film, study.report)
        other = Rival(engine, engine.finding_index(finding))
        square = torch.from_numpy(fit_film(film.pixels, engine.config.image_size)[0])[None, None].requires_grad_()
        evidence = explain.evidence(engine, encoded, finding)
        beta = float(rng.random())
        ours.append(np.median([seconds(move, engine, encoded, evidence, beta) for _ in range(5)]))
        captum_words.append(seconds(other.integrated_gradients, encoded, beta))
        rival.append(captum_words[-1] + seconds(other.heatmap, square, encoded, beta))
        first.append(seconds(explain.evidence, engine, encoded, finding))
    result = {
        "cases": len(studies),
        "ratio": round(float(np.median(np.array(rival) / np.array(ours)))),
        "ours_ms": round(float(np.median(ours)) * 1e3, 3),
        "rival_ms": round(float(np.median(rival)) * 1e3, 1),
        "first_ratio": round(float(np.median(np.array(first) / np.array(captum_words))), 2),
        "threads": torch.get_num_threads(),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
