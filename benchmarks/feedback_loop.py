"""Does a model learn from its reviewers? Broken on one finding, corrected by simulated reviewers, fine-tuned.

    python benchmarks/feedback_loop.py [--finding Effusion] [--seeds 3] [--out feedback_loop.html]

For each seed, projections and head of the demo's model are trained twice from random weights, on the pooled vectors of
its training studies: with the table's labels (intact) and with 40 % of the finding's labels flipped (broken). Reviewers
then judge training studies drawn at random, and say the opposite of the truth of 5 % of all labels. Their verdicts go
through a store of feedback; `model.finetuning.finetune` learns from them beside the flipped table. AUROC is that of the
test split, the mean over β = 0, ½ and 1. `recovered` is the share of the loss that was won back, `others` the change of
the finding that lost most among the other ones. The last line is one JSON object.
"""

import argparse
import copy
import json
import tempfile
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import torch
import torch.nn.functional as F
from plotly.subplots import make_subplots
from tqdm import tqdm

from model.evaluation.compare_versions import GATE_BETAS
from model.evaluation.metrics import evaluate
from model.feedback import FeedbackStore, Flag, new_flag_id, utc_now
from model.feedback.corrections import corrections
from model.finetuning.finetune import FinetuneDataset, Recipe, finetune, finetune_dataset, trained
from model.inference.embeddings import PooledStudies, load_pooled
from model.inference.engine import Engine
from model.network.network import Pooled
from model.studies.opening import open_studies
from model.studies.table import Study
from model.training.batches import draw_beta

FLIPPED, MISTAKEN = 0.4, 0.05
SIZES = (50, 100, 200)


class Loop:
    """One seed: an intact and a broken model, and reviewers of the broken one."""

    def __init__(self, engine: Engine, train: tuple[Study, ...], pooled: PooledStudies, finding: str, seed: int):
        self.engine, self.train, self.pooled, self.seed = engine, train, pooled, seed
        self.rng = np.random.default_rng(seed)
        flip = self.rng.random(len(train)) < FLIPPED
        self.flipped = tuple(
            s._replace(labels=s.labels ^ {finding}) if f else s for s, f in zip(train, flip, strict=True)
        )
        self.intact = self._trained(train)
        self.broken = self._trained(self.flipped)
        self.order = self.rng.permutation(len(train))

    def auroc(self, engine: Engine, studies: tuple[Study, ...]) -> np.ndarray:
        """Of each finding, the mean over β."""
        return evaluate(engine, self.pooled.embedded(engine), studies, GATE_BETAS).auroc.mean(0)

    def review(self, store: FeedbackStore, start: int, stop: int) -> None:
        """The reviewers judge some more studies."""
        findings, network = self.engine.findings, self.broken.network
        for i in self.order[start:stop]:
            truth, row = self.train[i].labels, self.pooled.rows([self.train[i]])
            image, report = (torch.from_numpy(a[row]) for a in (self.pooled.image, self.pooled.report))
            with torch.no_grad():
                logits = network(Pooled(image, report), torch.full((1, 1), 0.5))
            shown = dict(zip(findings, logits.sigmoid()[0].tolist(), strict=True))
            wrong = {f for f in findings if self.rng.random() < MISTAKEN}
            said = truth ^ wrong
            agrees = said == {f for f, p in shown.items() if p >= 0.5}
            store.append(
                Flag(
                    flag_id=new_flag_id(),
                    time_utc=utc_now(),
                    reviewer="simulated",
                    study_id=self.train[i].study_id,
                    image_sha256="",
                    image_name="",
                    report="",
                    model_digest="broken",
                    beta=0.5,
                    probabilities=shown,
                    verdict="agree" if agrees else "disagree",
                    corrected_labels=() if agrees else tuple(sorted(said)),
                )
            )

    def finetuned(self, store: FeedbackStore) -> Engine:
        """The broken model, after it learnt from all verdicts so far."""
        found = corrections(store.rows(), self.engine.findings, self.engine.config.problem_type)
        data = finetune_dataset(self.engine.findings, self.flipped, self.pooled, found)
        engine = Engine(copy.deepcopy(self.broken.network), "", self.engine.device)
        finetune(engine.network, data, Recipe(seed=self.seed))
        return engine

    def _trained(self, studies: tuple[Study, ...]) -> Engine:
        torch.manual_seed(self.seed)
        network = copy.deepcopy(self.engine.network)
        network.log_temperature.zero_()
        for module in (network.image_projection, network.report_projection, network.fusion, network.head):
            for part in module.modules():
                if hasattr(part, "reset_parameters"):
                    part.reset_parameters()
        fit(network, finetune_dataset(self.engine.findings, studies, self.pooled, {}))
        return Engine(network, "", self.engine.device)


