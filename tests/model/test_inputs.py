"""A film is read as another reader reads it, at full precision, or refused in one sentence."""

import hashlib
import re
import unicodedata
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest
from helpers import NAME, dicom
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLosslessSV1,
    RLELossless,
)

from model import inputs
from model.errors import ImageError, ReportError
from model.inputs import read_film, read_report

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")

SAMPLES = Path(__file__).resolve().parents[3] / "shared/data/cxr-samples"
RAMP8 = np.add.outer(np.arange(60), np.arange(80)).astype(np.uint8)
RAMP12 = (np.arange(60 * 80).reshape(60, 80) * 4095 // 4799).astype(np.uint16)


def saved(image, format, **options) -> bytes:
    image = image if isinstance(image, Image.Image) else Image.fromarray(image)
    image.save(out := BytesIO(), format, **options)
    return out.getvalue()


def stretched(values) -> np.ndarray:
    low, high = np.percentile(values, (0.5, 99.5))
    return np.clip((values - low) / (high - low), 0, 1)


# Pictures


@pytest.mark.parametrize(("format", "options"), [("PNG", {}), ("JPEG", {"quality": 90}), ("WEBP", {"lossless": True})])
def test_an_8_bit_picture_is_what_pillow_decodes_divided_by_255(format, options):
    data = saved(RAMP8, format, **options)
    film = read_film(data)
    assert film.format == format.lower()
    assert film.sha256 == hashlib.sha256(data).hexdigest()
    assert film.pixels.dtype == np.float32
    assert film.pixels.flags.c_contiguous
    np.testing.assert_array_equal(film.pixels, np.asarray(Image.open(BytesIO(data)).convert("L"), np.float32) / 255)


def test_a_16_bit_png_keeps_more_than_8_bits():
    film = read_film(saved(RAMP12, "PNG"))
    assert len(np.unique(film.pixels)) > 4000
    np.testing.assert_allclose(film.pixels, stretched(RAMP12), atol=1e-6)


def test_colour_is_luminance_and_grey_stored_as_colour_is_exact():
    rgb = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    np.testing.assert_allclose(read_film(saved(rgb, "PNG")).pixels, rgb @ [0.299, 0.587, 0.114] / 255, atol=0.003)
    grey = Image.fromarray(RAMP8).convert("RGB")
    np.testing.assert_array_equal(read_film(saved(grey, "PNG")).pixels, RAMP8.astype(np.float32) / 255)


def test_transparency_is_black():
    alpha = np.zeros_like(RAMP8)
    alpha[:, 40:] = 255
    for mode in ("LA", "RGBA"):
        image = Image.fromarray(RAMP8 | 1).convert(mode)
        image.putalpha(Image.fromarray(alpha))
        pixels = read_film(saved(image, "PNG")).pixels
        assert (pixels[:, :40] == 0).all()
        np.testing.assert_array_equal(pixels[:, 40:], (RAMP8 | 1)[:, 40:].astype(np.float32) / 255)


def test_palettes_bilevel_and_cmyk_are_read():
    image = Image.fromarray(RAMP8)
    reference = RAMP8 / 255
    palette = image.convert("P", palette=Image.Palette.ADAPTIVE, colors=256)
    assert np.abs(read_film(saved(palette, "PNG")).pixels - reference).max() < 0.02
    assert np.abs(read_film(saved(image.convert("CMYK"), "JPEG", quality=95)).pixels - reference).max() < 0.05
    assert set(np.unique(read_film(saved(image.convert("1"), "PNG")).pixels)) == {0, 1}


def test_exif_orientation_is_applied_to_8_and_16_bits():
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: rotate by 90 degrees clockwise
    upright = np.rot90(RAMP8, -1).astype(np.float32) / 255
    np.testing.assert_array_equal(read_film(saved(RAMP8, "PNG", exif=exif)).pixels, upright)
    np.testing.assert_allclose(
        read_film(saved(RAMP12, "PNG", exif=exif)).pixels, stretched(np.rot90(RAMP12, -1)), atol=1e-6
    )


def test_the_name_of_the_format_does_not_matter_only_its_bytes():
    assert read_film(memoryview(saved(RAMP8, "JPEG"))).format == "jpeg"
    assert read_film(dicom(RAMP8)).format == "dicom"


# DICOM


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_a_12_bit_dicom_without_a_window_uses_its_robust_range(syntax):
    film = read_film(dicom(RAMP12, syntax, BitsStored=12))
    assert len(np.unique(film.pixels)) > 4000
    np.testing.assert_allclose(film.pixels, stretched(RAMP12), atol=1e-6)


def test_monochrome1_is_inverted():
    normal = read_film(dicom(RAMP12, BitsStored=12)).pixels
    inverted = read_film(dicom(RAMP12, BitsStored=12, PhotometricInterpretation="MONOCHROME1")).pixels
    np.testing.assert_allclose(inverted, 1 - normal, atol=1e-6)


def test_a_window_after_rescaling_follows_the_standards_formula():
    signed = (RAMP12.astype(np.int32) - 2048).astype(np.int16)
    elements = {"RescaleSlope": 2, "RescaleIntercept": 100, "WindowCenter": [500, 9], "WindowWidth": [1001, 9]}
    film = read_film(dicom(signed, **elements))
    linear = (signed * 2.0 + 100 - 499.5) / 1000 + 0.5  # PS3.3 C.11.2.1.2.1
    np.testing.assert_allclose(film.pixels, np.clip(linear, 0, 1), atol=1e-6)


def test_a_wide_window_is_honoured_and_one_that_misses_every_pixel_is_not():
    wide = read_film(dicom(RAMP12, WindowCenter=4096, WindowWidth=8192)).pixels
    assert wide.max() == pytest.approx(0.5, abs=0.01)
    for center, width in ((60000, 10), (100, 0)):
        lost = read_film(dicom(RAMP12, WindowCenter=center, WindowWidth=width)).pixels
        np.testing.assert_allclose(lost, stretched(RAMP12), atol=1e-6)


def test_a_sigmoid_window_and_a_lookup_table_are_applied():
    sigmoid = read_film(dicom(RAMP12, WindowCenter=2048, WindowWidth=1000, VOILUTFunction="SIGMOID")).pixels
    np.testing.assert_allclose(sigmoid, 1 / (1 + np.exp(-4 * (RAMP12 - 2048.0) / 1000)), atol=1e-5)
    item = Dataset()
    table = (65535 - 16 * np.arange(4096)).astype(np.uint16)  # falling: bright where stored values are low
    item.add_new("LUTDescriptor", "US", [4096, 0, 16])
    item.add_new("LUTData", "OW", table.tobytes())
    film = read_film(dicom(RAMP12, VOILUTSequence=[item]))
    expected = (table[RAMP12].astype(float) - table.min()) / (table.max() - float(table.min()))
    np.testing.assert_allclose(film.pixels, expected, atol=1e-6)


def test_the_first_frame_is_read_and_colour_is_luminance():
    frames = np.stack([RAMP12, RAMP12[::-1]])
    first = read_film(dicom(frames, NumberOfFrames=2)).pixels
    np.testing.assert_array_equal(first, read_film(dicom(RAMP12)).pixels)
    rgb = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    np.testing.assert_allclose(read_film(dicom(rgb)).pixels, rgb @ [0.299, 0.587, 0.114] / 255, atol=1e-5)


def test_compressed_dicom_is_decoded():
    jpeg = saved(RAMP8, "JPEG", quality=95)
    film = read_film(dicom(RAMP8, JPEGBaseline8Bit, jpeg))
    np.testing.assert_allclose(film.pixels, stretched(np.asarray(Image.open(BytesIO(jpeg)))), atol=1e-6)
    ds = pydicom.dcmread(BytesIO(dicom(RAMP12)))
    ds.compress(RLELossless, encoding_plugin="pydicom")
    ds.save_as(out := BytesIO())
    np.testing.assert_array_equal(read_film(out.getvalue()).pixels, read_film(dicom(RAMP12)).pixels)


def test_no_element_that_describes_a_patient_is_parsed(monkeypatch):
    parsed = []

    def spy(*args, **options):
        parsed.append(pydicom.dcmread(*args, **options))
        return parsed[-1]

    monkeypatch.setattr(inputs, "dcmread", spy)
    data = dicom(RAMP12)
    assert NAME.encode() in data
    assert read_film(data)
    assert "Rows" in parsed[0]
    assert not [element for element in parsed[0] if element.tag.group == 0x0010]


def test_not_a_number_is_read_as_the_darkest_value():
    values = RAMP12.astype(np.float32)
    values[3, 4], values[5, 6] = np.nan, np.inf
    ds = pydicom.dcmread(BytesIO(dicom(RAMP12)))
    del ds.PixelData, ds.BitsStored, ds.HighBit, ds.PixelRepresentation
    ds.BitsAllocated, ds.FloatPixelData = 32, values.tobytes()
    ds.save_as(out := BytesIO())
    pixels = read_film(out.getvalue()).pixels
    assert np.isfinite(pixels).all()
    assert pixels[3, 4] == 0
    assert pixels[5, 6] == 1


# Refusals


def bomb_png() -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4, "big") + name + body + zlib.crc32(name + body).to_bytes(4, "big")

    size = (60_000).to_bytes(4, "big")
    body = zlib.compress(bytes(1_000_000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size * 2 + b"\x08\0\0\0\0") + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    )


