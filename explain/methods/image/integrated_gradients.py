"""The gradient of the logit at every pixel, integrated while the film fades in from black, and added up in cells half
as wide as Grad-CAM's. The cells add up to the change of the logit between a black film and this one; the completeness
error says how nearly.

Costs 125 to 500 passes through the CNN, by how long the cells take to add up: ten to forty seconds on two CPU cores.
Black is air to a radiograph, so the starting point is itself a film with meaning, and bright structures tend to be
credited over dark ones: evidence that is an absence, such as a pneumothorax, is underrated. Noisy at the level of
pixels, which is why cells are shown.

Sundararajan et al., "Axiomatic Attribution for Deep Networks", ICML 2017.
"""

import torch
from torch.nn.functional import adaptive_avg_pool2d

from explain.methods import integrated_gradients
from explain.methods.base import Attribution, Batch

TITLE = "Integrated gradients"
ORDER = 4
STEPS = (24, 48, 96)


def explain(batch: Batch) -> list[Attribution]:
    """Attributions of cells (betas, 2·rows, 2·cols), signed, in logits."""
    network, (rows, cols) = batch.network, batch.features.shape[-2:]

    def fold(pixels):
        cells = adaptive_avg_pool2d(pixels, (2 * rows, 2 * cols))[:, 0]
        return cells * (pixels[0].numel() / cells[0].numel())

    def pool(films, of):
        return network.pool_map(network.feature_map(films))

    films = [question.encoded.image_part.square[0] for question in batch.questions]
    black = [torch.zeros_like(film) for film in films]
    return integrated_gradients.integrated_gradients(batch, "image", films, black, pool, fold, STEPS)
