"""What a move of β costs, and what a case costs first: factored explanations against captum, alternately in one run.

    python benchmarks/beta_move.py [--cases 20]

A move is all that follows the slider: prediction, Grad-CAM, words, shares and the curve at a new β. The rival is
captum's LayerGradCam and LayerIntegratedGradients (50 steps) at that β, with the image's pooled vector cached for the
words: the fair comparison. `first_ratio` is everything about one finding at every β (once a case) over one captum
integrated-gradients call at one β; `instant_ratio` is a case in its instant tier, from film and report to the value
the page draws, over one forward pass of both encoders. All are medians over cases. The last line is one JSON object.
"""

import argparse
import json
import time

import numpy as np
import torch
from captum.attr import LayerGradCam, LayerIntegratedGradients
from tqdm import tqdm

import explain
from dashboard.ui.payload import as_json, describe_evidence
from model.inference.encoding import Encoded
from model.inference.engine import Engine
from model.network.network import Pooled
from model.network.preprocess import fit_film
from model.studies.opening import open_studies
from model.studies.table import load_film

IG_STEPS = 50


class Move:
    """What the page's exact event and its canvas show at a new β, from what is cached of a case."""

    def __init__(self, engine: Engine, encoded: Encoded, evidence: explain.Evidence):
        self.engine, self.encoded, self.evidence = engine, encoded, evidence

    def __call__(self, beta: float) -> None:
        found = self.evidence
        self.engine.probabilities(self.encoded, np.array([beta]))
        for values in (found.cam, found.word_scores, found.contributions):
            explain.interpolate(values, beta)
        found.curve[round(beta * 100)]


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


@torch.no_grad()
def forward(engine: Engine, square: torch.Tensor, report: str) -> None:
    """Both encoders and the head, once."""
    network = engine.network
    tokens = network.report_encoder.tokenize([report])
    pooled = Pooled(network.pool_map(network.feature_map(square)), network.pool_report(tokens.ids, tokens.mask))
    network(pooled, torch.full((1, 1), 0.5))


def instant(engine: Engine, film, report: str, finding: str) -> None:
    """A case never seen before, up to the value that the page draws."""
    engine.forget()
    found = explain.evidence(engine, engine.encode(film, report), finding, **explain.INSTANT)
    as_json(describe_evidence(found, report))


def seconds(function, *arguments, **named) -> float:
    start = time.perf_counter()
    function(*arguments, **named)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=20)
    cases = parser.parse_args().cases
    engine, rng = Engine.load(device="cpu"), np.random.default_rng(0)
    studies = [s for s in open_studies(None).of_split("test") if s.labels][:cases]
    times: dict[str, list[float]] = {name: [] for name in ("ours", "rival", "first", "words", "instant", "forward")}
    for study in tqdm(studies, unit="case"):
        film, finding = load_film(study), sorted(study.labels)[0]
        encoded = engine.encode(film, study.report)
        rival = Rival(engine, engine.finding_index(finding))
        square = torch.from_numpy(fit_film(film.pixels, engine.config.image_size)[0])[None, None].requires_grad_()
        move = Move(engine, encoded, explain.evidence(engine, encoded, finding))
        beta = float(rng.random())
        times["words"].append(seconds(rival.integrated_gradients, encoded, beta))
        times["first"].append(seconds(explain.evidence, engine, encoded, finding))
        times["ours"].append(np.median([seconds(move, b) for b in rng.random(9)]))
        times["rival"].append(times["words"][-1] + seconds(rival.heatmap, square, encoded, beta))
        times["forward"].append(np.median([seconds(forward, engine, square, study.report) for _ in range(5)]))
        times["instant"].append(np.median([seconds(instant, engine, film, study.report, finding) for _ in range(5)]))
    median = {name: float(np.median(values)) for name, values in times.items()}

    def ratio(a: str, b: str) -> float:
        return float(np.median(np.array(times[a]) / np.array(times[b])))

    result = {
        "cases": len(studies),
        "ratio": round(ratio("rival", "ours")),
        "ours_ms": round(median["ours"] * 1e3, 3),
        "rival_ms": round(median["rival"] * 1e3, 1),
        "first_ratio": round(ratio("first", "words"), 2),
        "instant_ratio": round(ratio("instant", "forward"), 2),
        "threads": torch.get_num_threads(),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
