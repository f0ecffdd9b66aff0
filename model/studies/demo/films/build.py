"""A build: one anatomy with its findings, projected. And a film of it: the build in a look, with the truth about it."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, UInt8

from model.studies.demo.films.body import draw_body
from model.studies.demo.films.findings import Finding, draw
from model.studies.demo.films.look import FILM_SIZE, Look, draw_look, expose, frame, take
from model.studies.demo.films.projection import Chest, project

MASK_SIZE = 96
LEAST = 0.22  # a finding's mask is where its shadow exceeds this share of its greatest
WITHIN = 0.4  # of a finding's shadow at least so much lies on the film, or it is taken again
_TRIES = 12


class Build(NamedTuple):
    """A chest with findings, and the shadow of each finding over the plane of projection, mm of water."""

    chest: Chest
    shadows: dict[str, Float[np.ndarray, "side side"]]


class Film(NamedTuple):
    """A film, and where on it each finding is to be seen."""

    pixels: UInt8[np.ndarray, "size size"]
    masks: dict[str, Bool[np.ndarray, "cells cells"]]


def draw_build(anatomy: int, findings: Iterable[Finding], seed: int) -> Build:
    """A chest with findings.

    Args:
        anatomy: the seed of the body: the same one gives the same person.
        findings: what is to be seen.
        seed: of where and how they are drawn.
    """
    findings = tuple(findings)
    severity = {f.name: f.extent for f in findings}
    body = draw_body(anatomy, severity.get("Cardiomegaly", 0), severity.get("Emphysema", 0))
    chest = project(body)
    return Build(chest, draw(chest, findings, np.random.default_rng([89, seed])))


def film(build: Build, look_seed: int, size: int = FILM_SIZE, mask_size: int = MASK_SIZE) -> Film:
    """A film of a build. A pose that leaves a finding off the film is drawn again."""
    look, seen = draw_look(look_seed), {}
    for again in range(_TRIES):
        look = draw_look(look_seed, again)
        seen = {name: take(shadow, build.chest, look, mask_size * 2) for name, shadow in build.shadows.items()}
        if all(_share(seen[name], build.shadows[name], build, look) > WITHIN for name in seen):
            break
    masks = {name: mask_of(shadow, mask_size) for name, shadow in seen.items()}
    return Film(expose(build.chest, look, size), masks)


def _share(shown: np.ndarray, shadow: np.ndarray, build: Build, look: Look) -> float:
    """How much of a shadow lies on the film."""
    pixel = (frame(build.chest, look)[0] / len(shown)) ** 2 * look.aspect
    return float(np.clip(shown, 0, None).sum() * pixel / max(shadow.sum(), 1e-6))


def mask_of(shadow: Float[np.ndarray, "size size"], cells: int) -> Bool[np.ndarray, "cells cells"]:
    """The cells of a grid over the film in which a finding casts a shadow; of a shadow, at least one."""
    edge = shadow.shape[0] * np.arange(cells + 1) // cells
    greatest = np.maximum.reduceat(np.maximum.reduceat(shadow, edge[:-1], axis=0), edge[:-1], axis=1)
    return greatest > LEAST * greatest.max()