def without_pixels() -> bytes:
    ds = pydicom.dcmread(BytesIO(dicom(RAMP8)))
    del ds.PixelData
    ds.save_as(out := BytesIO())
    return out.getvalue()


def deflated_bomb() -> bytes:
    ds = pydicom.dcmread(BytesIO(dicom(np.zeros((2000, 2000), np.uint16))))
    ds.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    ds.save_as(out := BytesIO())
    return out.getvalue()


SPECKLE = np.random.default_rng(0).integers(0, 256, (60, 80), dtype=np.uint8)
SPECKLE_JPEG = saved(SPECKLE, "JPEG")

REFUSED = {
    "nothing": (b"", "empty"),
    "text": (b"PatientName: " + NAME.encode(), "not an image that can be read"),
    "another type": (NAME, "came as str"),
    "half a png": (saved(RAMP12, "PNG", compress_level=0)[:5000], "damaged or cut off"),
    "half a jpeg": (SPECKLE_JPEG[:700], "damaged or cut off"),
    "half a webp": (saved(RAMP8, "WEBP")[:90], "damaged or cut off"),
    "head of a png": (b"\x89PNG\r\n\x1a\n", "damaged or cut off"),
    "half a dicom": (dicom(RAMP12)[:4000], "damaged or cut off"),
    "head of a dicom": (dicom(RAMP12)[:160], "damaged or cut off|holds no pixels"),
    "header alone": (without_pixels(), "holds no pixels"),
    "no decoder": (dicom(RAMP8, JPEGLosslessSV1, b"\xff\xd8\xff\xc3" + bytes(500)), "no decoder is installed"),
    "12-bit jpeg": (
        dicom(RAMP12, JPEGExtended12Bit, b"\xff\xd8\xff\xc1" + bytes(500), BitsStored=12),
        "cannot be decoded",
    ),
    "bad jpeg inside": (dicom(SPECKLE, JPEGBaseline8Bit, SPECKLE_JPEG[:700]), "cannot be decoded"),
    "deflated": (deflated_bomb(), "deflated"),
    "palette": (dicom(RAMP8, PhotometricInterpretation="PALETTE COLOR"), "neither greyscale nor RGB"),
    "png bomb": (bomb_png(), "more than"),
    "large dicom": (dicom(RAMP8, Rows=60000, Columns=60000), "60000 x 60000 pixels"),
    "large jpeg inside": (dicom(RAMP8, JPEGBaseline8Bit, saved(Image.new("L", (8000, 6000)), "JPEG")), "8000 x 6000"),
    "scans": (saved(RAMP8, "JPEG") + b"\xff\xda" * 200, "scans"),
    "constant": (saved(np.full((40, 40), 7, np.uint8), "PNG"), "every pixel has the same value"),
    "constant at 16 bits": (saved(np.full((40, 40), 700, np.uint16), "PNG"), "every pixel has the same value"),
    "constant dicom": (dicom(np.full((40, 40), 700, np.uint16)), "every pixel has the same value"),
    "tiny": (saved(RAMP8[:20, :20], "PNG"), "20 x 20"),
    "strip": (saved(np.zeros((32, 400), np.uint8), "PNG"), "400 x 32"),
}


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


