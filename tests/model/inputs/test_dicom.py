"""A DICOM file is shown as the standard says, in every transfer syntax that is read, and nothing else of it is read."""

import io

import imagecodecs
import numpy as np
import pydicom
import pytest
from films import COLOUR, RAMP8, RAMP12, RAMP16, SPECKLE, j2k, ramps, rle, saved, stretched
from helpers import NAME, dicom
from PIL import Image
from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset

from model.inputs import elements as reading
from model.inputs import read_film
from model.inputs.dicom import read_dicom

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")

DICOMS = [name for name in ramps() if ramps()[name][128:132] == b"DICM"]


def stored(data: bytes) -> np.ndarray:
    """The independent reference: what GDCM decodes, or pydicom itself."""
    syntax = pydicom.dcmread(io.BytesIO(data)).file_meta.TransferSyntaxUID
    gdcm = syntax.is_encapsulated and syntax != uid.RLELossless
    return pydicom.pixels.pixel_array(io.BytesIO(data), index=0, decoding_plugin="gdcm" if gdcm else "")


@pytest.mark.parametrize("name", DICOMS)
def test_a_ramp_without_a_window_uses_its_robust_range(name):
    lossy = name == "JPEG, 12 bits"  # which neither decodes
    values = RAMP12 if lossy else stored(ramps()[name])
    np.testing.assert_allclose(read_film(ramps()[name]).pixels, stretched(values), atol=3e-3 if lossy else 1e-6)


SIGNED = (RAMP12.astype(np.int16) - 2048) * 4


@pytest.mark.parametrize(
    ("syntax", "frame"),
    [
        (uid.ExplicitVRLittleEndian, None),
        (uid.JPEG2000Lossless, j2k(SIGNED)),
        (uid.JPEG2000Lossless, j2k(SIGNED.view(np.uint16))),  # written so by some: the header alone says signed
        (uid.JPEGLSLossless, imagecodecs.jpegls_encode(SIGNED.view(np.uint16))),
        (uid.JPEGLosslessSV1, imagecodecs.jpeg8_encode(SIGNED.view(np.uint16), lossless=True, bitspersample=16)),
    ],
)
def test_signed_values_stay_signed(syntax, frame):
    window = {"WindowCenter": 1000, "WindowWidth": 2001}
    film = read_film(dicom(SIGNED, syntax, frame, **window))
    np.testing.assert_allclose(film.pixels, np.clip((SIGNED - 999.5) / 2000 + 0.5, 0, 1), atol=1e-6)


def test_signed_values_of_12_bits_are_extended():
    signed = RAMP12.astype(np.int16) - 2048
    frame = imagecodecs.jpegls_encode((signed & 0xFFF).astype(np.uint16))
    data = dicom(signed, uid.JPEGLSLossless, frame, BitsStored=12)
    np.testing.assert_allclose(read_film(data).pixels, stretched(signed), atol=1e-6)


@pytest.mark.parametrize("photometric", ["MONOCHROME2", "MONOCHROME1"])
@pytest.mark.parametrize("window", [{}, {"WindowCenter": 2000, "WindowWidth": 1001}])
def test_monochrome1_is_inverted_after_the_window(photometric, window):
    usual = read_film(dicom(RAMP12, BitsStored=12, **window)).pixels
    film = read_film(dicom(RAMP12, BitsStored=12, PhotometricInterpretation=photometric, **window))
    np.testing.assert_allclose(film.pixels, 1 - usual if photometric.endswith("1") else usual, atol=1e-6)


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


def test_a_negative_slope_turns_black_to_white():
    film = read_film(dicom(RAMP12, RescaleSlope=-1, RescaleIntercept=4095))
    np.testing.assert_allclose(film.pixels, stretched(4095 - RAMP12.astype(int)), atol=1e-6)


def test_a_lookup_table_is_applied():
    item = Dataset()
    table = (65535 - 16 * np.arange(4096)).astype(np.uint16)  # falling: bright where stored values are low
    item.add_new("LUTDescriptor", "US", [4096, 0, 16])
    item.add_new("LUTData", "OW", table.tobytes())
    film = read_film(dicom(RAMP12, VOILUTSequence=[item]))
    expected = (table[RAMP12].astype(float) - table.min()) / (table.max() - float(table.min()))
    np.testing.assert_allclose(film.pixels, expected, atol=1e-6)


def test_of_several_frames_the_first_is_read():
    frames = np.stack([RAMP12, RAMP12[::-1]])
    expected = read_film(dicom(RAMP12)).pixels
    np.testing.assert_array_equal(read_film(dicom(frames, NumberOfFrames=2)).pixels, expected)
    ds = pydicom.dcmread(io.BytesIO(dicom(frames, NumberOfFrames=2)))
    ds.PixelData = pydicom.encaps.encapsulate([imagecodecs.jpegls_encode(frame) for frame in frames])
    ds.file_meta.TransferSyntaxUID = uid.JPEGLSLossless
    ds.save_as(out := io.BytesIO())
    np.testing.assert_array_equal(read_film(out.getvalue()).pixels, expected)


