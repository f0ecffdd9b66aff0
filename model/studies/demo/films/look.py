"""How a film was taken and developed: pose, beam, exposure, grid, tone, blur, noise, borders, and what is put on it.

Strong domain randomisation (SyntheX: Gao et al., Nature Machine Intelligence 5, 2023): a network that has seen chests
in every look finds in them what they have in common, and a real film's look is one more. A look is drawn from its seed
alone, so that none is a mark of a finding.
"""

import io
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, UInt8
from PIL import Image
from scipy.ndimage import gaussian_filter, zoom
from scipy.special import betaincinv
from torch.nn.functional import grid_sample

from model.studies.demo.films.overlays import around, inscribe, instruments
from model.studies.demo.films.projection import PIXELS, Chest

FILM_SIZE = 320  # pixels a side


class Look(NamedTuple):
    """The pose of a film, and the seed of all else. Lengths are shares of the frame around both lungs.

    Attributes:
        seed: of exposure, noise, borders and what is put on the film.
        size: of the frame, 1 holds the lungs alone.
        shift: of its middle, down and to the right.
        angle: degrees, clockwise.
        aspect: width of a pixel over its height.
    """

    seed: int
    size: float
    shift: tuple[float, float]
    angle: float
    aspect: float


def draw_look(seed: int, again: int = 0) -> Look:
    """A look, which follows from its seed; `again` counts the poses refused before."""
    rng = np.random.default_rng([79, seed, again])
    tight = rng.random() < 0.12
    return Look(
        seed=seed,
        size=float(rng.uniform(0.88, 1.0) if tight else 1.02 + 0.42 * rng.beta(1.2, 2.2)),
        shift=(float(rng.normal(0, 0.04)), float(rng.normal(0, 0.04))),
        angle=float(rng.normal(0, 2.5) * (2.2 if rng.random() < 0.1 else 1)),
        aspect=float(np.clip(rng.normal(1, 0.05), 0.88, 1.13)),
    )


def take(plane: Float[np.ndarray, "side side"], chest: Chest, look: Look, size: int = FILM_SIZE) -> np.ndarray:
    """What a look shows of a plane of projection, (size, size)."""
    field = torch.from_numpy(np.ascontiguousarray(plane, dtype=np.float32))[None, None]
    shown = grid_sample(field, _lookup(chest, look, size), mode="bicubic", padding_mode="border", align_corners=False)
    return shown[0, 0].numpy()


def frame(chest: Chest, look: Look) -> tuple[float, float, float]:
    """Height of the film, and row and column of its middle, in pixels of the plane of projection."""
    open_ = chest.lobe.any(axis=0)
    rows, columns = np.flatnonzero(open_.sum(axis=1) > 4), np.flatnonzero(open_.sum(axis=0) > 4)
    height = max((rows[-1] - rows[0]) * 0.97, columns[-1] - columns[0]) * look.size
    middle_row = (rows[0] + rows[-1]) / 2 + look.shift[0] * height
    middle_column = (columns[0] + columns[-1]) / 2 + look.shift[1] * height
    return float(height), float(middle_row), float(middle_column)


def _lookup(chest: Chest, look: Look, size: int) -> torch.Tensor:
    height, middle_row, middle_column = frame(chest, look)
    across = torch.linspace(-0.5, 0.5, size) * height
    y, x = torch.meshgrid(across, across * look.aspect, indexing="ij")
    angle = np.deg2rad(look.angle)
    column = x * np.cos(angle) - y * np.sin(angle) + middle_column
    row = x * np.sin(angle) + y * np.cos(angle) + middle_row
    return ((torch.stack([column, row], dim=-1) + 0.5) / PIXELS * 2 - 1)[None].float()


def expose(chest: Chest, look: Look, size: int = FILM_SIZE) -> UInt8[np.ndarray, "size size"]:
    """The film of a chest, bone white; the same chest and look give the same film."""
    rng = np.random.default_rng([83, look.seed])
    hardness = rng.uniform(0.7, 2.2)  # bone shows less where the tube's voltage is high
    depth = take(chest.soft + hardness * chest.bone + around(chest, rng), chest, look, size)
    depth += instruments(size, rng)
    grey = _toned(_processed(np.clip(depth, 0, None), rng), rng)
    grey = _detected(grey, depth, rng)
    grey = inscribe(_bordered(grey, rng), rng)
    return _stored(grey, rng)


