"""The batches of an epoch: studies in random order, films augmented, a β drawn for each."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from model.network.layers import Beta
from model.network.network import allowed_beta
from model.studies.arrays import StudyArrays

# A fifth of the samples is drawn at each end: a missing modality is β = 0 or β = 1, and uniform draws seldom get there.
SHARE_OF_ENDS = 0.4
LEAST = 2  # studies in a batch: batch normalisation needs them


class Batch(NamedTuple):
    """Tensors of one training step on the device."""

    films: Float[Tensor, "batch 1 side side"]
    reports: list[str]
    labels: Float[Tensor, "batch findings"]
    beta: Beta
    outlines: Float[Tensor, "batch findings rows cols"] | None


class Part(NamedTuple):
    """Which of several processes this is, and of how many; each takes every `world`-th study of a step."""

    rank: int = 0
    world: int = 1


def steps_of(studies: int, batch_size: int, part: Part) -> int:
    """Steps in an epoch. A last step too small for every process to normalise a batch is left out."""
    whole, rest = divmod(studies, batch_size * part.world)
    return whole + (rest >= LEAST * part.world)


def batches(
    data: StudyArrays, batch_size: int, seed: tuple[int, int], part: Part, device: torch.device
) -> Iterator[Batch]:
    """This process's batches of an epoch: which studies, how augmented and at which β follows from the seed alone.

    Args:
        seed: of the training, and number of the epoch.
    """
    order = np.random.default_rng(seed).permutation(len(data))
    torch.manual_seed(int(np.random.default_rng((*seed, part.rank)).integers(2**62)))
    size = batch_size * part.world
    for step in range(steps_of(len(data), batch_size, part)):
        rows = order[step * size : (step + 1) * size][part.rank :: part.world]
        films = torch.from_numpy(data.films[rows])[:, None].to(device).float() / 255
        outlines = None if data.masks is None else torch.from_numpy(data.masks[rows]).float().to(device)
        films, outlines = augment(films, outlines)
        labels = torch.from_numpy(data.labels[rows]).to(device)
        beta = draw_beta(torch.from_numpy(data.has[rows]).to(device))
        yield Batch(films, [data.reports[i] for i in rows], labels, beta, outlines)


def draw_beta(has: Float[Tensor, "batch 2"]) -> Beta:
    """β per sample: uniform on [0, 1], with extra draws at the ends; 1 or 0 where a modality is missing.
    It is drawn on the CPU, whatever the device."""
    beta = torch.rand(len(has), 1)
    ends = torch.rand(len(has), 1) < SHARE_OF_ENDS
    beta = torch.where(ends, (beta > 0.5).float(), beta)
    return allowed_beta(has, beta.to(has.device))


def augment(films: Tensor, outlines: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """Small shifts, turns, scalings and changes of exposure. Never a mirror image: left and right are evidence."""
    n = len(films)
    angle, scale = (torch.rand(n) - 0.5) * 0.2, 1 + (torch.rand(n) - 0.5) * 0.2
    cos, sin, shift = angle.cos() * scale, angle.sin() * scale, (torch.rand(n, 2) - 0.5) * 0.12
    theta = torch.stack([torch.stack([cos, -sin, shift[:, 0]], 1), torch.stack([sin, cos, shift[:, 1]], 1)], 1)
    theta = theta.to(films.device)
    films = _warped(films, theta)
    outlines = None if outlines is None else _warped(outlines, theta)
    gamma = torch.exp((torch.rand(n, 1, 1, 1, device=films.device) - 0.5) * 0.6)
    gain = 1 + (torch.rand(n, 1, 1, 1, device=films.device) - 0.5) * 0.3
    return (films.clamp(1e-4, 1) ** gamma * gain).clamp(0, 1), outlines


def _warped(maps: Tensor, theta: Tensor) -> Tensor:
    return F.grid_sample(maps, F.affine_grid(theta, list(maps.shape), align_corners=False), align_corners=False)
