"""The only code that touches untrusted bytes: a film and a report, as a person sent them, made safe and uniform.

What a file is, its first bytes say, never its name. Every limit is checked on the header, before anything is decoded.
Whatever goes wrong in a third-party parser becomes one `ImageError` whose sentence holds nothing from the file.
"""

import hashlib
import logging
import re
import unicodedata
import warnings
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from PIL import Image, ImageOps
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.encaps import get_frame
from pydicom.filereader import read_file_meta_info
from pydicom.pixels import apply_modality_lut, apply_voi_lut, get_decoder, pixel_array
from pydicom.uid import UID, RLELossless

from model.errors import ImageError, ReportError

MAX_BYTES = 64 * 2**20  # the largest uncompressed detector (about 30 megapixels at 16 bits) fits
MAX_PIXELS = 40_000_000  # as float32 160 MB: one hostile upload cannot exhaust a server
MIN_SIDE = 32  # below this nothing anatomical can be told apart
MAX_ASPECT = 10  # longer strips (a full spine is 4:1) vanish when letterboxed into the encoder's square
MAX_SCANS = 100  # a progressive JPEG has about 10; thousands of empty ones keep a decoder busy for minutes
MAX_WORDS = 2_000  # ten times a long radiology report; the text encoder reads far fewer
MAX_CHARACTERS = 20_000  # the same limit for text that is not divided by spaces
ROBUST_PERCENTILES = (0.5, 99.5)  # keeps lead markers and dead pixels from setting the contrast

FORMATS = {"png": "PNG", "jpeg": "JPEG", "webp": "WebP", "dicom": "DICOM"}
SEND = "send a PNG, JPEG, WebP or DICOM file"
UNCOMPRESSED = "export it uncompressed (Explicit VR Little Endian)"

# Pixels and how to show them: what `read_film` parses. No element that describes a patient is among them.
DICOM_TAGS = [
    "SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration", "NumberOfFrames", "Rows", "Columns",
    "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "WindowCenter", "WindowWidth", "VOILUTFunction",
    "RescaleIntercept", "RescaleSlope", "ModalityLUTSequence", "VOILUTSequence", "PixelData", "FloatPixelData",
    "DoubleFloatPixelData", "ExtendedOffsetTable", "ExtendedOffsetTableLengths",
]  # fmt: skip
DEFLATED_UID = b"1.2.840.10008.1.2.1.99"
# What joins a file to its report. Nothing else that describes a patient is parsed, and only by `read_identity`.
IDENTITY_TAGS = ["PatientID", "AccessionNumber", "StudyInstanceUID", "SOPInstanceUID", "ViewPosition"]

# pydicom's warnings quote the header values that they are about.
warnings.filterwarnings("ignore", module="pydicom")
logging.getLogger("pydicom").setLevel(logging.CRITICAL)

INVISIBLE = {"Cc", "Cf", "Cs"}  # controls, format characters (bidi, zero-width, tags), lone surrogates


class Identity(NamedTuple):
    """Whose a DICOM file is, as its header says; empty where it is silent. For joining only: never shown or kept."""

    patient: str
    accession: str
    study: str  #: StudyInstanceUID
    instance: str  #: SOPInstanceUID
    view: str  #: ViewPosition, in capitals: PA, AP, LL, …


class Film(NamedTuple):
    """A radiograph, ready for any encoder."""

    pixels: Float[np.ndarray, "height width"]  #: float32 in [0, 1]; 0 is black (air), 1 is white (bone)
    sha256: str  #: of the bytes as they came
    format: str  #: "png", "jpeg", "webp" or "dicom", by content


def read_film(data: bytes) -> Film:
    """Read a radiograph from the bytes of a PNG, JPEG, WebP or DICOM file.

    8-bit images are divided by 255. 16-bit images and DICOM without a window are stretched between their 0.5th and
    99.5th percentile at full precision. Colour becomes luminance, transparency black, EXIF orientation is applied.
    DICOM passes its modality and VOI transforms; MONOCHROME1 is inverted; of several frames the first is read.

    Raises:
        ImageError: not such a file, damaged, too large, too small, or blank.
    """
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise ImageError(f"The film came as {type(data).__name__}, not as the bytes of a file: {SEND}.")
    data = bytes(data)
    kind = _kind(data)
    try:
        pixels = _read_dicom(data) if kind == "dicom" else _read_picture(data, kind)
    except ImageError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ImageError(f"The image has more than {MAX_PIXELS:,} pixels: send a smaller one.") from None
    except Exception:  # parsers raise anything on hostile bytes, and their messages may quote the header
        raise ImageError(f"The {FORMATS[kind]} file is damaged or cut off: export it again.") from None
    _refuse_blank(pixels)
    return Film(np.ascontiguousarray(pixels, np.float32), hashlib.sha256(data).hexdigest(), kind)


