"""The report encoder learns to read before film and report are learnt together: `report_epochs`.

In a joint training the film excuses a report that was misread. Here the encoder has a head of its own over the findings
and two kinds of text: the training reports, and texts of this project's own phrases, in which findings are affirmed,
denied before and after their name, said to have gone, and suspected. The head is thrown away.
"""

import math
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import nn
from tqdm import tqdm

from model.errors import TrainingError
from model.network.network import Network
from model.studies.arrays import StudyArrays
from model.studies.demo.phrases import STANCES, TRUTH, irrelevant, known_findings, misspelt, sentence
from model.training.resume import READING, TrainingState

BATCH = 32  # texts a step
TEXTS = 6000  # of own phrases an epoch
WARM_UP = 0.1  # share of the steps in which the learning rate rises
_STANCE_SHARES = (0.34, 0.34, 0.14, 0.18)  # of `STANCES`
_MISSPELT, _TYPOS = 0.3, 0.2  # share of the texts, and of their longer words
_MASKED = 0.15  # share of the texts in which a word is masked


class Texts(NamedTuple):
    """Texts, and what each says of the findings.

    Attributes:
        said: 0 (not there) to 1 (there).
        weight: 0 where it says nothing about a finding that nobody can write phrases of.
    """

    texts: list[str]
    said: Float[np.ndarray, "n findings"]
    weight: Float[np.ndarray, "n findings"]

    def rows(self, rows: Int[np.ndarray, "m"]) -> "Texts":
        """Some of the texts."""
        return Texts([self.texts[i] for i in rows], self.said[rows], self.weight[rows])


def own_texts(n: int, findings: Sequence[str], rng: np.random.Generator) -> Texts:
    """Texts of one to five sentences of this project's own phrases, each finding named at most once; one that is not
    named is not there."""
    known = [f for f in findings if f in known_findings()]
    if not known:
        n = 0
    texts, said = [], np.zeros((n, len(findings)), np.float32)
    for i in range(n):
        named = rng.choice(known, min(int(rng.integers(1, 5)), len(known)), replace=False)
        parts = [irrelevant(rng) for _ in range(rng.integers(0, 3))]
        for finding in map(str, named):
            stance = STANCES[int(rng.choice(len(STANCES), p=_STANCE_SHARES))]
            said[i, list(findings).index(finding)] = TRUTH[stance]
            parts.append(sentence(finding, stance, rng))
        text = " ".join(parts[k] for k in rng.permutation(len(parts)))
        if rng.random() < _MISSPELT:
            text = misspelt(text, rng, _TYPOS)
        texts.append(_one_masked(text, rng) if rng.random() < _MASKED else text)
    weight = np.tile(np.array([f in known for f in findings], np.float32), (n, 1))
    return Texts(texts, said, weight)


def _one_masked(text: str, rng: np.random.Generator) -> str:
    """A text in which one word is masked, most often one that says nothing by itself."""
    words = text.split(" ")
    words[int(rng.integers(len(words)))] = "XXXX"
    return " ".join(words)


def learn_to_read(
    network: Network, data: StudyArrays, device: torch.device, folder: Path | None, mark: str, resume: bool, main: bool
) -> None:
    """Train the report encoder of a network for `report_epochs`; its head begins anew and is not kept.

    Args:
        network: its `report_layers` say what of the encoder learns.
        data: the training studies; of these the reports, with their labels.
        folder: for the state after each epoch; None keeps none.
        mark: of the training that this belongs to, see `model.training.resume.fingerprint`.
        resume: go on from the state in the folder, if there is one.
        main: of several processes the one that tells how far it is, and keeps the state.

    Raises:
        TrainingError: nothing of the encoder learns, a loss is no number, or a state cannot be used.
    """
    run = _Reading(network, data, device, folder, mark, resume)
    with tqdm(total=run.steps * run.epochs, disable=not main, unit="step", desc="reading", mininterval=1) as bar:
        bar.update(run.epoch * run.steps)
        while run.epoch < run.epochs:
            loss = run.learn_epoch(bar)
            if main:
                run.save()
                tqdm.write(f"reading epoch {run.epoch}/{run.epochs}  loss {loss:.4f}", file=sys.stderr)


