"""What is optimised: a network and its loss, as one module, so that whatever distributes a module distributes both."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from model.config import BALANCED, SINGLE_LABEL
from model.network.network import Network, Pooled
from model.training.batches import Batch

MOST_WEIGHT = 10.0  # of a finding that is rare: more, and a few studies would decide


class TrainingLoss(nn.Module):
    """The loss of a batch.

    Args:
        labels: of all training studies; `class_weighting` balances what they have many and few of.
        outlined: whether outlines of the findings are known; they guide the map with the weight `mask_weight`.
    """

    weights: Float[Tensor, "findings"]

    def __init__(self, network: Network, labels: Float[Tensor, "n findings"], outlined: bool):
        super().__init__()
        config = network.config
        self.network = network
        self.outline_head = None
        if outlined and config.mask_weight:
            self.outline_head = nn.Conv2d(network.image_channels, len(config.findings), 1)
        self.register_buffer("weights", class_weights(labels, config.problem_type, config.class_weighting))
        self._pooled_reports: dict[str, Tensor] = {}

    def forward(self, batch: Batch) -> Float[Tensor, ""]:
        network, config = self.network, self.network.config
        features = network.feature_map(batch.films)
        pooled = Pooled(network.pool_map(features), self._pool_reports(batch.reports))
        logits = network(pooled, batch.beta)
        if config.problem_type == SINGLE_LABEL:
            loss = F.cross_entropy(logits, batch.labels.argmax(1), self.weights, label_smoothing=config.label_smoothing)
        else:
            target = batch.labels * (1 - config.label_smoothing) + config.label_smoothing / 2
            loss = F.binary_cross_entropy_with_logits(logits, target, pos_weight=self.weights)
        if self.outline_head is not None:
            assert batch.outlines is not None
            loss = loss + config.mask_weight * outline_loss(self.outline_head(features), batch.outlines)
        return loss

    def _pool_reports(self, reports: list[str]) -> Float[Tensor, "batch channels"]:
        """The pooled reports; an encoder that is not trained reads each report once."""
        network = self.network
        if any(p.requires_grad for p in network.report_encoder.parameters()):
            return network.pool_reports(reports)
        network.report_encoder.eval()
        if fresh := [r for r in dict.fromkeys(reports) if r not in self._pooled_reports]:
            with torch.no_grad():
                self._pooled_reports |= zip(fresh, network.pool_reports(fresh), strict=True)
        return torch.stack([self._pooled_reports[r] for r in reports])


def class_weights(labels: Float[Tensor, "n findings"], problem_type: str, weighting: str) -> Float[Tensor, "findings"]:
    """A weight for each finding: of its positives against its negatives, or of its class against the others."""
    n, positives = len(labels), labels.sum(0)
    if weighting != BALANCED:
        return torch.ones(labels.shape[1])
    if problem_type == SINGLE_LABEL:
        ratio = n / (labels.shape[1] * positives.clamp_min(1))
    else:
        ratio = (n - positives) / positives.clamp_min(1)
    return ratio.clamp(1 / MOST_WEIGHT, MOST_WEIGHT)


def outline_loss(
    maps: Float[Tensor, "batch findings rows cols"], outlines: Float[Tensor, "batch findings h w"]
) -> Float[Tensor, ""]:
    """Cross-entropy between a map of each finding and its outline, over the findings whose outline is known."""
    known = ~outlines.isnan().flatten(2).any(2)
    target = F.interpolate(outlines.nan_to_num(0), maps.shape[-2:], mode="area")
    weight = 1 + 9 * target  # a nodule is 1 cell in 300
    cells = F.binary_cross_entropy_with_logits(maps, target, weight, reduction="none").mean((2, 3))
    return cells[known].mean() if known.any() else maps.sum() * 0
