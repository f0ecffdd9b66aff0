"""What lies in the beam beside the chest, and what is put on a film: arms, breasts, gas, tubes, leads, letters."""

import string

import numpy as np
from jaxtyping import Float
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from scipy.ndimage import gaussian_filter

from model.studies.demo.films.lungs import SIDES, open_lung, soft
from model.studies.demo.films.projection import HALF_MM, PIXELS, Chest

_WORDS = (
    "AP",
    "PA",
    "ERECT",
    "SUPINE",
    "PORTABLE",
    "UPRIGHT",
    "SITTING",
    "MOBILE",
    "BED",
    "CHEST",
    "DX",
    "LEFT",
    "SEMI",
)


def around(chest: Chest, rng: np.random.Generator) -> Float[np.ndarray, "side side"]:
    """Arms, breasts, folds of skin and gas in the belly, in mm of water over the plane of projection."""
    row, column = (np.linspace(-h, h, PIXELS, dtype=np.float32) for h in (HALF_MM[0], HALF_MM[2]))
    row, column = row[:, None], column[None]
    added = np.zeros((PIXELS, PIXELS), np.float32)
    lungs = {side: open_lung(chest, side) for side in SIDES}
    middle_row = (lungs["right"].box[0].start + 0.6 * len(lungs["right"].height)) / PIXELS * 2 * HALF_MM[0] - HALF_MM[0]
    if rng.random() < 0.5:
        gap, lean, girth = rng.uniform(160, 215), rng.normal(0, 0.08), rng.uniform(34, 55)
        for sign in (-1, 1):
            away = sign * column - gap - lean * row - rng.normal(0, 6)
            fade = soft(middle_row - 130 - row, 60)
            added += fade * 1.4 * np.sqrt(np.clip(girth**2 - away**2, 0, None))
            shaft = np.clip(121 - (away + 3) ** 2, 0, None)
            added += fade * 0.9 * (np.sqrt(shaft) - 0.7 * np.sqrt(np.clip(shaft - 60, 0, None)))
    if rng.random() < 0.4:
        high, wide = rng.uniform(60, 95), rng.uniform(55, 85)
        thick, apart, low = rng.uniform(8, 40), rng.uniform(75, 105), rng.uniform(0, 60)
        for sign in (-1, 1):
            inside = 1 - ((sign * column - apart) / wide) ** 2 - ((row - middle_row - low) / high) ** 2
            added += thick * np.sqrt(np.clip(inside, 0, None)) * soft(middle_row + low - row, 90)
    for _ in range(rng.poisson(0.25)):  # a fold of skin: an edge that is dense on one side and fades on the other
        angle, offset = rng.normal(0, 0.5), rng.choice([-1, 1]) * rng.uniform(60, 150)
        away = (column - offset) * np.cos(angle) + row * np.sin(angle)
        near = soft(abs(row - middle_row) - 80, 60)
        added += rng.uniform(2, 9) * near * np.clip(1 - away / rng.uniform(15, 50), 0, 1) * soft(-away, 1.5)
    left = lungs["left"]
    dome = left.box[0].start + left.height.size / max(float(left.height.max()), 1)
    dome = dome / PIXELS * 2 * HALF_MM[0] - HALF_MM[0]
    for _ in range(rng.poisson(0.8)):
        centre = dome + rng.uniform(22, 110), rng.uniform(20, 120) * rng.choice([1, 1, 1, 1, -0.6])
        size = rng.uniform(8, 34, 2)
        inside = 1 - ((row - centre[0]) / size[0]) ** 2 - ((column - centre[1]) / size[1]) ** 2
        gas = gaussian_filter(np.sqrt(np.clip(inside, 0, None)), rng.uniform(0.5, 4))
        added -= rng.uniform(10, 45) * gas * soft(dome + 8 - row, 8)
    return added


