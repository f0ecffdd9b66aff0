"""How much the logit falls when a word is left out of the report, each in turn.

The only method here that asks what the model does without the word. Costs a pass through the BERT for each word: about
a second on two CPU cores. Where two words say the same, leaving out either changes little and both seem idle.

Li et al., "Understanding Neural Networks through Representation Erasure", arXiv:1612.08220, 2016.
"""

import numpy as np
import torch
from jaxtyping import Float

from explain.methods.base import Attribution, Batch, Question
from explain.methods.pieces import pool_without

TITLE = "Leave one word out"
ORDER = 4


def explain(batch: Batch) -> list[Attribution]:
    """Falls of the logit (betas, words), signed."""
    return [Attribution(_falls(question)) for question in batch.questions]


def _falls(question: Question) -> Float[np.ndarray, "betas words"]:
    words = len(question.words)
    if not words:
        return np.zeros((len(question.betas), 0))
    left = pool_without(question, torch.eye(words, dtype=torch.bool))
    return question.falls_with("report", left).cpu().numpy()
