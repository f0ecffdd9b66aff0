"""A file that cannot be used is refused in one sentence, which holds nothing of the file."""

import io
import struct
import zlib

import imagecodecs
import numpy as np
import pydicom
import pytest
from dicoms import film, written
from films import COLOUR, RAMP8, RAMP12, SPECKLE, bmp, j2k, saved, tiff
from helpers import NAME, dicom
from PIL import Image
from pydicom import uid

from model.errors import ImageError
from model.inputs import MAX_BYTES, read_film
from model.inputs.limits import MAX_FRAMES, MAX_PIXELS


def bomb_png() -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4, "big") + name + body + zlib.crc32(name + body).to_bytes(4, "big")

    size = (60_000).to_bytes(4, "big")
    body = zlib.compress(bytes(1_000_000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size * 2 + b"\x08\0\0\0\0") + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    )


def without_pixels() -> bytes:
    ds = pydicom.dcmread(io.BytesIO(dicom(RAMP8)))
    del ds.PixelData
    ds.save_as(out := io.BytesIO())
    return out.getvalue()


def deflated_bomb() -> bytes:
    ds = pydicom.dcmread(io.BytesIO(dicom(np.zeros((2000, 2000), np.uint16))))
    ds.file_meta.TransferSyntaxUID = uid.DeflatedExplicitVRLittleEndian
    ds.save_as(out := io.BytesIO())
    return out.getvalue()


def frames(format: str, number: int) -> bytes:
    pictures = [Image.fromarray(np.roll(SPECKLE, i)) for i in range(number)]
    return saved(pictures[0], format, save_all=True, append_images=pictures[1:])


JPEG = saved(SPECKLE, "JPEG")
SCANS = JPEG[:-2] + JPEG[JPEG.index(b"\xff\xda") : -2] * 100 + b"\xff\xd9"
LARGE = Image.new("L", (8000, 6000))
LARGE_J2K = b"\xff\x4f\xff\x51" + struct.pack(">HH4I", 47, 0, 8000, 6000, 0, 0) + bytes(99)
WEBP = saved(RAMP8, "WEBP")
MANY = MAX_FRAMES + 1
SEGMENTED = film(RAMP8, PhotometricInterpretation=("CS", "PALETTE COLOR"))
SEGMENTED |= {
    f"{part}{colour}PaletteColorLookupTable{what}": value
    for colour in ("Red", "Green", "Blue")
    for part, what, value in (
        ("", "Descriptor", ("US", [256, 0, 16])), ("Segmented", "Data", ("OW", np.array([1, 256, 65535], np.uint16))),
    )
}  # fmt: skip
PIXELS, FRAMES = f"more than the {MAX_PIXELS:,}", f"more than {MAX_FRAMES} frames"

