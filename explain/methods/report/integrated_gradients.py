"""The gradient of the logit at every word, integrated while the report fades in from a report of blanks. The words add
up to the change of the logit between the blank report and this one; the completeness error says how nearly.

Costs some 250 passes through the BERT, once a case and finding: two to six seconds on two CPU cores. The way from
blanks to words leads through reports that no one writes, and a word is credited for what it does together with its
neighbours.

Sundararajan et al., "Axiomatic Attribution for Deep Networks", ICML 2017.
"""

import torch

from explain.methods import integrated_gradients
from explain.methods.base import Attribution, Question
from explain.methods.pieces import pool_embeddings
from explain.methods.words import merge_pieces

TITLE = "Integrated gradients"
ORDER = 1


def explain(question: Question) -> Attribution:
    """Equal to captum's `LayerIntegratedGradients` on the word embeddings, with every piece but the special ones
    replaced by [PAD] as the baseline."""
    encoder, tokens = question.engine.network.report_encoder, question.encoded.tokens
    with torch.no_grad():
        padded = torch.where(tokens.special, tokens.ids, encoder.tokenizer.pad_token_id)
        actual, baseline = encoder.embed(tokens.ids), encoder.embed(padded)
    pieces = integrated_gradients.integrated_gradients(
        question, "report", actual, baseline, lambda e: pool_embeddings(question, e), lambda e: e.sum(-1)
    )
    return pieces._replace(scores=merge_pieces(pieces.scores, tokens, question.words))