def test_too_many_bytes_are_refused_before_they_are_parsed(monkeypatch):
    monkeypatch.setattr(inputs, "MAX_BYTES", 1000)
    with pytest.raises(ImageError, match="at most 1,000"):
        read_film(saved(RAMP12, "PNG", compress_level=0))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_damaged_bytes_give_a_film_or_an_image_error_never_anything_else(data):
    whole = data.draw(st.sampled_from([saved(RAMP12, "PNG"), saved(RAMP8, "JPEG"), saved(RAMP8, "WEBP"), dicom(RAMP8)]))
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 8))):
        damaged[data.draw(st.integers(0, min(len(whole), 900) - 1))] = data.draw(st.integers(0, 255))
    try:
        pixels = read_film(bytes(damaged)).pixels
    except ImageError:
        return
    assert pixels.ndim == 2
    assert 0 <= pixels.min() < pixels.max() <= 1


# Real films


@pytest.mark.skipif(not SAMPLES.exists(), reason="the sample films are not here")
def test_real_films_read_as_pillow_and_pydicom_read_them():
    for path in SAMPLES.glob("*.png"):
        reference = np.asarray(Image.open(path).convert("L"), np.float32) / 255
        np.testing.assert_array_equal(read_film(path.read_bytes()).pixels, reference)
    path = SAMPLES / "Fake_MONOHR1.dcm"
    film = read_film(path.read_bytes())
    np.testing.assert_allclose(film.pixels, 1 - stretched(pydicom.dcmread(path).pixel_array), atol=1e-6)
    assert film.pixels.shape == (1024, 1024)
    assert film.format == "dicom"


