"""DICOM: the first frame as a viewer would show it. No element that describes a patient is parsed."""

from io import BytesIO

import numpy as np
from jaxtyping import Float
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.encaps import get_frame
from pydicom.pixels import apply_color_lut, apply_modality_lut, apply_voi_lut, pixel_array

from model.errors import ImageError
from model.inputs.frames import decode_frame
from model.inputs.limits import check_frames, check_size
from model.inputs.tones import by_rows, grey, stretch

# Pixels and how to show them.
TAGS = [
    "SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration", "NumberOfFrames", "Rows", "Columns",
    "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "WindowCenter", "WindowWidth", "VOILUTFunction",
    "RescaleIntercept", "RescaleSlope", "ModalityLUTSequence", "VOILUTSequence", "PixelData", "FloatPixelData",
    "DoubleFloatPixelData", "ExtendedOffsetTable", "ExtendedOffsetTableLengths", "RedPaletteColorLookupTableDescriptor",
    "GreenPaletteColorLookupTableDescriptor", "BluePaletteColorLookupTableDescriptor",
    "RedPaletteColorLookupTableData", "GreenPaletteColorLookupTableData", "BluePaletteColorLookupTableData",
]  # fmt: skip
DEFLATED_UID = b"1.2.840.10008.1.2.1.99"
MONOCHROME = ("MONOCHROME1", "MONOCHROME2")


def read_dicom(data: bytes) -> Float[np.ndarray, "height width"]:
    """Modality and VOI transforms applied, MONOCHROME1 inverted; stretched where there is no usable window.

    Raises:
        ImageError: beyond a limit, or of a kind that is no film.
        Exception: the file is damaged.
    """
    if DEFLATED_UID in data:  # pydicom inflates it whole, without a limit
        raise ImageError("The DICOM file is deflated, which is not read: export it uncompressed.")
    header = dcmread(BytesIO(data), specific_tags=TAGS)
    if not any(name in header for name in ("PixelData", "FloatPixelData", "DoubleFloatPixelData")):
        raise ImageError("The DICOM file holds no pixels: send an image object, not a report or a directory.")
    check_size(int(header.Columns), int(header.Rows))
    check_frames(int(header.get("NumberOfFrames") or 1))
    frame, photometric = _first_frame(header), str(header.PhotometricInterpretation)
    if photometric in MONOCHROME and frame.ndim == 2:
        pixels = _to_display(frame, header)
        return 1 - pixels if photometric == "MONOCHROME1" else pixels
    return _grey_of_colour(frame, photometric, header)


def _first_frame(header: Dataset) -> np.ndarray:
    """Frame 0: (rows, columns) or (rows, columns, samples), as stored."""
    if not header.file_meta.TransferSyntaxUID.is_encapsulated:
        frame = pixel_array(header, index=0)
        return np.nan_to_num(frame, nan=np.nanmin(frame)) if frame.dtype.kind == "f" else frame
    return decode_frame(get_frame(header.PixelData, 0, number_of_frames=int(header.get("NumberOfFrames") or 1)), header)


def _grey_of_colour(frame: np.ndarray, photometric: str, header: Dataset) -> Float[np.ndarray, "height width"]:
    white = 2 ** int(header.BitsStored) - 1
    if photometric == "PALETTE COLOR" and frame.ndim == 2:
        frame = apply_color_lut(frame, header)
        white = np.iinfo(frame.dtype).max
    elif photometric.startswith("YBR_FULL") and header.file_meta.TransferSyntaxUID.is_encapsulated:
        frame = frame[..., 0]  # luminance; uncompressed, pydicom has made RGB of it
    elif not photometric.startswith(("RGB", "YBR")) or frame.ndim != 3:
        raise ImageError("The DICOM file is neither greyscale nor RGB: export it as MONOCHROME2.")
    values = grey(np.ascontiguousarray(frame))
    return np.divide(values, white, dtype=np.float32).clip(0, 1)


def _to_display(frame: np.ndarray, header: Dataset) -> Float[np.ndarray, "height width"]:
    """Stored values to [0, 1] as a viewer would show them, before any inversion."""
    if frame.dtype.kind not in "iu" or frame.dtype.itemsize > 2:
        shown, final = _transformed(frame, header)
        return shown if final else stretch(shown)
    # Each value is transformed once: there are at most 65,536, and an image of 64-bit numbers would not fit.
    lowest = int(frame.min())
    table, final = _transformed(np.arange(lowest, int(frame.max()) + 1, dtype=np.int32), header)
    shown = by_rows(frame, lambda rows: table[rows.astype(np.int32) - lowest], np.float32)
    return shown if final else stretch(shown)


def _transformed(values: np.ndarray, header: Dataset) -> tuple[np.ndarray, bool]:
    """The values in [0, 1] after modality and VOI transform, and true; after the modality's alone, and false, where no
    window is given or the one that is misses them all."""
    values = apply_modality_lut(values, header)
    if limits := _voi_limits(header):
        shown = apply_voi_lut(values.astype(np.int32) if header.get("VOILUTSequence") else values, header)
        if shown.min() < shown.max():
            return ((shown - limits[0]) / (limits[1] - limits[0])).clip(0, 1), True
    return values.astype(np.float32), False


def _voi_limits(header: Dataset) -> tuple[float, float] | None:
    """The values the VOI transform gives to black and to white; None where there is no usable transform."""
    try:
        if luts := header.get("VOILUTSequence"):
            entries, first = luts[0].LUTDescriptor[0] or 2**16, luts[0].LUTDescriptor[1]
            probe = np.arange(first, first + entries, dtype=np.int32)
        elif header.get("WindowWidth") is not None and header.get("WindowCenter") is not None:
            probe = np.array([-1e12, 1e12])
        else:
            return None
        with np.errstate(over="ignore"):  # a sigmoid window, far from its centre
            shown = apply_voi_lut(probe, header)
    except Exception:  # a malformed window or table must not keep good pixels from being seen
        return None
    return (float(shown.min()), float(shown.max())) if shown.min() < shown.max() else None