YBR = {"PhotometricInterpretation": "YBR_FULL_422"}
DARK = COLOUR // 4  # noise that JPEG-LS finds room for
YCC = np.asarray(Image.fromarray(COLOUR).convert("YCbCr"))


@pytest.mark.parametrize(
    ("data", "colour", "off"),
    [
        (dicom(COLOUR), COLOUR, 0.5),
        (dicom(YCC, PhotometricInterpretation="YBR_FULL"), COLOUR, 1.5),  # pydicom makes RGB of it
        (rle(COLOUR), COLOUR, 0.5),
        (dicom(COLOUR, uid.JPEGBaseline8Bit, saved(COLOUR, "JPEG", quality=100, subsampling=0), **YBR), COLOUR, 2),
        (dicom(DARK, uid.JPEGLSLossless, imagecodecs.jpegls_encode(DARK)), DARK, 0.5),
        (dicom(COLOUR, uid.JPEG2000Lossless, j2k(COLOUR), PhotometricInterpretation="YBR_RCT"), COLOUR, 0.5),
        (dicom(np.moveaxis(COLOUR, -1, 0).copy().reshape(60, 80, 3), PlanarConfiguration=1), COLOUR, 0.5),
    ],
)
def test_colour_is_luminance_however_it_is_stored(data, colour, off):
    luminance = colour @ [0.299, 0.587, 0.114]
    np.testing.assert_allclose(read_film(data).pixels * 255, luminance, atol=off + 0.01)


def test_a_palette_gives_its_colours():
    tables = np.random.default_rng(3).integers(0, 2**16, (3, 256)).astype(np.uint16)
    elements = {"PhotometricInterpretation": "PALETTE COLOR"}
    for name, table in zip(("Red", "Green", "Blue"), tables, strict=True):
        elements[f"{name}PaletteColorLookupTableDescriptor"] = [256, 0, 16]
        elements[f"{name}PaletteColorLookupTableData"] = table.tobytes()
    expected = tables.T[RAMP8] @ [0.299, 0.587, 0.114] / 65535
    np.testing.assert_allclose(read_film(dicom(RAMP8, **elements)).pixels, expected, atol=1e-4)


def test_an_8_bit_jpeg_is_what_pillow_decodes():
    jpeg = saved(RAMP8, "JPEG", quality=95)
    film = read_film(dicom(RAMP8, uid.JPEGBaseline8Bit, jpeg))
    np.testing.assert_allclose(film.pixels, stretched(np.asarray(Image.open(io.BytesIO(jpeg)))), atol=1e-6)


@pytest.mark.parametrize("name", DICOMS)
def test_no_element_that_describes_a_patient_is_parsed(name, monkeypatch):
    parsed = []

    def spy(*args, **options):
        parsed.append(read_dataset(*args, **options))
        return parsed[-1]

    monkeypatch.setattr(reading, "read_dataset", spy)
    assert NAME.encode() in ramps()[name]
    assert read_dicom(ramps()[name]).shape == (60, 80)
    meta, dataset = parsed
    assert "Rows" in dataset
    assert not [element for element in (*meta, *dataset) if element.tag.group == 0x0010]


def test_not_a_number_is_read_as_the_darkest_value():
    values = RAMP12.astype(np.float32)
    values[3, 4], values[5, 6] = np.nan, np.inf
    ds = pydicom.dcmread(io.BytesIO(dicom(RAMP12)))
    del ds.PixelData, ds.BitsStored, ds.HighBit, ds.PixelRepresentation
    ds.BitsAllocated, ds.FloatPixelData = 32, values.tobytes()
    ds.save_as(out := io.BytesIO())
    pixels = read_film(out.getvalue()).pixels
    assert np.isfinite(pixels).all()
    assert pixels[3, 4] == 0
    assert pixels[5, 6] == 1


def test_real_films_read_as_pillow_and_pydicom_read_them(shared_data):
    samples = shared_data / "cxr-samples"
    for path in samples.glob("*.png"):
        reference = np.asarray(Image.open(path).convert("L"), np.float32) / 255
        np.testing.assert_array_equal(read_film(path.read_bytes()).pixels, reference)
    path = samples / "Fake_MONOHR1.dcm"
    film = read_film(path.read_bytes())
    np.testing.assert_allclose(film.pixels, 1 - stretched(pydicom.dcmread(path).pixel_array), atol=1e-6)
    assert film.pixels.shape == (1024, 1024)
    assert film.format == "dicom"


def test_extremes_of_16_bits_survive_the_table():
    values = RAMP16.copy()
    values[0, 0], values[0, 1] = 0, 65535
    film = read_film(dicom(values, WindowCenter=32768, WindowWidth=65536))
    assert film.pixels[0, 0] == 0
    assert film.pixels[0, 1] == 1
    assert len(np.unique(SPECKLE)) < len(np.unique(film.pixels))
