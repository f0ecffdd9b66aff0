"""Films as files, of every format that is read, each of which holds the same ramp or is told apart by its name."""

import io
import struct
from functools import cache

import imagecodecs
import numpy as np
import pydicom
import tifffile
from helpers import dicom
from PIL import Image
from pydicom import uid

RAMP8 = np.add.outer(np.arange(60), np.arange(80)).astype(np.uint8)
RAMP12 = (np.arange(60 * 80).reshape(60, 80) * 4095 // 4799).astype(np.uint16)
RAMP16 = (np.arange(60 * 80).reshape(60, 80) * 65535 // 4799).astype(np.uint16)
SPECKLE = np.random.default_rng(0).integers(0, 256, (60, 80), dtype=np.uint8)
COLOUR = np.random.default_rng(1).integers(0, 256, (60, 80, 3), dtype=np.uint8)


def saved(image, format, **options) -> bytes:
    """A picture, as Pillow writes it."""
    image = image if isinstance(image, Image.Image) else Image.fromarray(image)
    image.save(out := io.BytesIO(), format, **options)
    return out.getvalue()


def tiff(array, **options) -> bytes:
    """A TIFF, as tifffile writes it."""
    tifffile.imwrite(out := io.BytesIO(), array, metadata=None, **options)
    return out.getvalue()


def packed_tiff(array) -> bytes:
    """A TIFF of 12 bits a sample, three bytes to a pair: what tifffile does not write."""
    pairs = array.reshape(-1, 2).astype(np.uint32)
    joined = (pairs[:, 0] << 12 | pairs[:, 1]).astype(">u4").view(np.uint8).reshape(-1, 4)[:, 1:].tobytes()
    height, width = array.shape
    entries = {256: width, 257: height, 258: 12, 259: 1, 262: 1, 273: 8, 277: 1, 278: height, 279: len(joined)}
    directory = struct.pack("<H", len(entries))
    directory += b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries.items()) + bytes(4)
    return b"II*\0" + struct.pack("<I", 8 + len(joined)) + joined + directory


def bmp(bits, pixels, palette=b"", masks=b"", width=80, height=60, compression=None) -> bytes:
    """A BMP with a header of 40 bytes; a negative height means rows from the top."""
    start = 54 + len(masks) + len(palette)
    compression = compression if compression is not None else 3 if masks else 0
    size = struct.pack("<IiiHHII", 40, width, height, 1, bits, compression, len(pixels))
    head = b"BM" + struct.pack("<IHHI", start + len(pixels), 0, 0, start) + size
    return head + struct.pack("<iiII", 2835, 2835, len(palette) // 4, 0) + masks + palette + pixels


def rle(array, **elements) -> bytes:
    """A DICOM file that pydicom compressed by run lengths."""
    ds = pydicom.dcmread(io.BytesIO(dicom(array, **elements)))
    ds.compress(uid.RLELossless, encoding_plugin="pydicom")
    ds.save_as(out := io.BytesIO())
    return out.getvalue()


@cache
def ramps() -> dict[str, bytes]:
    """The ramp of 12 or 16 bits in each format and transfer syntax that holds it."""
    twelve = {"BitsStored": 12}
    lossless = imagecodecs.jpeg8_encode(RAMP12, lossless=True, bitspersample=12)
    return {
        "PNG": saved(RAMP16, "PNG"),
        "TIFF": tiff(RAMP16),
        "TIFF, 12 bits": packed_tiff(RAMP12),
        "TIFF, LZW": tiff(RAMP16, compression="lzw", predictor=True),
        "TIFF, zlib, big-endian": tiff(RAMP16, compression="zlib", byteorder=">"),
        "TIFF, tiles": tiff(RAMP16, tile=(32, 32)),
        "BigTIFF": tiff(RAMP16, bigtiff=True),
        "TIFF, signed": tiff(RAMP12.astype(np.int16) - 2048),
        "TIFF, floating": tiff(RAMP12.astype(np.float32)),
        "implicit": dicom(RAMP16, uid.ImplicitVRLittleEndian),
        "explicit": dicom(RAMP12, **twelve),
        "RLE": rle(RAMP12, **twelve),
        "JPEG, 12 bits": dicom(
            RAMP12, uid.JPEGExtended12Bit, imagecodecs.jpeg8_encode(RAMP12, bitspersample=12, level=98), **twelve
        ),
        "JPEG lossless": dicom(RAMP12, uid.JPEGLossless, lossless, **twelve),
        "JPEG lossless, first order": dicom(RAMP12, uid.JPEGLosslessSV1, lossless, **twelve),
        "JPEG-LS": dicom(RAMP16, uid.JPEGLSLossless, imagecodecs.jpegls_encode(RAMP16)),
        "JPEG-LS, near": dicom(RAMP16, uid.JPEGLSNearLossless, imagecodecs.jpegls_encode(RAMP16, level=2)),
        "JPEG 2000": dicom(RAMP12, uid.JPEG2000Lossless, j2k(RAMP12), **twelve),
        "JPEG 2000, lossy": dicom(
            RAMP12, uid.JPEG2000, imagecodecs.jpeg2k_encode(RAMP12, codecformat="j2k", level=60), **twelve
        ),
    }


def j2k(array) -> bytes:
    """A lossless codestream."""
    return imagecodecs.jpeg2k_encode(array, codecformat="j2k", reversible=True, level=0)


@cache
def every() -> dict[str, bytes]:
    """A small file of each format and kind that is read."""
    picture = Image.fromarray(COLOUR)
    modes = {
        "PNG": "1 L LA P RGB RGBA",
        "JPEG": "L RGB CMYK",
        "WEBP": "L RGBA",
        "BMP": "1 L P RGB",
        "TIFF": "1 LA CMYK",
    }
    pictures = {f"{f} {m}": saved(picture.convert(m), f) for f, of in modes.items() for m in of.split()}
    return ramps() | pictures | {
        "JPEG, progressive": saved(SPECKLE, "JPEG", progressive=True),
        "WebP, lossless": saved(SPECKLE, "WEBP", lossless=True),
        "TIFF, JPEG": tiff(COLOUR, photometric="rgb", compression="jpeg"),
        "TIFF, group 4": saved(picture.convert("1"), "TIFF", compression="group4"),
        "TIFF, palette": saved(picture.convert("P"), "TIFF"),
        "DICOM, colour": dicom(COLOUR),
        "DICOM, JPEG": dicom(SPECKLE, uid.JPEGBaseline8Bit, saved(SPECKLE, "JPEG")),
        "DICOM, window": dicom(RAMP12, WindowCenter=2000, WindowWidth=3000, RescaleSlope=2, RescaleIntercept=-9),
    }  # fmt: skip


def stretched(values) -> np.ndarray:
    """As a film without a window is shown."""
    low, high = np.percentile(values, (0.5, 99.5))
    return np.clip((values.astype(float) - low) / (high - low), 0, 1)


def as_pillow_shows(data: bytes) -> np.ndarray:
    """The independent reference for pictures of 8 bits: upright, over black, as luminance in [0, 1]."""
    from PIL import ImageOps

    image = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, (0, 0, 0, 255)), image)
    image = image if image.mode == "L" else image.convert("RGB").convert("L")
    return np.asarray(image, np.float32) / 255
