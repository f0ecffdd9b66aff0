"""The one way from films and reports to feature maps, contextual pieces and pooled vectors, many cases at a time."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from model.config import Config
from model.inputs import Contradiction, Film
from model.network.encoders.report import Tokens, pool_pieces
from model.network.network import Network, Pooled
from model.network.preprocess import Box, fit_film
from model.view import View

MODALITIES = ("image", "report")


class Case(NamedTuple):
    """A film as the encoder sees it, a report, or both."""

    square: Float[np.ndarray, "side side"] | None  # values in [0, 1]
    box: Box | None  # the film inside the square; None too where nobody asks for it
    report: str  # blank where there is none
    contradiction: Contradiction | None = None  # what the film's header says against a frontal film of a chest

    @classmethod
    def of(cls, film: Film | None, report: str, config: Config) -> "Case":
        """A case whose film is made the square that a model of this config sees."""
        if film is None:
            return cls(None, None, report)
        return cls(*fit_film(film.pixels, config.image_size, config.image_fit), report, film.contradiction)


class ImagePart(NamedTuple):
    """What the image encoder saw and made of it."""

    square: Float[Tensor, "1 1 side side"]
    features: Float[Tensor, "1 channels rows cols"]
    box: Box


class ReportPart(NamedTuple):
    """What the report encoder read and made of it."""

    tokens: Tokens
    hidden: Float[Tensor, "1 pieces report_channels"]


class Encoded(NamedTuple):
    """A case after the encoders: all that a decision and its explanation at any β need. Batch axes have length 1."""

    modalities: tuple[str, ...]  # which of "image" and "report" the case has
    square: Float[Tensor, "1 1 side side"] | None  # what the image encoder saw, in [0, 1]
    features: Float[Tensor, "1 channels rows cols"] | None
    box: Box | None  # the film inside the square that `features` covers
    report: str
    tokens: Tokens | None
    hidden: Float[Tensor, "1 pieces report_channels"] | None
    pooled: Pooled  # a missing modality is a zero vector, which β = 1 or β = 0 never looks at
    read_to: int  # characters of the report that fit the encoder
    texture: Float[Tensor, "1 texture_channels"] | None = None  # the pooled finer map of the image
    contradiction: Contradiction | None = None  # what the film's header says against a frontal film of a chest
    view: View | None = None  # what the film is by its pixels, where somebody asked

    @property
    def image_part(self) -> ImagePart:
        """What there is of the image of a case that has one."""
        if self.square is None or self.features is None or self.box is None:
            raise ValueError("The case has no image.")
        return ImagePart(self.square, self.features, self.box)

    @property
    def report_part(self) -> ReportPart:
        """What there is of the report of a case that has one."""
        if self.tokens is None or self.hidden is None:
            raise ValueError("The case has no report.")
        return ReportPart(self.tokens, self.hidden)


@torch.no_grad()
def encode_cases(network: Network, cases: Sequence[Case]) -> list[Encoded]:
    """Run the encoders over cases: all films at once, reports a few of like length at a time. What a case becomes does
    not depend on the others."""
    films, reports = _encode_films(network, cases), _encode_reports(network, cases)
    device = network.image_reference.device
    no_film = None, None, torch.zeros(1, network.image_channels, device=device), None
    no_report = None, None, torch.zeros(1, network.report_encoder.channels, device=device), 0
    encoded = []
    for i, case in enumerate(cases):
        square, features, image, texture = films.get(i, no_film)
        tokens, hidden, report, read_to = reports.get(i, no_report)
        modalities = tuple(m for m, found in zip(MODALITIES, (films, reports), strict=True) if i in found)
        pooled = Pooled(image, report)
        own = modalities, square, features, case.box, case.report, tokens, hidden, pooled, read_to, texture
        encoded.append(Encoded(*own, case.contradiction))
    return encoded


def pool_cases(network: Network, cases: Iterable[Case], at_once: int) -> Pooled:
    """The pooled vectors of cases, so many through the encoders at a time; zero for a modality that one lacks."""
    cases, parts = iter(cases), []
    while some := list(islice(cases, at_once)):
        parts.append(stack_pooled(encode_cases(network, some)))
    return Pooled(*(torch.cat(part) for part in zip(*parts, strict=True)))


def stack_pooled(encoded: Sequence[Encoded]) -> Pooled:
    """The pooled vectors of cases, a row a case."""
    return Pooled(*(torch.cat(vectors) for vectors in zip(*(case.pooled for case in encoded), strict=True)))


def _encode_films(network: Network, cases: Sequence[Case]) -> dict[int, tuple[Tensor, Tensor, Tensor, Tensor]]:
    """Square, feature map, pooled vector and texture of each case that has a film, by its place."""
    given = {i: case.square for i, case in enumerate(cases) if case.square is not None}
    if not given:
        return {}
    squares = torch.from_numpy(np.stack(list(given.values())))[:, None].to(network.image_reference.device)
    finer, features = network.image_maps(squares)
    each = (part.split(1) for part in (squares, features, network.pool_map(features), network.pool_map(finer)))
    return dict(zip(given, zip(*each, strict=True), strict=True))


def _encode_reports(network: Network, cases: Sequence[Case]) -> dict[int, tuple[Tokens, Tensor, Tensor, int]]:
    """Pieces, contextual pieces, pooled vector and how much was read of each case that has a report, by its place."""
    places = [i for i, case in enumerate(cases) if case.report.strip()]
    found = {}
    for some, tokens, hidden in network.encode_reports([cases[i].report for i in places]):
        pooled = pool_pieces(hidden, tokens.mask)
        lengths, ends = tokens.mask.sum(1).tolist(), tokens.offsets.amax((1, 2)).tolist()
        for row, (place, length) in enumerate(zip(some, lengths, strict=True)):
            own = slice(row, row + 1), slice(length)  # without what pads it to the longest
            pieces = Tokens(*(t[own] for t in tokens))
            found[places[place]] = pieces, hidden[own], pooled[row : row + 1], ends[row]
    return found
