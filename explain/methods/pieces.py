"""Between word embeddings, pieces and words: what several methods of the report share."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from explain.methods.base import Attribution, Batch, Question
from explain.methods.words import merge_pieces, words_of_pieces
from model.network.encoders.report import pool_pieces

BATCH = {"cpu": 24, "cuda": 512}  # reports through the encoder at once


def pool_embeddings(
    batch: Batch, embeddings: Float[Tensor, "n pieces embedded"], of: Int[Tensor, "n"]
) -> Float[Tensor, "n channels"]:
    """The pooled reports from word embeddings in place of those of some cases, padded to the longest of these."""
    mask = batch.tokens.mask[of, : embeddings.shape[1]]
    return pool_pieces(batch.network.report_encoder(embeddings, mask), mask)


def score_words(batch: Batch, pieces: Float[Tensor, "cases betas pieces"]) -> list[Attribution]:
    """The scores of each case's words from those of its pieces."""
    cases = zip(batch.questions, pieces.cpu().numpy(), strict=True)
    reports = ((q.encoded.report_part.tokens, q.words, own) for q, own in cases)
    return [Attribution(merge_pieces(own[:, : tokens.ids.shape[1]], tokens, words)) for tokens, words, own in reports]


def masks_without(question: Question, removed: Bool[Tensor, "n words"]) -> Int[Tensor, "n pieces"]:
    """The attention masks of the report without some of its words; the others keep their positions."""
    tokens = question.encoded.report_part.tokens
    owner = torch.from_numpy(words_of_pieces(tokens, question.words))
    gone = torch.where(owner >= 0, removed[:, owner.clamp(min=0)], False)
    return tokens.mask * ~gone.to(tokens.mask.device)


@torch.no_grad()
def pool_without(question: Question, removed: Bool[Tensor, "n words"]) -> Float[Tensor, "n channels"]:
    """The pooled report without some of its words: their pieces are neither attended to nor pooled.

    Raises:
        Cancelled: the answer is not wanted any more.
    """
    encoder = question.engine.network.report_encoder
    embeddings = encoder.embed(question.encoded.report_part.tokens.ids)
    pooled = []
    for mask in masks_without(question, removed).split(BATCH[question.engine.device.type]):
        question.pause()
        pooled.append(pool_pieces(encoder(embeddings.expand(len(mask), -1, -1), mask), mask))
    return torch.cat(pooled)
