"""The values in a DICOM file's frame are those that were stored, however it is compressed and whatever lies beside."""

import io

import imagecodecs
import numpy as np
import pytest
from dicoms import EXPECTED, WINDOW, film, lossless, rle, twelve, window, written
from films import COLOUR, RAMP8, RAMP12, SPECKLE, j2k, saved, stretched
from PIL import Image
from pydicom import uid

from model.inputs import read_film

OVERLAY = RAMP12 | (SPECKLE > 99).astype(np.uint16) << 12
GARBAGE = RAMP12 | np.random.default_rng(4).integers(0, 16, RAMP12.shape, np.uint16) << 12


CODERS = {
    uid.RLELossless: rle,
    uid.JPEG2000Lossless: j2k,
    uid.JPEG2000: j2k,
    uid.HTJ2KLossless: lambda words: imagecodecs.htj2k_encode(words, reversible=True),
    uid.JPEGLossless: lossless,
    uid.JPEGLosslessSV1: lossless,
    uid.JPEGLSLossless: imagecodecs.jpegls_encode,
}


@pytest.mark.parametrize("syntax", CODERS)
@pytest.mark.parametrize("words", [RAMP12, OVERLAY, GARBAGE], ids=["clean", "overlay", "garbage"])
def test_bits_above_those_that_are_stored_are_no_part_of_a_value(words, syntax):
    frame = CODERS[syntax](words)
    shown = read_film(written(twelve(words, **WINDOW), syntax, frame=frame)).pixels
    np.testing.assert_allclose(shown, EXPECTED, atol=1e-6)
    shown = read_film(written(twelve(words), syntax, frame=frame)).pixels
    np.testing.assert_allclose(shown, stretched(RAMP12), atol=1e-6)


@pytest.mark.parametrize("syntax", [uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian, uid.ExplicitVRBigEndian])
def test_bits_above_and_below_a_value_are_no_part_of_it_uncompressed(syntax):
    for words, high in ((OVERLAY, 11), (GARBAGE, 11), (RAMP12 << 4 | 7, 15), (RAMP12 << 2 | 0x8001, 13)):
        elements = film(words, BitsStored=("US", [12]), HighBit=("US", [high]), **WINDOW)
        np.testing.assert_allclose(read_film(written(elements, syntax)).pixels, EXPECTED, atol=1e-6)


@pytest.mark.parametrize("syntax", [uid.RLELossless, uid.JPEG2000Lossless, uid.JPEGLosslessSV1])
def test_a_high_bit_is_obeyed_where_the_frame_has_it(syntax):
    left = (RAMP12 << 4).astype(np.uint16)
    elements = film(left, BitsStored=("US", [12]), HighBit=("US", [15]), **WINDOW)
    shown = read_film(written(elements, syntax, frame=CODERS[syntax](left))).pixels
    np.testing.assert_allclose(shown, EXPECTED, atol=1e-6)


def test_a_high_bit_above_the_frames_own_bits_says_nothing():
    elements = film(RAMP12, BitsStored=("US", [12]), HighBit=("US", [15]), **WINDOW)
    shown = read_film(written(elements, uid.JPEGLosslessSV1, frame=lossless(RAMP12, 12))).pixels
    np.testing.assert_allclose(shown, EXPECTED, atol=1e-6)


@pytest.mark.parametrize("signed", [False, True])
def test_a_white_that_lossy_compression_made_brighter_stays_white(signed):
    steps = np.where(np.indices(RAMP12.shape)[1] % 16 < 8, 0, 4095).astype(np.int32) - 2048 * signed
    words = steps.astype(np.int16 if signed else np.uint16)
    frame = imagecodecs.jpeg2k_encode(words, codecformat="j2k", level=55)
    decoded = imagecodecs.jpeg2k_decode(frame)
    white = 4095 - 2048 * signed
    assert white < decoded.max() < white + 512
    shown = read_film(written(twelve(words, **window(2048 - 2048 * signed, 4096)), uid.JPEG2000, frame=frame)).pixels
    np.testing.assert_allclose(shown, np.clip((decoded + 2048.0 * signed) / 4095, 0, 1), atol=1e-5)