def instruments(size: int, rng: np.random.Generator) -> Float[np.ndarray, "size size"]:
    """Tubes, wires and electrodes, in mm of water over the film; on one film in three."""
    if rng.random() > 0.35:
        return np.zeros((size, size), np.float32)
    sheet = Image.new("L", (2 * size, 2 * size))
    pen = ImageDraw.Draw(sheet)

    def wire(points: np.ndarray, width: int, shade: int) -> None:
        at = np.linspace(0, 1, 40)
        knots = np.linspace(0, 1, len(points))
        path = np.stack([np.interp(at, knots, points[:, k]) for k in (0, 1)], axis=1)
        path = gaussian_filter(path, (3, 0), mode="nearest")
        pen.line([tuple(p) for p in path * 2 * size], fill=shade, width=width)

    if rng.random() < 0.5:  # down the windpipe or the gullet
        end = rng.uniform(0.25, 0.95)
        wire(np.stack([0.5 + rng.normal(0, 0.02, 4), np.linspace(-0.02, end, 4)], axis=1), int(rng.integers(2, 7)), 150)
    if rng.random() < 0.5:  # a line from a vein of the neck or the arm to the heart
        sign = rng.choice([-1, 1])
        path = [[0.5 + sign * rng.uniform(0.1, 0.4), rng.uniform(0, 0.2)], [0.5 + sign * 0.06, 0.24], [0.46, 0.5]]
        wire(np.array(path) + rng.normal(0, 0.015, (3, 2)), int(rng.integers(1, 4)), 170)
    for _ in range(rng.poisson(2.0)):  # electrodes and their leads
        spot = rng.uniform(0.12, 0.88, 2) * 2 * size
        radius = rng.uniform(0.008, 0.022) * 2 * size
        pen.ellipse([*(spot - radius), *(spot + radius)], outline=220, width=int(rng.integers(2, 6)))
        wire(np.stack([spot / (2 * size), rng.uniform(0.1, 0.9, 2), rng.choice([-0.05, 1.05], 2)]), 2, 160)
    if rng.random() < 0.15:  # a pacemaker
        corner = np.array([rng.choice([0.14, 0.7]), 0.16]) * 2 * size
        pen.rounded_rectangle([*corner, *(corner + rng.uniform(0.1, 0.14) * 2 * size)], 22, fill=235)
    drawn = sheet.resize((size, size), Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(0.4))
    return np.asarray(drawn, np.float32) / 255 * rng.uniform(10, 70)


def inscribe(grey: Float[np.ndarray, "size size"], rng: np.random.Generator) -> Float[np.ndarray, "size size"]:
    """A film with the marks that people put on it: a side, an inscription, an arrow, a panel's letter."""
    size = grey.shape[0]
    picture = Image.fromarray((np.clip(grey, 0, 1) * 255).astype(np.uint8))
    pen = ImageDraw.Draw(picture)

    def write(text: str, at: tuple[float, float], height: float, fill: int) -> None:
        pen.text((at[0] * size, at[1] * size), text, fill=fill, font=ImageFont.load_default(size=height * size))

    if rng.random() < 0.55:
        side = "L" if rng.random() < 0.6 else "R"
        column = rng.uniform(0.86, 0.95) if side == "L" else rng.uniform(0.01, 0.1)
        at = column, rng.uniform(0.01, 0.3)
        write(side, at, rng.uniform(0.03, 0.075), int(rng.uniform(190, 255)))
        if rng.random() < 0.2:
            x, y = at[0] * size - 5, at[1] * size - 3
            pen.ellipse([x, y, x + 0.07 * size, y + 0.07 * size], outline=230)
    for _ in range(rng.poisson(0.5)):
        word = str(rng.choice(_WORDS))
        if rng.random() < 0.4:
            word = "".join(rng.choice([*string.digits, ":", "-"], rng.integers(3, 9)))
        write(
            word, (rng.uniform(0.01, 0.85), float(rng.choice([0.01, 0.05, 0.93, 0.96]))), rng.uniform(0.022, 0.05), 235
        )
    if rng.random() < 0.06:  # the letter of a figure's panel, in a box
        white = rng.random() < 0.5
        corner = [0, 0, 0.08 * size, 0.09 * size]
        pen.rectangle(corner, fill=255 if white else 0)
        write(str(rng.choice(list("ABCDabcd"))), (0.02, 0.01), 0.065, 0 if white else 255)
    for _ in range(rng.poisson(0.05)):  # somebody's arrow
        tip, angle = rng.uniform(0.2, 0.8, 2) * size, rng.uniform(0, 2 * np.pi)
        way = np.array([np.cos(angle), np.sin(angle)])
        aside = np.array([-way[1], way[0]])
        back = tip - way * 0.025 * size
        pen.line([*back, *(tip - way * 0.07 * size)], fill=255, width=2)
        pen.polygon([tuple(tip), tuple(back + aside * 0.015 * size), tuple(back - aside * 0.015 * size)], fill=255)
    # What was not written on keeps its finer greys.
    written = np.asarray(picture, np.float32) / 255
    return np.where(abs(written - grey) > 1 / 200, written, grey)
