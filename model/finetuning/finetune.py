"""Fine-tuning: a model learns from its reviewers without forgetting what it was taught.

Corrected studies are mixed with a replay of other training studies (Rolnick et al., "Experience Replay for Continual
Learning", NeurIPS 2019). The encoders stay as they are, so a study is a pair of vectors, and a step takes milliseconds.

Both teachers err: see `model.finetuning.label_noise`. Without that, replaying wrong labels would undo what reviewers
correct. And lest the few corrections are learnt by heart, what is learnt from lies between two studies and has
something of the labels of both (Zhang et al., "mixup: Beyond Empirical Risk Minimization", ICLR 2018).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from model.config import SINGLE_LABEL
from model.errors import TrainingError
from model.feedback.corrections import Correction, relabelled
from model.finetuning.evidence_loss import ReviewerMark, evidence_loss
from model.finetuning.label_noise import PerFinding, forward_loss, mistakes
from model.inference.embeddings import PooledStudies
from model.network.network import Network, Pooled
from model.progress import Progress
from model.studies.table import Study, label_matrix
from model.training.batches import draw_beta

MIXED = 0.4  # of the Beta distribution that says how much of the second study there is: mostly little


@dataclass(frozen=True)
class Recipe:
    """How much is learnt, and of what."""

    passes: int = 60  # over the corrected studies
    batch_size: int = 32  # corrected studies a step
    replay: float = 3.0  # other training studies for each corrected one
    learning_rate: float = 5e-4
    weight_decay: float = 0.02
    evidence_weight: float = 1.0  # of evidence in what reviewers marked as wrong, and beside where they say that it is
    seed: int = 0


class FinetuneDataset(NamedTuple):
    """n training studies."""

    pooled: Pooled
    has: Float[Tensor, "n 2"]
    table: PerFinding  # 0 or 1, as the table says
    labels: PerFinding  # the same, as it is after correction
    judged: Bool[Tensor, "n findings"]  # whether reviewers decided the label

    def rows(self, chosen: Tensor) -> "FinetuneDataset":
        """Some of them."""
        return FinetuneDataset(Pooled(*(p[chosen] for p in self.pooled)), *(t[chosen] for t in self[1:]))


def finetune_dataset(
    findings: tuple[str, ...], studies: tuple[Study, ...], pooled: PooledStudies, corrected: dict[str, Correction]
) -> FinetuneDataset:
    """What there is to learn of some studies.

    Args:
        pooled: of a table that holds them.
        corrected: by study id; what is of other studies is left alone.
    """
    rows = pooled.rows(studies)
    known = [corrected.get(s.study_id) for s in studies]
    judged = np.array([[bool(c) and f in c.labels for f in findings] for c in known], bool).reshape(-1, len(findings))
    return FinetuneDataset(
        Pooled(torch.from_numpy(pooled.image[rows]), torch.from_numpy(pooled.report[rows])),
        torch.from_numpy(pooled.has[rows]),
        torch.from_numpy(label_matrix(studies, findings)),
        torch.from_numpy(label_matrix(relabelled(studies, corrected), findings)),
        torch.from_numpy(judged),
    )


def finetune(
    network: Network,
    data: FinetuneDataset,
    recipe: Recipe,
    marks: Sequence[ReviewerMark] = (),
    progress: Progress = iter,
) -> bool:
    """Teach projections, fusion and head what reviewers said. Ctrl-C ends it early, with what was learnt so far.

    Args:
        network: is changed; in evaluation mode afterwards, its references those of `data`.
        marks: on the evidence that `recipe.evidence_weight` is the price of.
        progress: wraps the loop over steps.

    Returns:
        Whether every step was done.

    Raises:
        TrainingError: nothing was corrected, or the loss is no number.
    """
    if not data.judged.any():
        raise TrainingError(
            "There is nothing to learn: no standing verdict decides a label of a study in split train; "
            "review some under Review."
        )
    torch.manual_seed(recipe.seed)
    device = network.image_reference.device
    data = FinetuneDataset(Pooled(*(p.to(device) for p in data.pooled)), *(t.to(device) for t in data[1:]))
    judged = data.judged.any(1)
    taught, others = judged.nonzero()[:, 0], (~judged).nonzero()[:, 0]
    size = min(recipe.batch_size, len(taught))
    # So few corrections that they fill no batch must not drown in themselves.
    replayed = min(round(recipe.replay * max(size, recipe.batch_size // 2)), len(others))
    steps = -(-recipe.passes * len(taught) // size)
    flip = mistakes(data.table, data.labels, data.judged).of(data.judged)
    parameters = trained(network)
    optimizer = torch.optim.AdamW(parameters, recipe.learning_rate, weight_decay=recipe.weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    network.train()
    try:
        for _ in progress(range(steps)):
            loss = _mixed_loss(network, data, flip, torch.cat([_some(taught, size), _some(others, replayed)]))
            if marks and recipe.evidence_weight:
                loss = loss + recipe.evidence_weight * evidence_loss(network, marks)
            if not loss.isfinite():
                raise TrainingError(f"The loss became {loss.item()}; lower the learning rate or the evidence weight.")
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            schedule.step()
    except KeyboardInterrupt:
        return False
    finally:
        network.eval().requires_grad_(False)
        network.set_references(data.pooled, data.has)
    return True


def _mixed_loss(network: Network, data: FinetuneDataset, flip: Tensor, rows: Tensor) -> Float[Tensor, ""]:
    """Of studies with a little of others in them. Those that have other modalities are not mixed.

    Args:
        flip: the share of labels that are wrong, for each of the data's.
    """
    partners = rows[torch.randperm(len(rows)).to(rows.device)]
    first, second = data.rows(rows), data.rows(partners)
    drawn = torch.distributions.Beta(MIXED, MIXED).sample((len(rows),)).to(rows.device)
    alike = (first.has == second.has).all(1)
    share = torch.where(alike, torch.maximum(drawn, 1 - drawn), 1.0)
    pooled = Pooled(*(b + share[:, None] * (a - b) for a, b in zip(first.pooled, second.pooled, strict=True)))
    logits = network(pooled, draw_beta(first.has))
    single = network.config.problem_type == SINGLE_LABEL
    of_first, of_second = (
        forward_loss(logits, some.labels, flip[at], single) for some, at in ((first, rows), (second, partners))
    )
    return (share * of_first + (1 - share) * of_second).mean()


def trained(network: Network) -> list[torch.nn.Parameter]:
    """The parameters that fine-tuning changes, all of them after the pooled vectors; they are made trainable."""
    modules = (network.image_projection, network.report_projection, network.fusion, network.head)
    parameters = [p for module in modules for p in module.parameters()]
    for parameter in parameters:
        parameter.requires_grad_()
    return parameters


def _some(rows: Tensor, count: int) -> Tensor:
    """Drawn anew, without one twice."""
    return rows[torch.randperm(len(rows))[:count].to(rows.device)]