LUMINANCE = np.asarray(Image.open(io.BytesIO(saved(COLOUR // 2 + 60, "JPEG", quality=95))).convert("RGB")) @ [
    0.299,
    0.587,
    0.114,
]


@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL", "YBR_FULL_422"])
def test_a_jfif_stream_is_ycbcr_whatever_the_header_says(photometric):
    elements = film(COLOUR, PhotometricInterpretation=("CS", photometric))
    data = written(elements, uid.JPEGBaseline8Bit, frame=saved(COLOUR // 2 + 60, "JPEG", quality=95))
    np.testing.assert_allclose(read_film(data).pixels * 255, LUMINANCE, atol=1)


@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL"])
def test_adobes_marker_says_what_the_samples_are(photometric):
    """As libjpeg writes it: 0 for RGB."""
    smooth = np.dstack([RAMP8, RAMP8[::-1], RAMP8[:, ::-1]])
    frame = imagecodecs.jpeg8_encode(smooth, level=98, colorspace="RGB", outcolorspace="RGB")
    assert b"Adobe" in frame
    elements = film(smooth, PhotometricInterpretation=("CS", photometric))
    shown = read_film(written(elements, uid.JPEGBaseline8Bit, frame=frame)).pixels
    np.testing.assert_allclose(shown * 255, smooth @ [0.299, 0.587, 0.114], atol=3)


def bare(jpeg: bytes) -> bytes:
    """Without JFIF's segment."""
    start = jpeg.index(b"\xff\xe0")
    return jpeg[:start] + jpeg[start + 2 + int.from_bytes(jpeg[start + 2 : start + 4], "big") :]


def test_without_either_the_header_says_what_the_samples_are():
    frame = bare(saved(COLOUR // 2 + 60, "JPEG", quality=95))
    elements = film(COLOUR, PhotometricInterpretation=("CS", "YBR_FULL_422"))
    shown = read_film(written(elements, uid.JPEGBaseline8Bit, frame=frame)).pixels
    np.testing.assert_allclose(shown * 255, LUMINANCE, atol=1)
    ycc = imagecodecs.jpeg8_decode(frame, colorspace="YCBCR", outcolorspace="YCBCR")
    elements = film(COLOUR, PhotometricInterpretation=("CS", "RGB"))
    shown = read_film(written(elements, uid.JPEGBaseline8Bit, frame=frame)).pixels
    np.testing.assert_allclose(shown * 255, ycc @ [0.299, 0.587, 0.114], atol=1)


def test_uncompressed_ycbcr_of_either_sampling_is_converted():
    y = np.full((60, 80), 90, np.uint8)
    y[:, 40:] = 200
    blue, red = np.full_like(y, 160), np.full_like(y, 100)
    colours = np.dstack([y + 1.402 * (red - 128.0), y - 0.344136 * (blue - 128.0) - 0.714136 * (red - 128.0),
                         y + 1.772 * (blue - 128.0)]).clip(0, 255)  # fmt: skip
    fours = np.dstack([y[:, ::2], y[:, 1::2], blue[:, ::2], red[:, ::2]])
    for photometric, words in (("YBR_FULL", np.dstack([y, blue, red])), ("YBR_FULL_422", fours)):
        elements = film(np.zeros((60, 80, 3), np.uint8), PhotometricInterpretation=("CS", photometric))
        shown = read_film(written(elements | {"PixelData": ("OB", words)})).pixels
        np.testing.assert_allclose(shown * 255, colours @ [0.299, 0.587, 0.114], atol=1)


@pytest.mark.parametrize("fragments", [1, 3, 7, 50])
@pytest.mark.parametrize("syntax", CODERS)
def test_a_frame_in_pieces_is_put_together(syntax, fragments):
    frame = CODERS[syntax](RAMP12)
    frame += bytes(len(frame) % 2) + bytes(50 * (syntax != uid.RLELossless))  # zeros behind it, as some writers leave
    data = written(twelve(RAMP12, **WINDOW), syntax, frame=frame, fragments=fragments)
    np.testing.assert_allclose(read_film(data).pixels, EXPECTED, atol=1e-6)


def test_8_bits_compressed_within_16_are_read():
    elements = film(RAMP8.astype(np.uint16), BitsStored=("US", [8]), **window(70, 141))
    for syntax in (uid.JPEG2000Lossless, uid.JPEGLSLossless):
        shown = read_film(written(elements, syntax, frame=CODERS[syntax](RAMP8))).pixels
        np.testing.assert_allclose(shown, np.clip((RAMP8 - 69.5) / 140 + 0.5, 0, 1), atol=1e-6)


@pytest.mark.parametrize("stored", [0, 8])
def test_a_stream_of_more_bits_than_the_header_has_room_for_is_believed(stored):
    elements = film(RAMP8, BitsStored=("US", [stored]), HighBit=("US", [7]), **WINDOW)
    shown = read_film(written(elements, uid.JPEGLSLossless, frame=imagecodecs.jpegls_encode(RAMP12))).pixels
    np.testing.assert_allclose(shown, EXPECTED, atol=1e-6)
