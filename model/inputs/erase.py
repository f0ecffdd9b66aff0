"""A film without a region of it: what would the model decide if that were not there?"""

import hashlib

import numpy as np
from jaxtyping import Bool, Float
from scipy.ndimage import gaussian_filter, zoom

from model.errors import ImageError
from model.inputs import Film

SIDE = 160  # the fill is smooth, so it is computed at most this large and then enlarged
SCALES = (32, 16, 8, 4, 2, 1)  # standard deviations of the Gaussians, in pixels of that size


def erase(film: Film, region: Bool[np.ndarray, "height width"]) -> Film:
    """The film with a region filled from around it, and a digest of its own. Outside the region nothing changes.

    The fill is a normalised Gaussian convolution of what was not erased, at growing scales: at the border it follows
    the nearest pixels, further in ever wider surroundings. It is smooth, so it has no texture that could be taken for
    a finding. It is not black: black is air, and a black patch would be a finding of its own.

    Raises:
        ImageError: the region is empty, or is the whole film.
    """
    if not region.any():
        raise ImageError("No part of the film was painted over: paint on the film.")
    if region.all():
        raise ImageError("The whole film was painted over: leave some of it, to fill the rest from.")
    rows, cols = _surroundings(region)
    pixels = film.pixels.copy()
    inside = region[rows, cols]
    pixels[rows, cols][inside] = _fill(pixels[rows, cols], inside)[inside]
    digest = hashlib.sha256(film.sha256.encode() + np.packbits(region).tobytes()).hexdigest()
    return film._replace(pixels=pixels, sha256=digest)


def _surroundings(region: Bool[np.ndarray, "height width"]) -> tuple[slice, slice]:
    """The rows and columns of the region, and as much again on each side."""
    sides = []
    for axis in (1, 0):
        at = np.flatnonzero(region.any(axis))
        start, stop = int(at[0]), int(at[-1]) + 1
        margin = stop - start + 8
        sides.append(slice(max(0, start - margin), stop + margin))
    return sides[0], sides[1]


def _fill(pixels: Float[np.ndarray, "rows cols"], region: Bool[np.ndarray, "rows cols"]) -> np.ndarray:
    """What each pixel would be, had it to be told from those outside the region."""
    known = (~region).astype(np.float32)
    share = min(1.0, SIDE / max(pixels.shape))
    shape = tuple(max(1, round(size * share)) for size in pixels.shape)
    # Erased pixels must not leak into the smaller picture: value and weight are scaled apart.
    weight, value = (_resize(gaussian_filter(a, 0.5 / share - 0.5), shape) for a in (known, pixels * known))
    fill = np.full(shape, value.sum() / weight.sum(), np.float32)
    for scale in SCALES:
        near, around = gaussian_filter(weight, scale), gaussian_filter(value, scale)
        # Half of what lies around a pixel at a straight border is known: there the finest scale decides alone.
        trust = np.clip(2 * near, 0, 1)
        fill += trust * (around / np.maximum(near, 1e-6) - fill)
    return _resize(fill, pixels.shape)


def _resize(values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    factors = [target / size for target, size in zip(shape, values.shape, strict=True)]
    return np.asarray(zoom(values, factors, order=1, mode="nearest", grid_mode=True))