def read_identity(path: Path) -> Identity | None:
    """Read what a DICOM file says about whose it is, without its pixels; None where it is no DICOM that can be read."""
    try:
        with path.open("rb") as file:
            if file.read(132)[128:] != b"DICM" or read_file_meta_info(path).TransferSyntaxUID.is_deflated:
                return None
        header = dcmread(path, stop_before_pixels=True, specific_tags=IDENTITY_TAGS)
        patient, accession, study, instance, view = (str(header.get(tag) or "").strip() for tag in IDENTITY_TAGS)
    except Exception:  # parsers raise anything on hostile bytes, and their messages may quote the header
        return None
    return Identity(patient, accession, study, instance, view.upper())


def read_report(text: str) -> str:
    """Return the report as it is both shown and encoded.

    Line ends become "\\n", the text NFC. Characters that are not seen (controls, zero-width, direction overrides)
    are removed: a text encoder drops them, so what a reader sees would not be what was encoded. Nothing else is
    changed, except that a report of blank space alone is no report: "".

    Raises:
        ReportError: not text, or longer than MAX_WORDS words or MAX_CHARACTERS characters.
    """
    if not isinstance(text, str):
        raise ReportError(f"The report came as {type(text).__name__}, not as text: send a string.")
    words = sum(1 for _ in re.finditer(r"\S+", text))
    if words > MAX_WORDS or len(text) > MAX_CHARACTERS:
        raise ReportError(
            f"The report has {words:,} words and {len(text):,} characters; at most {MAX_WORDS:,} words and "
            f"{MAX_CHARACTERS:,} characters are read: send the findings and the impression only."
        )
    text = re.sub("\r\n|[\r\v\f\x85\u2028\u2029]", "\n", text)
    text = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in INVISIBLE)
    return unicodedata.normalize("NFC", text) if text.strip() else ""


def _kind(data: bytes) -> str:
    if not data:
        raise ImageError(f"The file is empty: {SEND}.")
    if len(data) > MAX_BYTES:
        raise ImageError(f"The file has {len(data):,} bytes and at most {MAX_BYTES:,} are read: send a smaller one.")
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "webp"
    if data[128:132] == b"DICM":
        return "dicom"
    raise ImageError(f"The file is not an image that can be read: {SEND}.")


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise ImageError(
            f"The image has {width} x {height} pixels, more than the {MAX_PIXELS:,} that are read: send a smaller one."
        )
    if min(width, height) < MIN_SIDE or max(width, height) > MAX_ASPECT * min(width, height):
        raise ImageError(
            f"The image has {width} x {height} pixels; a film has at least {MIN_SIDE} on each side and is at most "
            f"{MAX_ASPECT} times as long as wide: send the whole film."
        )


def _open_picture(data: bytes, formats: tuple[str, ...]) -> Image.Image:
    """Open without decoding, and check everything the header tells."""
    if "JPEG" in formats and data.count(b"\xff\xda") > MAX_SCANS:
        raise ImageError(f"The JPEG has more than {MAX_SCANS} scans: export it again as baseline JPEG or PNG.")
    image = Image.open(BytesIO(data), formats=formats)
    _check_size(*image.size)
    return image


def _read_picture(data: bytes, kind: str) -> Float[np.ndarray, "height width"]:
    # 16-bit colour, and 16-bit grey with alpha, arrive from Pillow at 8 bits; plain 16-bit grey keeps all of them.
    with _open_picture(data, (kind.upper(),)) as image:
        image = ImageOps.exif_transpose(image)
        if image.mode.startswith(("I", "F")):
            return _stretch(np.asarray(image).astype(np.float32))
        if image.has_transparency_data:
            image = image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", image.size, (0, 0, 0, 255)), image)
        if image.mode != "L":
            image = image.convert("RGB").convert("L")
        return np.asarray(image, np.float32) / 255


