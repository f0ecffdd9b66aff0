"""A film with its heat over it, as a picture."""

from functools import cache
from io import BytesIO

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image
from plotly.colors import get_colorscale, sample_colorscale, unlabel_rgb

# Perceptually even, and read alike by colour-blind eyes.
COLOUR_SCALE = "Inferno"
MOST_OPAQUE = 0.75


def overlay(
    pixels: Float[np.ndarray, "height width"], heat: Float[np.ndarray, "height width"], scale: float
) -> UInt8[np.ndarray, "height width 3"]:
    """A film with its heat over it: colour and opacity grow with the heat and are full at `scale`."""
    strength = np.clip(heat / scale, 0, 1)
    tint = colours()[(strength * 255).astype(int)]
    opacity = (strength * MOST_OPAQUE)[..., None]
    grey = np.repeat(pixels[..., None] * 255, 3, 2)
    return np.round(grey * (1 - opacity) + tint * opacity).astype(np.uint8)


def overlay_png(
    pixels: Float[np.ndarray, "height width"], heat: Float[np.ndarray, "height width"], scale: float, **options: int
) -> bytes:
    """What `overlay` draws, as a PNG.

    Args:
        options: of Pillow's encoder.
    """
    Image.fromarray(overlay(pixels, heat, scale)).save(content := BytesIO(), "PNG", **options)
    return content.getvalue()


@cache
def colours() -> Float[np.ndarray, "256 3"]:
    """Red, green and blue, 0 to 255, of a heat from none to one that is full."""
    table = sample_colorscale(get_colorscale(COLOUR_SCALE), np.linspace(0, 1, 256).tolist())
    return np.array([unlabel_rgb(colour) for colour in table])
