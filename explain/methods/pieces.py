"""Between word embeddings, pieces and words: what several methods share. No method itself."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from explain.methods.base import Question
from explain.methods.words import words_of_pieces
from model.network.encoders.report import pool_pieces

BATCH = 24


def pool_embeddings(question: Question, embeddings: Float[Tensor, "n pieces embedded"]) -> Float[Tensor, "n channels"]:
    """The pooled report from word embeddings in place of the case's."""
    mask = question.encoded.tokens.mask.expand(len(embeddings), -1)
    return pool_pieces(question.engine.network.report_encoder(embeddings, mask), mask)


def masks_without(question: Question, removed: Bool[Tensor, "n words"]) -> Int[Tensor, "n pieces"]:
    """The attention masks of the report without some of its words; the others keep their positions."""
    tokens = question.encoded.tokens
    owner = torch.from_numpy(words_of_pieces(tokens, question.words))
    gone = torch.where(owner >= 0, removed[:, owner.clamp(min=0)], False)
    return tokens.mask * ~gone.to(tokens.mask.device)


@torch.no_grad()
def pool_without(question: Question, removed: Bool[Tensor, "n words"]) -> Float[Tensor, "n channels"]:
    """The pooled report without some of its words: their pieces are neither attended to nor pooled.

    Raises:
        Superseded: the answer is not wanted any more.
    """
    encoder = question.engine.network.report_encoder
    embeddings = encoder.embed(question.encoded.tokens.ids)
    pooled = []
    for mask in masks_without(question, removed).split(BATCH):
        question.pause()
        pooled.append(pool_pieces(encoder(embeddings.expand(len(mask), -1, -1), mask), mask))
    return torch.cat(pooled)