# Reports


def test_a_plain_report_stays_as_it_is():
    text = "FINDINGS:  No effusion.\n\tHeart size normal — 肺野清晰.\n"
    assert read_report(text) == text
    assert read_report("") == ""
    assert read_report(" \n\t\u200b") == ""


def test_what_is_not_seen_is_removed_and_line_ends_are_one():
    assert read_report("a\r\nb\rc\fd\u2028e") == "a\nb\nc\nd\ne"
    assert read_report("pneumo\u00adthorax\x00\u202e\u2066\u200b\ufeff \ud800left\U000e0041") == "pneumothorax left"
    assert read_report("e\u0301") == "é"
    assert read_report("e\u200b\u0301") == "é"


@given(st.text(st.characters(), max_size=200))
def test_reading_a_report_twice_changes_nothing_more(text):
    once = read_report(text)
    assert read_report(once) == once
    assert unicodedata.is_normalized("NFC", once)
    once.encode("utf-8")
    assert not re.search("[\0\r\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]", once)


def test_a_report_that_is_too_long_or_no_text_is_refused():
    assert read_report("lung " * 2000)
    with pytest.raises(ReportError, match=r"10,000 words.*2,000 words"):
        read_report("lung " * 10_000)
    with pytest.raises(ReportError, match="20,000 characters"):
        read_report("肺" * 20_001)
    for value in (None, b"text", ["text"]):
        with pytest.raises(ReportError, match="not as text"):
            read_report(value)
