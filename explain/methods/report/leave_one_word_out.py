"""How much the logit falls when a word is left out of the report, each in turn.

The only method here that asks what the model does without the word. Costs a pass through the BERT for each word: about
a second on two CPU cores. Where two words say the same, leaving out either changes little and both seem idle.

Li et al., "Understanding Neural Networks through Representation Erasure", arXiv:1612.08220, 2016.
"""

import numpy as np
import torch

from explain.methods.base import Attribution, Question
from explain.methods.pieces import pool_without

TITLE = "Leave one word out"
ORDER = 4


def explain(question: Question) -> Attribution:
    """Falls of the logit (betas, words), signed."""
    words = len(question.words)
    if not words:
        return Attribution(np.zeros((len(question.betas), 0)))
    whole = question.logits_of_reports(question.encoded.pooled.report)
    left = question.logits_of_reports(pool_without(question, torch.eye(words, dtype=torch.bool)))
    return Attribution((whole - left).cpu().numpy())
