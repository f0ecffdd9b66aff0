"""The compressed frame of a DICOM file: by imagecodecs, whose decoders (libjpeg-turbo, CharLS, OpenJPEG) are free to
pass on with this project. pylibjpeg's for JPEG and JPEG-LS is under the GPL, and pydicom would take Pillow for some.
"""

import struct
from collections.abc import Callable

import imagecodecs
import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import (
    JPEG2000,
    UID,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from model.errors import ImageError
from model.inputs import jpeg
from model.inputs.limits import check_size

CODESTREAM = b"\xff\x4f\xff\x51"  # of JPEG 2000: SOC, SIZ


def decode_frame(frame: bytes, header: Dataset) -> np.ndarray:
    """(rows, columns) or (rows, columns, samples) of stored values, signed where the header says so.

    Raises:
        ImageError: no such compression is read, or the frame is not the image that the header states.
        Exception: it is damaged.
    """
    decoder = DECODERS.get(header.file_meta.TransferSyntaxUID)
    if decoder is None:
        raise ImageError("The DICOM file is compressed in a way that is not read: export it uncompressed.")
    values = decoder(frame, header)
    samples = int(header.SamplesPerPixel)
    if values.shape != (int(header.Rows), int(header.Columns)) + (samples,) * (samples > 1):
        raise ImageError("The compressed image in the DICOM file has another size than its header: export it again.")
    return _signed(values, header)


def _signed(values: np.ndarray, header: Dataset) -> np.ndarray:
    """A decoder gives bits; whether they are signed the header knows, even where a JPEG 2000 stream disagrees."""
    bits, wide = int(header.BitsStored), values.dtype.itemsize * 8
    if int(header.PixelRepresentation) == 0:
        return values.view(f"u{values.dtype.itemsize}") if values.dtype.kind == "u" else values & (2**bits - 1)
    signed = values.view(f"i{values.dtype.itemsize}")
    return (signed << (wide - bits)) >> (wide - bits) if bits < wide else signed


def _jpeg(frame: bytes, header: Dataset) -> np.ndarray:
    head = jpeg.header(frame)
    check_size(head.width, head.height)
    if head.samples == 1:
        return jpeg.decode(frame, head)
    # Grey is all that is wanted of colour: its first component, or what its three make, as the header names them.
    stored = "YCBCR" if str(header.PhotometricInterpretation).startswith("YBR") else "RGB"
    return imagecodecs.jpeg8_decode(frame, colorspace=stored, outcolorspace=stored)


def _jpegls(frame: bytes, header: Dataset) -> np.ndarray:
    head = jpeg.header(frame)
    check_size(head.width, head.height)
    return imagecodecs.jpegls_decode(frame)


def _jpeg2k(frame: bytes, header: Dataset) -> np.ndarray:
    start = frame.index(CODESTREAM)
    right, bottom, left, top = struct.unpack_from(">4I", frame, start + 8)
    check_size(right - left, bottom - top)
    return imagecodecs.jpeg2k_decode(frame, numthreads=1)


def _rle(frame: bytes, header: Dataset) -> np.ndarray:
    rows, columns, samples = int(header.Rows), int(header.Columns), int(header.SamplesPerPixel)
    stored = np.dtype(f"<u{int(header.BitsAllocated) // 8}")
    size = rows * columns * samples * stored.itemsize
    if len(frame) > 2 * size + 4096:
        raise ImageError("The DICOM file holds more compressed data than its image can need: export it again.")
    planes = np.frombuffer(imagecodecs.dicomrle_decode(frame, stored, out=size), stored)
    planes = planes.reshape(samples, rows, columns)
    return planes[0] if samples == 1 else np.moveaxis(planes, 0, -1)


DECODERS: dict[UID, Callable[[bytes, Dataset], np.ndarray]] = {
    RLELossless: _rle,
    **dict.fromkeys((JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLossless, JPEGLosslessSV1), _jpeg),
    **dict.fromkeys((JPEGLSLossless, JPEGLSNearLossless), _jpegls),
    **dict.fromkeys((JPEG2000Lossless, JPEG2000), _jpeg2k),
}
