"""One study's film and the truth about it: anatomy, edits, projection, development. Build time only."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from model.studies.demo.edits import DRAW, open_lung
from model.studies.demo.film import develop, pose
from model.studies.demo.reports import Statement
from model.studies.demo.volume import DEPTH_MM, Anatomy

_SIDES = ("right", "left")
_LEAST = 0.12  # a finding's mask is where its change of the line integral exceeds this share of the largest


class Rendered(NamedTuple):
    film: np.ndarray  # uint8 (size, size)
    masks: dict[str, np.ndarray]  # finding: bool (mask_size, mask_size), in film coordinates


def render(
    chest: Anatomy, statements: Iterable[Statement], seed: tuple[int, ...], size: int, mask_size: int
) -> Rendered:
    """The film of a chest with the findings stated; the same arguments give the same film."""
    rng = np.random.default_rng(seed)
    integral = chest.projection.copy()
    shadows = _shadows(chest, statements)
    for lung_side, drawn in _by_side(statements, rng).items():
        lung, box = open_lung(chest, lung_side), chest.boxes[lung_side]
        for statement in drawn:
            before = lung.attenuation.sum(axis=1)
            DRAW[statement.finding](lung, statement, rng)
            change = (lung.attenuation.sum(axis=1) - before) * DEPTH_MM
            integral[box[0], box[2]] += change
            shadow = shadows.setdefault(statement.finding, np.zeros_like(integral))
            shadow[box[0], box[2]] += np.abs(change)
    where = pose(chest, size, rng)
    masks = {finding: _mask(where.take(shadow), mask_size) for finding, shadow in shadows.items()}
    return Rendered(develop(integral, where, rng), masks)


def _shadows(chest: Anatomy, statements: Iterable[Statement]) -> dict[str, np.ndarray]:
    """Findings that are an anatomy and not an edit: the whole heart, the whole of both lungs."""
    found = {s.finding for s in statements}
    shapes = {"Cardiomegaly": "heart", "Emphysema": "whole_lungs"}
    return {
        f: np.minimum(getattr(chest, shape).sum(axis=1) * DEPTH_MM, 60) for f, shape in shapes.items() if f in found
    }


def _by_side(statements: Iterable[Statement], rng: np.random.Generator) -> dict[str, list[Statement]]:
    """The findings of each lung, in the order in which they are drawn; a random side where the code is silent."""
    by_side: dict[str, list[Statement]] = {}
    order = list(DRAW)
    for statement in sorted((s for s in statements if s.finding in DRAW), key=lambda s: order.index(s.finding)):
        both = statement.side == "bilateral" or statement.finding == "Edema"
        for side in _SIDES if both else (statement.side or str(rng.choice(_SIDES)),):
            by_side.setdefault(side, []).append(statement)
    return by_side


def _mask(shadow: np.ndarray, size: int) -> np.ndarray:
    """Cells of a coarse grid over the film in which a finding casts a shadow."""
    edge = shadow.shape[0] * np.arange(size + 1) // size
    cells = np.maximum.reduceat(np.maximum.reduceat(shadow, edge[:-1], axis=0), edge[:-1], axis=1)
    return cells > _LEAST * cells.max()
