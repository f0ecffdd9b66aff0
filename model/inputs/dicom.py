"""DICOM: the first frame as a viewer would show it. No element that describes a patient is parsed."""

from io import BytesIO

import numpy as np

from model.errors import ImageError
from model.inputs.elements import PIXEL_SHAPES, Elements, parse
from model.inputs.frames import compressed_frame
from model.inputs.grayscale import display
from model.inputs.limits import check_frames, check_size
from model.inputs.luts import COLOURS, read_palette
from model.inputs.native import FLOATS, Frame, floating_frame, native_frame, padding, stored_values
from model.inputs.tones import Pixels, finite, grey, rgb

# Pixels and how to show them.
TAGS = [
    "SOPClassUID", "SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration", "NumberOfFrames", "Rows",
    "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", *PIXEL_SHAPES, "WindowCenter",
    "WindowWidth", "VOILUTFunction", "RescaleIntercept", "RescaleSlope", "ModalityLUTSequence", "VOILUTSequence",
    "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence", "PixelData", *FLOATS,
    *(f"{kind}PixelPadding{part}" for kind in ("", "Float", "DoubleFloat") for part in ("Value", "RangeLimit")),
    *(f"{colour}PaletteColorLookupTable{part}" for colour in COLOURS for part in ("Descriptor", "Data")),
    *(f"Segmented{colour}PaletteColorLookupTableData" for colour in COLOURS),
]  # fmt: skip
MONOCHROME = ("MONOCHROME1", "MONOCHROME2")
COLOUR = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_RCT", "YBR_ICT")
SQUARE = 0.01  # what a pixel may be longer than wide, or wider than long, and count as square
# Objects that hold no pixels, by the start of their SOP class below 1.2.840.10008.
CLASSES = {
    "1.3.10": "a directory (DICOMDIR)",
    "5.1.4.1.1.9.": "a waveform",
    "5.1.4.1.1.11.": "a presentation state",
    "5.1.4.1.1.66": "a registration, a segmentation or raw data",
    "5.1.4.1.1.88.": "a structured report",
    "5.1.4.1.1.104.": "a document (PDF, for one)",
    "5.1.4.1.1.481.": "a radiotherapy plan, structure set or record",
}


def read_dicom(data: bytes) -> Pixels:
    """Modality and VOI transforms applied, MONOCHROME1 inverted; stretched where there is no usable window; padding
    black; pixels square.

    Raises:
        ImageError: beyond a limit, or of a kind that is no film.
        Exception: the file is damaged.
    """
    elements, meta = parse(BytesIO(data), TAGS)
    if not any(name in elements for name in ("PixelData", *FLOATS)):
        raise ImageError(_without_pixels(elements.text("SOPClassUID") or meta.text("MediaStorageSOPClassUID")))
    height, width = elements.whole("Rows"), elements.whole("Columns")
    check_size(width, height)
    height, width = _square_size(height, width, elements)
    check_frames(elements.whole("NumberOfFrames", 1))
    frame = _first_frame(elements, meta.text("TransferSyntaxUID"))
    if elements.photometric in MONOCHROME and frame.words.ndim == 2:
        pixels = _greyscale(frame, elements)
    else:
        pixels = _grey_of_colour(frame, elements)
    return _resampled(pixels, height, width)


def _without_pixels(sop_class: str) -> str:
    root, _, name = sop_class.partition("1.2.840.10008.")
    what = next((what for start, what in CLASSES.items() if not root and name.startswith(start)), "")
    what = f"is {what} and " if what else ""
    return f"The DICOM file {what}holds no pixels: send an image object, not a report or a directory."


def _first_frame(elements: Elements, syntax: str) -> Frame:
    """As stored; of floating values none is not a number."""
    if not elements.photometric:
        raise ImageError("The DICOM file does not say its PhotometricInterpretation: export it again as MONOCHROME2.")
    for keyword in FLOATS:
        if keyword in elements:
            frame = floating_frame(elements, keyword)
            return frame._replace(words=finite(frame.words))
    return compressed_frame(elements, syntax) if elements.encapsulated else native_frame(elements, syntax)


def _greyscale(frame: Frame, elements: Elements) -> Pixels:
    values = frame.words if frame.words.dtype.kind == "f" else stored_values(frame, elements)
    padded = padding(frame, values, elements)
    pixels = display(values, padded, elements)
    if elements.photometric == "MONOCHROME1":
        np.subtract(1, pixels, out=pixels)
    if padded is not None:
        pixels[padded] = 0
    return pixels


def _grey_of_colour(frame: Frame, elements: Elements) -> Pixels:
    words, white = frame.words, 2 ** elements.whole("BitsStored") - 1
    if elements.photometric == "PALETTE COLOR" and words.ndim == 2:
        values = stored_values(frame, elements)
        low = int(values.min())
        colours, white = read_palette(elements, low, int(values.max()))
        words = grey(colours[None])[0][values.astype(np.int32) - low]
    elif elements.photometric not in COLOUR or words.ndim != 3:
        raise ImageError("The DICOM file is neither greyscale nor RGB: export it as MONOCHROME2.")
    elif words.itemsize == 4:
        words, white = (words >> 16).astype(np.uint16), 2**16 - 1
    if frame.ybr:
        words = rgb(words, white)
    return np.divide(grey(np.ascontiguousarray(words)), white, dtype=np.float32).clip(0, 1)


def _square_size(height: int, width: int, elements: Elements) -> tuple[int, int]:
    """How many rows and columns show an image in square pixels, none of its own left out. Pixels need not be square;
    what is shown is."""
    ratio = _height_over_width(elements)
    if ratio > 1 + SQUARE:
        height = round(height * ratio)
    elif ratio < 1 / (1 + SQUARE):
        width = round(width / ratio)
    check_size(width, height)
    return height, width


def _height_over_width(elements: Elements) -> float:
    """Of a pixel; 1 where nothing that can be used is stated."""
    if (stated := elements.pixel_shape) is None:
        return 1.0
    _, high, wide = stated
    return min(max(high / wide, 1e-3), 1e3)


def _resampled(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    """Pixels repeated so that there are so many rows and columns: no value that was not measured."""
    for axis, wanted in ((0, height), (1, width)):
        if (stored := pixels.shape[axis]) != wanted:
            nearest = ((np.arange(wanted) + 0.5) * stored / wanted).astype(int)
            pixels = np.take(pixels, nearest, axis)
    return pixels