def _processed(depth: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Scatter, and what devices do about it: even out wide differences, lift fine ones. Then a window, 0 to 1."""
    size = depth.shape[0]
    pixel = size / 320
    depth = 430 * (1 - np.exp(-depth / rng.uniform(350, 900)))  # thick parts saturate
    small = gaussian_filter(depth[::8, ::8], rng.uniform(18, 45) * pixel / 8, mode="nearest")
    wide = zoom(small, size / small.shape[0], order=1, grid_mode=True, mode="nearest")
    shown = depth - rng.uniform(-0.1, 0.75) * rng.uniform(0.4, 1) * wide
    for width, most in ((1.5, 1.6), (6, 1.0)):
        if rng.random() < 0.7:
            shown = shown + rng.uniform(0, most) * (depth - gaussian_filter(depth, width * pixel))
    inner = shown[size // 8 : -size // 8 : 3, size // 8 : -size // 8 : 3]
    low, high = np.percentile(inner, [rng.uniform(0.2, 6), rng.uniform(80, 99.5)])
    reach = high - low
    low, high = low - reach * rng.uniform(-0.04, 0.3), high + reach * rng.uniform(-0.08, 0.3)
    return np.clip((shown - low) / (high - low), 0, 1.3)


def _toned(light: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A tone curve of chance, 0 to 1, which never goes down; in part of the films towards a histogram of chance."""
    grey = 1 - np.exp(-rng.uniform(0.8, 2.4) * light ** rng.uniform(0.7, 1.5))
    grey = grey / grey.max()
    knots = np.concatenate([[0], np.sort(rng.uniform(0, 1, 3)), [1]])
    bend = rng.uniform(0, 0.5)
    grey = (1 - bend) * grey + bend * np.interp(grey, np.linspace(0, 1, 5), knots)
    if rng.random() < 0.4:
        histogram = betaincinv(rng.uniform(0.8, 2.6), rng.uniform(0.8, 2.6), np.linspace(0.002, 0.998, 64))
        levels = np.quantile(grey[::3, ::3], np.linspace(0, 1, 64)) + np.linspace(0, 1e-6, 64)
        strength = rng.uniform(0.2, 0.9)
        grey = (1 - strength) * grey + strength * np.interp(grey, levels, histogram)
    black, white = rng.uniform(0, 0.2) * (rng.random() < 0.6), 1 - rng.uniform(0, 0.15) * (rng.random() < 0.5)
    return black + (white - black) * np.clip(grey, 0, 1)


def _detected(grey: np.ndarray, depth: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Blur, lost resolution, the lines of a grid, and noise of several grains that grows behind thick parts."""
    size = grey.shape[0]
    if rng.random() < 0.5:
        grey = gaussian_filter(grey, rng.uniform(0.3, 1.5) * size / 320)
    if rng.random() < 0.25:
        coarse = Image.fromarray(grey.astype(np.float32)).resize([int(size * rng.uniform(0.4, 0.9))] * 2, 2)
        grey = np.asarray(coarse.resize((size, size), int(rng.choice([2, 3]))))
    if rng.random() < 0.2:
        period, angle = rng.uniform(2.2, 7), rng.choice([0, np.pi / 2]) + rng.normal(0, 0.02)
        y, x = np.mgrid[:size, :size]
        grey = grey + rng.uniform(0.004, 0.025) * np.sin(2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) / period)
    strength = rng.gamma(1.4, 0.008)
    noise = rng.normal(size=(size, size)).astype(np.float32)
    grain = rng.uniform(0.3, 1.6)
    smooth = gaussian_filter(noise, grain)
    mixed = rng.uniform(0, 1)
    noise = mixed * noise + (1 - mixed) * smooth / smooth.std()
    grey = grey + strength * noise * np.exp(np.clip((depth - depth.mean()) / rng.uniform(180, 600), -1.5, 1.2))
    if rng.random() < 0.3:  # uneven light, as of a photographed film
        y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
        grey = grey * (1 + rng.normal(0, 0.08) * x + rng.normal(0, 0.08) * y - rng.uniform(0, 0.1) * (x**2 + y**2))
    return np.clip(grey, 0, 1)


def _bordered(grey: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Blades of the collimator, and the black or white that is left around a film on a square."""
    size = grey.shape[0]
    y, x = np.mgrid[:size, :size] / size
    if rng.random() < 0.35:
        for coordinate, other in ((x, y), (1 - x, y), (y, x), (1 - y, x)):
            if rng.random() < 0.5:
                edge = rng.uniform(0.005, 0.06) + rng.normal(0, 0.02) * (other - 0.5)
                outside = np.clip((edge - coordinate) * size / rng.uniform(1, 5) + 0.5, 0, 1)
                grey = grey * (1 - outside) + outside * rng.choice([0.0, 0.03, 0.97], p=[0.5, 0.3, 0.2])
    if rng.random() < 0.3:
        margin = rng.uniform(0.02, 0.09)
        beside = abs((x if rng.random() < 0.6 else y) - 0.5) > 0.5 - margin
        grey = np.where(beside, rng.choice([0.0, 1.0], p=[0.85, 0.15]), grey)
    return grey


def _stored(grey: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """8 bits, some of them once kept as a JPEG."""
    film = (np.clip(grey, 0, 1) * 255 + 0.5).astype(np.uint8)
    if rng.random() < 0.4:
        buffer = io.BytesIO()
        Image.fromarray(film).save(buffer, "jpeg", quality=int(rng.uniform(25, 90)))
        film = np.asarray(Image.open(buffer))
    return film