def fit(network, data: FinetuneDataset) -> None:
    """Train projections and head as the demo's were, with the encoders as they are."""
    config, parameters = network.config, trained(network)
    steps = len(data.labels) // config.batch_size
    optimizer = torch.optim.AdamW(parameters, weight_decay=config.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, config.learning_rate, total_steps=config.epochs * steps, pct_start=0.1
    )
    network.train()
    for _ in range(config.epochs):
        for rows in torch.randperm(len(data.labels))[: steps * config.batch_size].split(config.batch_size):
            batch = data.rows(rows)
            logits = network(batch.pooled, draw_beta(batch.has))
            optimizer.zero_grad()
            F.binary_cross_entropy_with_logits(logits, batch.labels).backward()
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            schedule.step()


def run(loop: Loop, finding: str, test: tuple[Study, ...]) -> list[dict[str, float]]:
    """What became of the finding and of the others after each number of corrections."""
    index = loop.engine.findings.index(finding)
    intact, broken = loop.auroc(loop.intact, test), loop.auroc(loop.broken, test)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        store, seen = FeedbackStore(folder), 0
        for size in SIZES:
            loop.review(store, seen, size)
            seen = size
            change = loop.auroc(loop.finetuned(store), test) - broken
            rows.append(
                {
                    "seed": loop.seed,
                    "corrected": size,
                    "intact": intact[index],
                    "broken": broken[index],
                    "tuned": broken[index] + change[index],
                    "recovered": change[index] / (intact[index] - broken[index]),
                    "others": np.delete(change, index).min(),
                }
            )
    return rows


def plot(rows: list[dict[str, float]], finding: str) -> go.Figure:
    """Recovery of the finding, and the greatest loss among the others, over the number of corrected studies."""
    figure = make_subplots(1, 2, subplot_titles=(f"AUROC of {finding}", "Change of the other that lost most"))
    for seed in sorted({row["seed"] for row in rows}):
        some = [row for row in rows if row["seed"] == seed]
        x, line = [0, *(row["corrected"] for row in some)], {"width": 2}
        tuned = [some[0]["broken"], *(row["tuned"] for row in some)]
        figure.add_scatter(x=x, y=tuned, name=f"seed {seed}", line=line, row=1, col=1)
        figure.add_scatter(x=x, y=[0, *(r["others"] for r in some)], showlegend=False, line=line, row=1, col=2)
    figure.add_hline(float(np.mean([row["intact"] for row in rows])), line_dash="dot", row=1, col=1)
    figure.add_hline(-0.01, line_dash="dot", row=1, col=2)
    return figure.update_xaxes(title="corrected studies").update_layout(template="plotly_white")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--finding", default="Effusion")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--checkpoint", type=Path)
    parser.add_argument("--out", type=Path, help="an HTML file for the plot")
    asked = parser.parse_args()
    engine, table = Engine.load(asked.checkpoint, "cpu"), open_studies(None)
    pooled = load_pooled(engine, table, lambda r: tqdm(r, desc="encoding", unit="batch"))
    train, test = (tuple(s for s in table.of_split(name) if not s.discordant) for name in ("train", "test"))
    rows = []
    for seed in range(asked.seeds):
        for row in run(Loop(engine, train, pooled, asked.finding, seed), asked.finding, test):
            rows.append(row)
            print("  ".join(f"{k} {v:.4g}" for k, v in row.items()), flush=True)
    if asked.out:
        plot(rows, asked.finding).write_html(asked.out)
    found = {"finding": asked.finding, "seeds": asked.seeds}
    for size in SIZES:
        some = [row for row in rows if row["corrected"] == size]
        shares = [row["recovered"] for row in some]
        found[f"{size}"] = {
            "recovered_mean": round(float(np.mean(shares)), 3),
            "recovered_least": round(float(np.min(shares)), 3),
            "others_worst": round(float(min(row["others"] for row in some)), 4),
        }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
