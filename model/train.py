"""Training: one loop, β drawn per sample, so that the head knows every β it will be asked for."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn
from tqdm import tqdm

from model.arrays import StudyArrays
from model.config import SINGLE_LABEL, Config
from model.network import Network, Pooled, allowed_beta

# A fifth of the samples is drawn at each end: a missing modality is β = 0 or β = 1, and uniform draws seldom get there.
SHARE_OF_ENDS = 0.4
WARM_UP = 0.1  # share of the steps in which the learning rate rises
VALIDATION_BETAS = (0.0, 0.5, 1.0)


class Batch(NamedTuple):
    """Tensors of one training step on the device."""

    films: Float[Tensor, "batch 1 side side"]
    reports: list[str]
    labels: Float[Tensor, "batch findings"]
    beta: Float[Tensor, "batch 1"]
    outlines: Float[Tensor, "batch findings rows cols"] | None


def train(network: Network, data: StudyArrays, validation: StudyArrays, device: torch.device) -> Network:
    """Fit a network; the weights with the best mean validation AUROC over β = 0, ½, 1 are kept.

    Ctrl-C ends the training early, with the best weights so far.

    Args:
        network: its `config` says how it is trained.
        data: what it learns from; outlines in `data.masks`, if any, guide the image encoder.

    Returns:
        The same network, in evaluation mode, with its reference embeddings set.
    """
    config = network.config
    torch.manual_seed(config.seed)
    rng = np.random.default_rng(config.seed)
    network.to(device)
    outline_head = nn.Conv2d(config.image_channels, len(config.findings), 1).to(device)
    optimizer, schedule = _optimizer(network, outline_head, config, math.ceil(len(data) / config.batch_size))
    best, best_score = _copy(network), -math.inf
    try:
        for epoch in range(config.epochs):
            loss = _epoch(network, outline_head, data, optimizer, schedule, rng, epoch)
            aurocs = validate(network, validation)
            score = float(np.nanmean(aurocs))
            tqdm.write(
                f"epoch {epoch + 1}/{config.epochs}  loss {loss:.4f}  validation AUROC "
                + "  ".join(f"β={b:g}: {a:.4f}" for b, a in zip(VALIDATION_BETAS, aurocs, strict=True))
            )
            if score > best_score:
                best, best_score = _copy(network), score
    except KeyboardInterrupt:
        tqdm.write("Interrupted: keeping the best weights so far.")
    network.load_state_dict(best)
    _set_references(network, data)
    return network.eval()


def _copy(network: Network) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}


def _optimizer(network: Network, outline_head: nn.Module, config: Config, steps_per_epoch: int):
    encoders = [*network.image_encoder.parameters(), *network.report_encoder.parameters()]
    known = {id(p) for p in encoders}
    rest = [p for p in network.parameters() if id(p) not in known] + list(outline_head.parameters())
    groups = [
        {"params": [p for p in encoders if p.requires_grad], "lr": config.encoder_learning_rate},
        {"params": rest, "lr": config.learning_rate},
    ]
    optimizer = torch.optim.AdamW(groups, weight_decay=config.weight_decay)
    total = max(4, config.epochs * steps_per_epoch)  # the schedule divides by the length of each of its phases
    warm_up = max(WARM_UP, 2 / total)
    rates = [g["lr"] for g in groups]
    return optimizer, torch.optim.lr_scheduler.OneCycleLR(optimizer, rates, total_steps=total, pct_start=warm_up)


def _epoch(network, outline_head, data, optimizer, schedule, rng, epoch: int) -> float:
    network.train()
    losses = []
    count = math.ceil(len(data) / network.config.batch_size)
    bar = tqdm(batches(network, data, rng), total=count, desc=f"epoch {epoch + 1}", leave=False, mininterval=2)
    for batch in bar:
        loss = _loss(network, outline_head, batch)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
        bar.set_postfix(loss=f"{np.mean(losses[-50:]):.4f}", refresh=False)
    return float(np.mean(losses))


def _loss(network: Network, outline_head: nn.Module, batch: Batch) -> Tensor:
    features = network.feature_map(batch.films)
    pooled = Pooled(network.pool_map(features), network.pool_reports(batch.reports))
    logits = network(pooled, batch.beta)
    if network.config.problem_type == SINGLE_LABEL:
        loss = F.cross_entropy(logits, batch.labels.argmax(1))
    else:
        loss = F.binary_cross_entropy_with_logits(logits, batch.labels)
    if batch.outlines is not None and network.config.mask_weight:
        loss = loss + network.config.mask_weight * _outline_loss(outline_head(features), batch.outlines)
    return loss


def _outline_loss(maps: Tensor, outlines: Tensor) -> Tensor:
    """Cross-entropy between a map of each finding and its outline, over the findings whose outline is known."""
    known = ~outlines.isnan().flatten(2).any(2)
    target = F.interpolate(outlines.nan_to_num(0), maps.shape[-2:], mode="area")
    weight = 1 + 9 * target  # a nodule is 1 cell in 300
    cells = F.binary_cross_entropy_with_logits(maps, target, weight, reduction="none").mean((2, 3))
    return cells[known].mean() if known.any() else maps.sum() * 0


def batches(network: Network, data: StudyArrays, rng: np.random.Generator) -> Iterator[Batch]:
    """The studies in random order, augmented, each with its β."""
    device = network.image_reference.device
    order = rng.permutation(len(data))
    for start in range(0, len(order), network.config.batch_size):
        rows = order[start : start + network.config.batch_size]
        if len(rows) < 2:  # batch normalisation needs two
            continue
        films = torch.from_numpy(data.films[rows])[:, None].to(device).float() / 255
        outlines = None if data.masks is None else torch.from_numpy(data.masks[rows]).float().to(device)
        films, outlines = augment(films, outlines)
        labels = torch.from_numpy(data.labels[rows]).to(device)
        beta = draw_beta(torch.from_numpy(data.has[rows])).to(device)
        yield Batch(films, [data.reports[i] for i in rows], labels, beta, outlines)


def draw_beta(has: Float[Tensor, "batch 2"]) -> Float[Tensor, "batch 1"]:
    """β per sample: uniform on [0, 1], with extra draws at the ends; 1 or 0 where a modality is missing."""
    beta = torch.rand(len(has), 1)
    ends = torch.rand(len(has), 1) < SHARE_OF_ENDS
    beta = torch.where(ends, (beta > 0.5).float(), beta)
    return allowed_beta(has, beta)


def augment(films: Tensor, outlines: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """Small shifts, turns, scalings and changes of exposure. Never a mirror image: left and right are evidence."""
    n = len(films)
    angle, scale = (torch.rand(n) - 0.5) * 0.2, 1 + (torch.rand(n) - 0.5) * 0.2
    cos, sin, shift = angle.cos() * scale, angle.sin() * scale, (torch.rand(n, 2) - 0.5) * 0.12
    theta = torch.stack([torch.stack([cos, -sin, shift[:, 0]], 1), torch.stack([sin, cos, shift[:, 1]], 1)], 1)
    theta = theta.to(films.device)
    films = F.grid_sample(films, F.affine_grid(theta, films.shape, align_corners=False), align_corners=False)
    if outlines is not None:
        outlines = F.grid_sample(
            outlines, F.affine_grid(theta, outlines.shape, align_corners=False), align_corners=False
        )
    gamma = torch.exp((torch.rand(n, 1, 1, 1, device=films.device) - 0.5) * 0.6)
    gain = 1 + (torch.rand(n, 1, 1, 1, device=films.device) - 0.5) * 0.3
    return (films.clamp(1e-4, 1) ** gamma * gain).clamp(0, 1), outlines


@torch.no_grad()
def pool_arrays(network: Network, data: StudyArrays, batch_size: int = 32) -> Pooled:
    """The pooled vectors of all studies, without augmentation."""
    network.eval()
    device, images, reports = network.image_reference.device, [], []
    for start in range(0, len(data), batch_size):
        films = torch.from_numpy(data.films[start : start + batch_size])[:, None].to(device).float() / 255
        images.append(network.pool_map(network.feature_map(films)))
        reports.append(network.pool_reports(data.reports[start : start + batch_size]))
    return Pooled(torch.cat(images), torch.cat(reports))


@torch.no_grad()
def validate(network: Network, data: StudyArrays) -> list[float]:
    """Macro AUROC at β = 0, ½ and 1."""
    embeddings = network.eval().embed(pool_arrays(network, data))
    has = torch.from_numpy(data.has).to(embeddings[0].device)
    scores = []
    for beta in VALIDATION_BETAS:
        p = network.probabilities(network.decide(*embeddings, allowed_beta(has, beta))).cpu().numpy()
        columns = [i for i in range(p.shape[1]) if 0 < data.labels[:, i].sum() < len(data)]
        scores.append(float(np.mean([roc_auc_score(data.labels[:, i], p[:, i]) for i in columns] or [np.nan])))
    return scores


@torch.no_grad()
def _set_references(network: Network, data: StudyArrays, most: int = 2000) -> None:
    """The mean embeddings over (up to 2,000 of) the training studies that have the modality."""
    rows = np.linspace(0, len(data) - 1, min(most, len(data))).astype(int)
    some = StudyArrays(data.films[rows], [data.reports[i] for i in rows], data.labels[rows], data.has[rows])
    embeddings = network.embed(pool_arrays(network, some))
    for buffer, embedding, has in zip(
        (network.image_reference, network.report_reference), embeddings, some.has.T, strict=True
    ):
        if has.any():
            buffer.copy_(embedding[torch.from_numpy(has > 0).to(embedding.device)].mean(0))
