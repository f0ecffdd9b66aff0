"""Rays through a bent chest: line integrals, and where along them there is air for a finding to fill."""

import inspect
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, UInt8
from numba import njit

from model.studies.demo.films.body import HALF_MM, Body, origins
from model.studies.demo.films.source import HEART_LABEL, SPACING, load_source

PIXELS = 320  # a side of the plane of projection
PIXEL_MM = 2 * HALF_MM[0] / PIXELS
STEPS, SLABS = 64, 16  # along a ray; of the steps of a slab all is summed
SLAB_MM = 2 * HALF_MM[1] / SLABS


class Chest(NamedTuple):
    """A projected chest. Millimetres of water along the beam, unless said otherwise; row 0 is the top.

    Attributes:
        soft: the whole line integral but for what bone adds to water.
        bone: what bone adds.
        air: what filling the lung with water would add, by slab from back to front.
        lobe: of each slab, the lobe that the ray meets last; 0 where it meets none.
        lung: how much tissue lies within the lungs.
        heart: how much of the heart, mm.
    """

    soft: Float[np.ndarray, "side side"]
    bone: Float[np.ndarray, "side side"]
    air: Float[np.ndarray, "slabs side side"]
    lobe: UInt8[np.ndarray, "slabs side side"]
    lung: Float[np.ndarray, "side side"]
    heart: Float[np.ndarray, "side side"]


def project(body: Body) -> Chest:
    """A body as the beam sees it; the same body gives the same chest."""
    source = load_source()
    soft, bone, lung, heart = (np.zeros((PIXELS, PIXELS), np.float32) for _ in range(4))
    air = np.zeros((SLABS, PIXELS, PIXELS), np.float32)
    lobe = np.zeros((SLABS, PIXELS, PIXELS), np.uint8)
    _compiled()(
        source.tissue, source.organ, np.float32(SPACING), origins(body), np.float32(HALF_MM),
        np.float32(body.distance), np.float32(body.lucency), soft, bone, air, lobe, lung, heart,
    )  # fmt: skip
    return Chest(soft, bone, air, lobe, lung, heart)


@cache
def _compiled() -> Callable[..., None]:
    # What checks types at run time wraps functions, and a wrapper cannot be compiled.
    return njit(cache=True, fastmath=True, nogil=True)(inspect.unwrap(_cast_rays))


def _cast_rays(tissue, organ, spacing, knots, half, distance, lucency, soft, bone, air, lobe, lung, heart):
    rows, depths, columns = tissue.shape
    k_rows, k_depths, k_columns = knots.shape[:3]
    side = soft.shape[0]
    step_mm = 2 * half[1] / STEPS
    along = np.empty((k_depths, 3), np.float32)
    per_slab = STEPS // SLABS
    for i in range(side):
        for j in range(side):
            # the ray's knots, in voxels of the source
            for d in range(k_depths):
                y = -half[1] + 2 * half[1] * d / (k_depths - 1)
                spread = 1 - y / distance  # a point source: what lies nearer to it is shown larger
                r = ((2 * (i + 0.5) / side - 1) * spread + 1) / 2 * (k_rows - 1)
                c = ((2 * (j + 0.5) / side - 1) * spread + 1) / 2 * (k_columns - 1)
                r, c = min(max(r, 0.0), k_rows - 1.001), min(max(c, 0.0), k_columns - 1.001)
                r0, c0 = int(r), int(c)
                fr, fc = np.float32(r - r0), np.float32(c - c0)
                for a in range(3):
                    upper = knots[r0, d, c0, a] * (1 - fc) + knots[r0, d, c0 + 1, a] * fc
                    lower = knots[r0 + 1, d, c0, a] * (1 - fc) + knots[r0 + 1, d, c0 + 1, a] * fc
                    along[d, a] = (upper * (1 - fr) + lower * fr) / spacing[a]
            for s in range(STEPS):
                at = np.float32((s + 0.5) / STEPS * (k_depths - 1))
                d0 = min(int(at), k_depths - 2)
                fd = at - d0
                r = along[d0, 0] * (1 - fd) + along[d0 + 1, 0] * fd
                d = along[d0, 1] * (1 - fd) + along[d0 + 1, 1] * fd
                c = along[d0, 2] * (1 - fd) + along[d0 + 1, 2] * fd
                if d < 0 or d >= depths - 1 or c < 0 or c >= columns - 1:
                    continue
                r = min(max(r, np.float32(0)), np.float32(rows - 1.01))
                r0, y0, c0 = int(r), int(d), int(c)
                fr, fy, fc = r - r0, d - y0, c - c0
                a00 = tissue[r0, y0, c0] * (1 - fc) + tissue[r0, y0, c0 + 1] * fc
                a01 = tissue[r0, y0 + 1, c0] * (1 - fc) + tissue[r0, y0 + 1, c0 + 1] * fc
                a10 = tissue[r0 + 1, y0, c0] * (1 - fc) + tissue[r0 + 1, y0, c0 + 1] * fc
                a11 = tissue[r0 + 1, y0 + 1, c0] * (1 - fc) + tissue[r0 + 1, y0 + 1, c0 + 1] * fc
                value = ((a00 * (1 - fy) + a01 * fy) * (1 - fr) + (a10 * (1 - fy) + a11 * fy) * fr) / 1000
                kind = organ[int(r + 0.5), int(d + 0.5), int(c + 0.5)]
                if 1 <= kind <= 5:
                    value = min(value * lucency, np.float32(1.06))
                    slab = s // per_slab
                    air[slab, i, j] += max(np.float32(0), 1 - value) * step_mm
                    lobe[slab, i, j] = kind
                    lung[i, j] += value * step_mm
                elif kind == HEART_LABEL:
                    heart[i, j] += step_mm
                if value > 1.12:
                    bone[i, j] += (value - 1.12) * step_mm
                    value = np.float32(1.12)
                soft[i, j] += value * step_mm
