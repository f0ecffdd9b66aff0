"""TIFF, by tifffile: grey of 1 to 16 bits, signed or floating too, palettes, RGB, CMYK; the first page."""

from io import BytesIO

import numpy as np
from jaxtyping import Float
from tifffile import PHOTOMETRIC, TiffFile, TiffPage

from model.errors import ImageError
from model.inputs.limits import MAX_FRAMES, check_frames, check_size
from model.inputs.orientation import TAG, UPRIGHT, upright
from model.inputs.tones import by_rows, grey, unit

ALPHA = 2  # of ExtraSamples; 1 is alpha by which the colour is multiplied already, as over black


def read_tiff(data: bytes) -> Float[np.ndarray, "height width"]:
    """As `read_picture`; whole numbers of up to 8 bits are divided by the largest, all others stretched.

    Raises:
        ImageError: beyond a limit, or of a kind that is no film.
        Exception: the file is damaged.
    """
    with TiffFile(BytesIO(data)) as file:
        page = file.pages.first
        check_size(page.imagewidth, page.imagelength)
        check_frames(_pages(file))
        values = page.asarray(maxworkers=1)
        turn = page.tags[TAG].value if TAG in page.tags else UPRIGHT
        return upright(_shown(page, values), turn)


def _pages(file: TiffFile) -> int:
    """How many there are, counted no further than is allowed."""
    try:
        file.pages[MAX_FRAMES]
    except IndexError:
        return len(file.pages)
    return MAX_FRAMES + 1


def _shown(page: TiffPage, values: np.ndarray) -> Float[np.ndarray, "height width"]:
    if page.axes.startswith("S"):  # a plane for each sample
        values = np.moveaxis(values, 0, -1)
    white = 2**page.bitspersample - 1 if page.bitspersample <= 8 and values.dtype.kind in "ub" else None
    match page.photometric:
        case PHOTOMETRIC.MINISBLACK:
            return unit(_flat(page, values, 1), white)
        case PHOTOMETRIC.MINISWHITE:
            return 1 - unit(_flat(page, values, 1), white)
        case PHOTOMETRIC.PALETTE:
            return unit(by_rows(values, _palette(page).__getitem__, np.uint8), 255)
        case PHOTOMETRIC.RGB | PHOTOMETRIC.YCBCR if page.bitspersample in (8, 16):
            return unit(_flat(page, values, 3), white)
        case PHOTOMETRIC.SEPARATED if page.samplesperpixel == 4:
            return unit(grey(values, inks=True), white)
    raise ImageError("The TIFF is neither greyscale nor RGB nor CMYK: export it as greyscale.")


def _flat(page: TiffPage, values: np.ndarray, colours: int) -> np.ndarray:
    """Grey, with what is transparent black; samples that mean something else are left out."""
    kept = colours + (page.extrasamples[:1] == (ALPHA,))
    if values.ndim == 2:
        return values
    return grey(values[..., 0] if kept == 1 else values[..., :kept])


def _palette(page: TiffPage) -> np.ndarray:
    """The grey of each entry. Its 16 bits hold 8: in the upper byte, or in the lower as some write them."""
    colours = page.colormap.T
    return grey((colours >> 8 if colours.max() > 255 else colours).astype(np.uint8)[None])[0]
