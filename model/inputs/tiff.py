"""TIFF, by tifffile: grey of 1 to 16 bits, signed or floating too, palettes, RGB, CMYK; the largest page."""

from io import BytesIO

import numpy as np
from tifffile import COMPRESSION, PHOTOMETRIC, TiffFile, TiffPage

from model.errors import ImageError
from model.inputs.limits import check_frames, check_size
from model.inputs.orientation import TAG, UPRIGHT, upright
from model.inputs.tones import Pixels, by_rows, grey, stretch, unit

READ = {COMPRESSION[name] for name in (
    "NONE", "CCITTRLE", "CCITTFAX3", "CCITTFAX4", "LZW", "OJPEG", "JPEG", "ALT_JPEG", "ADOBE_DEFLATE",
    "DEFLATE", "PACKBITS", "LZMA", "ZSTD", "ZSTD_DEPRECATED", "WEBP", "WEBP_DEPRECATED", "PNG", "JPEG2000",
    "JPEG_2000_LOSSY", "APERIO_JP2000_RGB", "APERIO_JP2000_YCBC",
)}  # fmt: skip
REDUCED, MASK = 1, 4  # bits of NewSubfileType
NO_DATA = 42113  # GDAL's tag
USUAL, LOWEST = (-9999, -99999, -32767, -32768), -1e30  # values that are written where there is none
ALPHA = 2  # of ExtraSamples; 1 is alpha by which the colour is multiplied already, as over black


def read_tiff(data: bytes) -> Pixels:
    """As `read_picture`; whole numbers of up to 8 bits are divided by the largest, all others stretched.

    Raises:
        ImageError: beyond a limit, or of a kind that is no film.
        Exception: the file is damaged.
    """
    with TiffFile(BytesIO(data)) as file:
        page = _film(file)
        check_size(page.imagewidth, page.imagelength)
        if page.compression not in READ:
            raise ImageError("The TIFF is compressed in a way that is not read: export it uncompressed or as PNG.")
        values = page.asarray(maxworkers=1)
        turn = page.tags[TAG].value if TAG in page.tags else UPRIGHT
        return upright(_shown(page, values), turn)


def _film(file: TiffFile) -> TiffPage:
    """The page with the most pixels, and of those the first: what is smaller may be a thumbnail.

    Raises:
        ImageError: too many pages.
    """
    pages = []
    for page in file.pages:
        pages.append(page)
        check_frames(len(pages))
        if page.subifds:
            check_frames(len(pages) + len(page.subifds))
            pages += page.pages or ()
    whole = [page for page in pages if not page.subfiletype & (REDUCED | MASK)]
    return max(whole or pages, key=lambda page: page.imagewidth * page.imagelength)


def _shown(page: TiffPage, values: np.ndarray) -> Pixels:
    if page.axes.startswith("S"):  # a plane for each sample
        values = np.moveaxis(values, 0, -1)
    white = 2**page.bitspersample - 1 if page.bitspersample <= 8 and values.dtype.kind in "ub" else None
    match page.photometric:
        case PHOTOMETRIC.MINISBLACK | PHOTOMETRIC.MINISWHITE:
            return _greyscale(page, _flat(page, values, 1), white)
        case PHOTOMETRIC.PALETTE:
            return unit(by_rows(values, _palette(page).__getitem__, np.uint8), 255)
        case PHOTOMETRIC.RGB | PHOTOMETRIC.YCBCR if page.bitspersample in (8, 16):
            return unit(_flat(page, values, 3), white)
        case PHOTOMETRIC.SEPARATED if page.samplesperpixel == 4:
            return unit(grey(values, inks=True), white)
    raise ImageError("The TIFF is neither greyscale nor RGB nor CMYK: export it as greyscale.")


def _greyscale(page: TiffPage, values: np.ndarray, white: int | None) -> Pixels:
    padded = _no_data(page, values)
    shown = unit(values, white) if padded is None else stretch(values, padded)
    if page.photometric == PHOTOMETRIC.MINISWHITE:
        np.subtract(1, shown, out=shown)
    if padded is not None:
        shown[padded] = 0
    return shown


def _no_data(page: TiffPage, values: np.ndarray) -> np.ndarray | None:
    """Where pixels are no part of the picture: they have the value that the file says, or the lowest one if that is
    one of those in use for it and far below all others; None where all are."""
    if NO_DATA in page.tags:
        try:
            lowest = float(page.tags[NO_DATA].value)
        except ValueError:
            return None
    else:
        lowest = values[np.isfinite(values)].min(initial=np.inf) if values.dtype.kind == "f" else values.min()
        if (lowest not in USUAL and lowest > LOWEST) or (values[values > lowest] < lowest / 2).any():
            return None
    padded = values == lowest
    return padded if padded.any() and not padded.all() else None


def _flat(page: TiffPage, values: np.ndarray, colours: int) -> np.ndarray:
    """Grey, with what is transparent black; samples that mean something else are left out."""
    kept = colours + (page.extrasamples[:1] == (ALPHA,))
    if values.ndim == 2:
        return values
    return grey(values[..., 0] if kept == 1 else values[..., :kept])


def _palette(page: TiffPage) -> np.ndarray:
    """The grey of each entry. Its 16 bits hold 8: in the upper byte, or in the lower as some write them."""
    assert page.colormap is not None
    colours = page.colormap.T
    return grey((colours >> 8 if colours.max() > 255 else colours).astype(np.uint8)[None])[0]
