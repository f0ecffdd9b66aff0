"""How much the logit falls when a patch of the film, two cells wide, is replaced by a blurred copy of itself; patches
overlap by half, and a cell shows its share of the mean over the patches that cover it.

The only method here that asks what the model does without the evidence. Costs a pass through the CNN for every cell:
about 10 seconds on two CPU cores. Evidence larger than a patch survives in what is left and seems weak; the blur is
not quite a film any more.

Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014.
"""

import numpy as np
import torch
from jaxtyping import Float
from torch.nn.functional import conv_transpose2d
from torchvision.transforms.functional import gaussian_blur

from explain.methods.base import Attribution, Batch, Question

TITLE = "Occlusion"
ORDER = 5
BATCH = {"cpu": 8, "cuda": 128}  # films through the encoder at once


@torch.no_grad()
def explain(batch: Batch) -> list[Attribution]:
    """Falls of the logit per cell (betas, rows, cols), signed. Equal to captum's `Occlusion` divided by the four cells
    that a patch covers, which makes it comparable with maps that share the logit among cells."""
    return [Attribution(_falls(question)) for question in batch.questions]


def _falls(question: Question) -> Float[np.ndarray, "betas rows cols"]:
    network, (square, features, _) = question.engine.network, question.encoded.image_part
    size, (rows, cols) = BATCH[question.engine.device.type], features.shape[-2:]
    height, width = -(-square.shape[-2] // rows), -(-square.shape[-1] // cols)
    blurred = blur(square)
    places = [(r * height, c * width) for r in range(rows - 1) for c in range(cols - 1)]
    pooled = []
    for some in (places[start : start + size] for start in range(0, len(places), size)):
        question.pause()
        films = square.repeat(len(some), 1, 1, 1)
        for film, (top, left) in zip(films, some, strict=True):
            patch = (..., slice(top, top + 2 * height), slice(left, left + 2 * width))
            film[patch] = blurred[0][patch]
        pooled.append(network.pool_map(network.feature_map(films)))
    falls = question.falls_with("image", torch.cat(pooled)).unflatten(1, (rows - 1, cols - 1))[:, None]
    patch = torch.ones(1, 1, 2, 2, device=falls.device)
    covered = conv_transpose2d(torch.ones_like(falls[:1]), patch)
    return (conv_transpose2d(falls, patch) / covered / patch.numel())[:, 0].cpu().numpy()


def blur(square: torch.Tensor) -> torch.Tensor:
    """A film without its details: what stands for "nothing to see here" and is still a chest."""
    sigma = square.shape[-1] / 16
    kernel = 2 * int(2 * sigma) + 1
    return gaussian_blur(square, [kernel, kernel], [sigma, sigma])