REFUSED = {
    "nothing": (b"", "empty"),
    "text": (b"PatientName: " + NAME.encode(), "The file is text: send the film itself"),
    "gif": (saved(RAMP8, "GIF"), "The file is a GIF picture: export it as PNG or JPEG"),
    "nothing that is known": (bytes(range(256)) * 9, "not an image that can be read: send a PNG"),
    "another type": (NAME, "came as str"),
    "half a png": (saved(RAMP12, "PNG", compress_level=0)[:5000], "damaged or cut off"),
    "half a jpeg": (JPEG[:700], "damaged or cut off"),
    "half a webp": (WEBP[:90], "damaged or cut off"),
    "half a bmp": (saved(RAMP8, "BMP")[:3000], "damaged or cut off"),
    "half a tiff": (tiff(RAMP12)[:3000], "damaged or cut off"),
    "half a dicom": (dicom(RAMP12)[:4000], "damaged or cut off"),
    "head of a png": (b"\x89PNG\r\n\x1a\n", "damaged or cut off"),
    "head of a jpeg": (JPEG[:20], "damaged or cut off"),
    "head of a webp": (WEBP[:12], "damaged or cut off"),
    "head of a bmp": (b"BM" + bytes(12), "damaged or cut off"),
    "head of a tiff": (b"II*\0\x08\0\0\0", "damaged or cut off"),
    "head of a dicom": (dicom(RAMP12)[:160], "damaged or cut off|holds no pixels"),
    "header alone": (without_pixels(), "holds no pixels"),
    "a syntax that is not read": (dicom(RAMP8, uid.MPEG2MPML, b"\0\0\1\xb3" + bytes(500)), "in a way that is not read"),
    "no lossless jpeg": (dicom(RAMP8, uid.JPEGLosslessSV1, b"\xff\xd8\xff\xc3" + bytes(500)), "damaged or cut off"),
    "bad jpeg inside": (dicom(SPECKLE, uid.JPEGBaseline8Bit, JPEG[:700]), "damaged or cut off"),
    "bad jpeg-ls inside": (dicom(RAMP8, uid.JPEGLSLossless, imagecodecs.jpegls_encode(RAMP8)[:90]), "damaged"),
    "bad jpeg 2000 inside": (dicom(RAMP8, uid.JPEG2000Lossless, j2k(RAMP8)[:90]), "damaged or cut off"),
    "bad rle inside": (dicom(RAMP8, uid.RLELossless, bytes(300)), "damaged or cut off"),
    "too much rle inside": (dicom(RAMP8, uid.RLELossless, bytes(30_000)), "more compressed data"),
    "another size inside": (dicom(RAMP8[:, :70], uid.JPEGLSLossless, imagecodecs.jpegls_encode(RAMP8)), "another size"),
    "colour inside": (dicom(RAMP8, uid.JPEGBaseline8Bit, saved(COLOUR, "JPEG")), "another size"),
    "deflated": (deflated_bomb(), "deflated"),
    "another photometric": (dicom(RAMP8, PhotometricInterpretation="ARGB"), "neither greyscale nor RGB"),
    "png bomb": (bomb_png(), PIXELS),
    "large jpeg": (saved(LARGE, "JPEG"), f"8000 x 6000 pixels, {PIXELS}"),
    "large webp": (saved(Image.new("L", (8000, 6000)), "WEBP"), PIXELS),
    "large bmp": (bmp(8, b"", bytes(1024), width=8000, height=-6000), PIXELS),
    "large tiff": (saved(LARGE, "TIFF", compression="tiff_lzw"), PIXELS),
    "large dicom": (dicom(RAMP8, Rows=60000, Columns=60000), "60000 x 60000 pixels"),
    "large jpeg inside": (dicom(RAMP8, uid.JPEGBaseline8Bit, saved(LARGE, "JPEG")), PIXELS),
    "large jpeg-ls inside": (
        dicom(RAMP8, uid.JPEGLSLossless, imagecodecs.jpegls_encode(np.asarray(LARGE))), PIXELS,
    ),
    "large jpeg 2000 inside": (dicom(RAMP8, uid.JPEG2000, LARGE_J2K), PIXELS),
    "scans": (SCANS, "more than 100 scans"),
    "scans inside": (dicom(SPECKLE, uid.JPEGBaseline8Bit, SCANS), "more than 100 scans"),
    "scans without an end": (JPEG[:-2] + b"\xff\xda" * 200, "more than 100 scans|damaged or cut off"),
    "frames of a png": (frames("PNG", MANY), FRAMES),
    "frames of a webp": (frames("WEBP", MANY), FRAMES),
    "pages of a tiff": (frames("TIFF", MANY), FRAMES),
    "frames of a dicom": (dicom(RAMP8, NumberOfFrames=MANY), FRAMES),
    "constant": (saved(np.full((40, 40), 7, np.uint8), "PNG"), "every pixel has the same value"),
    "constant at 16 bits": (saved(np.full((40, 40), 700, np.uint16), "PNG"), "every pixel has the same value"),
    "constant dicom": (dicom(np.full((40, 40), 700, np.uint16)), "every pixel has the same value"),
    "a jpeg in layers": (JPEG.replace(b"\xff\xc0", b"\xff\xc5", 1), "JPEG is coded in a way that is not read"),
    "a palette in segments": (written(SEGMENTED), "palette in segments, which is not read"),
    "12 bits in a row": (written(film(RAMP12, BitsAllocated=("US", [12]))), "allocates 12 bits"),
    "four samples": (written(film(RAMP8, SamplesPerPixel=("US", [4]), Rows=("US", [32]), Columns=("US", [36]),
                                  PhotometricInterpretation=("CS", "CMYK"))), "neither greyscale nor RGB"),
    "tiny": (saved(RAMP8[:20, :20], "PNG"), "20 x 20"),
    "strip": (saved(np.zeros((32, 400), np.uint8), "PNG"), "400 x 32"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_that_cannot_be_used_is_refused_in_one_sentence_that_quotes_nothing(case, capfd):
    data, reason = REFUSED[case]
    with pytest.raises(ImageError, match=reason) as caught:
        read_film(data)
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert len(sentence) < 200
    assert "Doe" not in sentence
    assert caught.value.__suppress_context__ | (caught.value.__context__ is None)
    assert "Doe" not in "".join(capfd.readouterr())


def test_too_many_bytes_are_refused_before_they_are_parsed():
    with pytest.raises(ImageError, match=f"has {MAX_BYTES + 1:,} bytes and at most {MAX_BYTES:,}"):
        read_film(b"\x89PNG\r\n\x1a\n" + bytes(MAX_BYTES - 7))


def test_as_many_frames_as_are_allowed_are_read():
    for format in ("PNG", "WEBP", "TIFF"):
        assert read_film(frames(format, MAX_FRAMES)).pixels.shape == (60, 80)
