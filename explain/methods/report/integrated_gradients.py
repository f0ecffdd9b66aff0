"""The gradient of the logit at every word, integrated while the report fades in from a report of blanks. The words add
up to the change of the logit between the blank report and this one; the completeness error says how nearly.

Costs some 250 passes through the BERT, once a case and finding: two to six seconds on two CPU cores. The way from
blanks to words leads through reports that no one writes, and a word is credited for what it does together with its
neighbours.

Sundararajan et al., "Axiomatic Attribution for Deep Networks", ICML 2017.
"""

import torch

from explain.methods import integrated_gradients
from explain.methods.base import Attribution, Batch
from explain.methods.pieces import pool_embeddings
from explain.methods.words import merge_pieces

TITLE = "Integrated gradients"
ORDER = 1


def explain(batch: Batch) -> list[Attribution]:
    """Equal to captum's `LayerIntegratedGradients` on the word embeddings, with every piece but the special ones
    replaced by [PAD] as the baseline."""
    encoder = batch.network.report_encoder
    tokens = [question.encoded.report_part.tokens for question in batch.questions]
    with torch.no_grad():
        padded = [torch.where(own.special, own.ids, encoder.tokenizer.pad_token_id) for own in tokens]
        actual, baseline = ([encoder.embed(ids)[0] for ids in some] for some in ([own.ids for own in tokens], padded))
    found = integrated_gradients.integrated_gradients(
        batch, "report", actual, baseline, lambda e, of: pool_embeddings(batch, e, of), lambda e: e.sum(-1)
    )
    return [
        pieces._replace(scores=merge_pieces(pieces.scores, own, question.words))
        for pieces, own, question in zip(found, tokens, batch.questions, strict=True)
    ]
