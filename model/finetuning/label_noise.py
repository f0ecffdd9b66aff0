"""Labels are wrong now and then, and learning allows for it: the table's and the reviewers' alike.

The rates are estimated from the corrections. What reviewers contradict of most findings alike is taken for their own
mistakes; a finding that they contradict more than that is one on which the table is wrong. The loss is that of the
label the model would see if its answer went through such mistakes (forward correction; Patrini et al., "Making Deep
Neural Networks Robust to Label Noise", CVPR 2017), with rates from the labels that are trusted more, as in Hendrycks et
al., "Using Trusted Data to Train Deep Networks on Labels Corrupted by Severe Noise", NeurIPS 2018. A label that is
wrong half of the time teaches nothing.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

PerFinding = Float[Tensor, "n findings"]  # of n studies

MOST_OF_REVIEWERS = 0.1  # if they contradicted every finding more than this, it would be the table's fault
MOST_OF_TABLE = 0.4  # what is looked at is seldom a fair sample: where it is the worst, the rest still teaches a little
PRIOR = 4  # labels without a contradiction, added to those that were seen: one is no proof
LEAST = 1e-6  # probability, for the logarithm


class Mistakes(NamedTuple):
    """The share of labels that are wrong, 0 to ½."""

    of_reviewers: float
    of_table: Float[Tensor, "findings"]

    def of(self, judged: Bool[Tensor, "n findings"]) -> PerFinding:
        """The share for each label, by whose it is."""
        return torch.where(judged, torch.full_like(self.of_table, self.of_reviewers), self.of_table)


def mistakes(table: PerFinding, labels: PerFinding, judged: Bool[Tensor, "n findings"]) -> Mistakes:
    """How often each teacher errs.

    Args:
        table: 0 or 1, what the table says.
        labels: the same after correction.
        judged: whether reviewers decided the label.
    """
    contradicted = (judged & (table != labels)).sum(0) / (judged.sum(0) + PRIOR)
    of_reviewers = min(float(contradicted.median()), MOST_OF_REVIEWERS)
    of_table = (contradicted - of_reviewers) / (1 - 2 * of_reviewers)
    return Mistakes(of_reviewers, of_table.clamp(0, MOST_OF_TABLE))


def forward_loss(
    logits: PerFinding,
    labels: PerFinding,
    flip: PerFinding,
    single: bool,
) -> Float[Tensor, "n"]:
    """The negative log-likelihood of each study's labels, of which the share `flip` is wrong, mean over the findings;
    plain cross-entropy where that is 0.

    Args:
        single: exactly one finding is right; a wrong label is any other one.
    """
    if single:
        p = (logits.softmax(1) * labels).sum(1)
        wrong = (flip * labels).sum(1)
        return -((1 - wrong) * p + wrong * (1 - p) / (labels.shape[1] - 1)).clamp_min(LEAST).log()
    p = logits.sigmoid()
    seen = (flip + (1 - 2 * flip) * p).clamp(LEAST, 1 - LEAST)
    return F.binary_cross_entropy(seen, labels, reduction="none").mean(1)