class _Reading:
    """The encoder's training between two of its epochs."""

    def __init__(
        self, network: Network, data: StudyArrays, device: torch.device, folder: Path | None, mark: str, resume: bool
    ):
        config = network.config
        trained = [p for p in network.report_encoder.parameters() if p.requires_grad]
        if not trained:
            raise TrainingError("report_epochs asks the report encoder to learn, and report_layers is 0: nothing does.")
        self.network, self.device, self.findings, self.epochs = network, device, config.findings, config.report_epochs
        self.seed, rows = config.seed, np.flatnonzero(data.has[:, 1])
        self.reports = Texts(
            [data.reports[i] for i in rows], data.labels[rows], np.ones_like(data.labels[rows], np.float32)
        )
        own = TEXTS if set(self.findings) & set(known_findings()) else 0
        self.steps = math.ceil((len(rows) + own) / BATCH)
        if not self.steps:
            raise TrainingError("report_epochs asks the report encoder to learn, and no study has a report.")
        torch.manual_seed(config.seed)
        network.to(device)
        self.head = nn.Linear(network.report_encoder.channels, len(self.findings)).to(device)
        groups = [
            {"params": trained, "lr": config.encoder_learning_rate},
            {"params": self.head.parameters(), "lr": config.learning_rate},
        ]
        self.optimizer = torch.optim.AdamW(groups, weight_decay=config.weight_decay)
        total = max(4, self.steps * self.epochs)
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer, [g["lr"] for g in groups], total_steps=total, pct_start=max(WARM_UP, 2 / total)
        )
        self.epoch = 0
        self.state = TrainingState(folder / READING, mark, resume) if folder else None
        if self.state and (saved := self.state.load(device)):
            self._restore(saved)

    def learn_epoch(self, bar: tqdm) -> float:
        """Every report once, and as many new texts of own phrases; what is drawn follows from seed and number alone.

        Returns:
            The mean loss.

        Raises:
            TrainingError: it is no number.
        """
        self.network.report_encoder.train()
        torch.manual_seed(self.seed + self.epoch)
        losses = []
        for batch in self._batches():
            pooled = self.network.pool_reports(batch.texts)
            said, weight = (torch.from_numpy(a).to(self.device) for a in (batch.said, batch.weight))
            loss = (F.binary_cross_entropy_with_logits(self.head(pooled), said, reduction="none") * weight).mean()
            if not torch.isfinite(loss):
                raise TrainingError("The loss of reading is no number: lower encoder_learning_rate.")
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_([p for g in self.optimizer.param_groups for p in g["params"]], 1.0)
            self.optimizer.step()
            self.schedule.step()
            losses.append(float(loss.detach()))
            bar.update()
        self.epoch += 1
        return float(np.mean(losses))

    def save(self) -> None:
        """Keep the state, where there is a folder for it."""
        if self.state:
            self.state.save(self._state_to_save())

    def _batches(self) -> Iterator[Texts]:
        rng = np.random.default_rng([self.seed, 11, self.epoch])
        own = own_texts(TEXTS, self.findings, rng)
        every = Texts(
            self.reports.texts + own.texts,
            np.concatenate([self.reports.said, own.said]).astype(np.float32),
            np.concatenate([self.reports.weight, own.weight]),
        )
        order = rng.permutation(len(every.texts))
        for start in range(0, len(order), BATCH):
            yield every.rows(order[start : start + BATCH])

    def _state_to_save(self) -> dict[str, Any]:
        return {
            "epoch": self.epoch,
            "encoder": self.network.report_encoder.state_dict(),
            "head": self.head.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
        }

    def _restore(self, saved: dict) -> None:
        """Go on from what was saved."""
        self.epoch = saved["epoch"]
        self.network.report_encoder.load_state_dict(saved["encoder"])
        for name in ("head", "optimizer", "schedule"):
            getattr(self, name).load_state_dict(saved[name])