def _read_dicom(data: bytes) -> Float[np.ndarray, "height width"]:
    if DEFLATED_UID in data:  # pydicom inflates it whole, without a limit
        raise ImageError(f"The DICOM file is deflated, which is not read: {UNCOMPRESSED}.")
    header = dcmread(BytesIO(data), specific_tags=DICOM_TAGS)
    if not any(name in header for name in ("PixelData", "FloatPixelData", "DoubleFloatPixelData")):
        raise ImageError("The DICOM file holds no pixels: send an image object, not a report or a directory.")
    _check_size(int(header.Columns), int(header.Rows))
    frame = _first_frame(header)
    frame = np.nan_to_num(frame, nan=np.nanmin(frame)) if frame.dtype.kind == "f" else frame
    photometric = str(header.PhotometricInterpretation)
    if frame.ndim == 3 and photometric.startswith(("RGB", "YBR")):  # pydicom gives both as RGB; Rec. 601 luminance
        white = 2 ** int(header.BitsStored) - 1
        return (frame[..., :3] @ np.array([0.299, 0.587, 0.114], np.float32)).clip(0, white) / white
    if frame.ndim != 2 or photometric not in ("MONOCHROME1", "MONOCHROME2"):
        raise ImageError("The DICOM file is neither greyscale nor RGB: export it as MONOCHROME2.")
    pixels = _to_display(frame, header)
    return 1 - pixels if photometric == "MONOCHROME1" else pixels


def _first_frame(header: Dataset) -> np.ndarray:
    """Decode frame 0: (rows, columns) or (rows, columns, 3), as stored."""
    syntax = header.file_meta.TransferSyntaxUID
    if syntax.is_encapsulated:
        frame = get_frame(header.PixelData, 0, number_of_frames=int(header.get("NumberOfFrames") or 1))
        _check_compressed(frame, header)
        if not _has_decoder(syntax):
            raise ImageError(
                f"The DICOM file is compressed in a way for which no decoder is installed: {UNCOMPRESSED}."
            )
    try:
        return pixel_array(header, index=0)
    except RuntimeError:  # every decoder gave up: a damaged stream, or a variant such as 12-bit JPEG
        raise ImageError(f"The compressed pixels of the DICOM file cannot be decoded: {UNCOMPRESSED}.") from None


def _has_decoder(syntax: UID) -> bool:
    try:
        return get_decoder(syntax).is_available
    except NotImplementedError:
        return False


def _check_compressed(frame: bytes, header: Dataset) -> None:
    """The compressed stream has a size of its own, which need not be the one that the DICOM header states."""
    stated = int(header.Rows) * int(header.Columns) * int(header.SamplesPerPixel) * int(header.BitsAllocated) // 8
    if header.file_meta.TransferSyntaxUID == RLELossless and len(frame) > 2 * stated + 4096:
        raise ImageError("The DICOM file holds more compressed data than its image can need: export it again.")
    if frame.startswith((b"\xff\xd8\xff", b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0cjP  ")):
        try:
            _open_picture(frame, ("JPEG", "JPEG2000")).close()
        except Image.UnidentifiedImageError:
            return  # lossless JPEG and JPEG-LS, which Pillow does not know and so will not decode either


def _to_display(frame: np.ndarray, header: Dataset) -> Float[np.ndarray, "height width"]:
    """Stored values to [0, 1] as a viewer would show them, before any inversion."""
    values = apply_modality_lut(frame, header)
    if limits := _voi_limits(header):
        shown = apply_voi_lut(values.astype(np.int32) if header.get("VOILUTSequence") else values, header)
        if shown.min() < shown.max():
            return ((shown - limits[0]) / (limits[1] - limits[0])).clip(0, 1)
    return _stretch(values.astype(np.float32))  # no window, or one that misses every pixel


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


def _stretch(values: Float[np.ndarray, "height width"]) -> Float[np.ndarray, "height width"]:
    """Scale the robust range of `values` to [0, 1]; not-a-number counts as the lowest value."""
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        raise ImageError("The image holds no number: export it again.")
    values = np.nan_to_num(values, nan=finite.min(), posinf=finite.max(), neginf=finite.min())
    low, high = np.percentile(finite, ROBUST_PERCENTILES)
    if low == high:  # nearly one value: the few others are all there is to see
        low, high = values.min(), values.max()
    return ((values - low) / max(high - low, np.finfo(np.float32).tiny)).clip(0, 1)


def _refuse_blank(pixels: np.ndarray) -> None:
    if pixels.min() == pixels.max():
        raise ImageError("In this image every pixel has the same value: send a film that shows something.")
