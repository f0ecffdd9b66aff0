"""What a DICOM file shows is what the formulas of PS3.3 C.11 say, written out here, and what DCMTK makes of it."""

import numpy as np
import pytest
from dicoms import film, rescale, table, twelve, window, written
from films import RAMP8, RAMP12, RAMP16, SPECKLE, stretched
from pydicom import uid

from model.errors import ImageError
from model.inputs import read_film

SIGNED = RAMP12.astype(np.int16) - 2048
EXPLICIT, IMPLICIT, BIG = uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian, uid.ExplicitVRBigEndian


def shown(elements, **options) -> np.ndarray:
    return read_film(written(elements, **options)).pixels


def linear(x, c, w):
    """C.11.2.1.2.1."""
    inside = (x - (c - 0.5)) / (w - 1) + 0.5
    return np.where(x <= c - 0.5 - (w - 1) / 2, 0, np.where(x > c - 0.5 + (w - 1) / 2, 1, inside))


def exact(x, c, w):
    """C.11.2.1.3.2."""
    return np.where(x <= c - w / 2, 0, np.where(x > c + w / 2, 1, (x - c) / w + 0.5))


def sigmoid(x, c, w):
    """C.11.2.1.3.1."""
    return 1 / (1 + np.exp(-4 * (x - c) / w))


FUNCTIONS = {"LINEAR": linear, "LINEAR_EXACT": exact, "SIGMOID": sigmoid}
SLOPES = [(1, 0), (-1, 4095), (-10, 3000), (0.25, -7.5)]


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("words", [RAMP12, SIGNED], ids=["unsigned", "signed"])
@pytest.mark.parametrize("slope", SLOPES, ids=str)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_window_follows_the_standards_formula_whatever_the_slope(function, slope, words, photometric):
    values = words * float(slope[0]) + slope[1]
    centre, width = np.mean(values).round(1), np.ptp(values) / 3
    elements = (
        rescale(*slope) | window(centre, f"{width:.6f}", function) | {"PhotometricInterpretation": ("CS", photometric)}
    )
    expected = FUNCTIONS[function](values, centre, round(width, 6))
    np.testing.assert_allclose(
        shown(twelve(words, **elements)), 1 - expected if photometric[-1] == "1" else expected, atol=1e-5
    )


@pytest.mark.parametrize("function", ["", None, "linear", "SOMETHING"])
def test_a_window_without_a_function_that_is_known_is_linear(function):
    elements = twelve(RAMP12, **window(1000, 500, function))
    np.testing.assert_allclose(shown(elements), linear(RAMP12, 1000, 500), atol=1e-6)


@pytest.mark.parametrize(
    ("slope", "intercept", "values"),
    [
        ("", "", RAMP12),
        ("-2", "", RAMP12 * -2.0),
        ("", "100", RAMP12 + 100.0),
        ("0", "5", RAMP12),
        ("1,5", "-7,25", RAMP12 * 1.5 - 7.25),
    ],
)
def test_an_empty_slope_or_intercept_counts_as_absent_and_a_comma_as_a_point(slope, intercept, values):
    centre = float(np.mean(values))
    elements = twelve(RAMP12, **rescale(slope, intercept), **window(centre, 801))
    np.testing.assert_allclose(shown(elements), linear(values, centre, 801), atol=1e-5)


def test_a_window_with_a_decimal_comma_is_read():
    elements = twelve(RAMP12, **window("1500,5\\9", "900,25\\9"))
    np.testing.assert_allclose(shown(elements), linear(RAMP12, 1500.5, 900.25), atol=1e-6)


@pytest.mark.parametrize("slope", ["x", "1_0", "1e999"])
def test_a_slope_that_is_no_number_is_named(slope):
    with pytest.raises(ImageError, match="rescale slope or intercept"):
        shown(twelve(RAMP12, **rescale(slope, 0)))


@pytest.mark.parametrize("words", [RAMP12, RAMP12.astype(np.uint32) * 70_000], ids=["16 bits", "32 bits"])
@pytest.mark.parametrize("number", [1e300, -1e300, 1e31, np.nan, np.inf, 1e29, 1e-300])
def test_no_slope_width_or_centre_makes_a_pixel_that_is_no_number(number, words):
    """Written as FD, where DS is due."""
    film_of = film(words)
    for keyword in ("RescaleSlope", "RescaleIntercept", "WindowCenter", "WindowWidth"):
        for function in FUNCTIONS:
            elements = film_of | rescale(1, 0) | window(2000, 3000, function) | {keyword: ("FD", [number])}
            refused, pixels = "", np.array([0, 1])
            try:
                pixels = shown(elements)
            except ImageError as error:
                refused = str(error)
            assert not refused or "rescale slope or intercept" in refused or "same value" in refused
            assert 0 <= pixels.min() < pixels.max() <= 1


@pytest.mark.parametrize("elements", [window("x", 100), window("", ""), window(100, "0\\-1"), window(60000, 10)])
def test_a_window_that_cannot_be_used_leaves_the_robust_range(elements):
    np.testing.assert_allclose(shown(twelve(RAMP12, **elements)), stretched(RAMP12), atol=1e-6)


def test_the_first_window_that_can_be_used_is():
    elements = twelve(RAMP12, **window("100\\2000", "0\\500"))
    np.testing.assert_allclose(shown(elements), linear(RAMP12, 2000, 500), atol=1e-6)


LATER = (np.roll(RAMP12, 1000), "a second frame, never read")


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG])
@pytest.mark.parametrize("groups", [("Shared",), ("PerFrame",), ("Shared", "PerFrame")])
def test_the_functional_groups_of_the_first_frame_come_before_the_data_set(groups, syntax):
    """Those of the frame before those that all share (PS3.3 C.7.6.16)."""
    right = {
        "PixelValueTransformationSequence": ("SQ", [rescale(-2, 8190)]),
        "FrameVOILUTSequence": ("SQ", [window(4000, 2001, "LINEAR_EXACT")]),
    }
    wrong = {"FrameVOILUTSequence": ("SQ", [window(1, 2)])}
    held = {f"{groups[-1]}FunctionalGroupsSequence": ("SQ", [right, wrong])}
    if len(groups) == 2:
        held["SharedFunctionalGroupsSequence"] = ("SQ", [wrong])
    frames = np.concatenate([RAMP12, LATER[0]])
    elements = twelve(frames, **held, **rescale(5, 5), **window(7, 7), NumberOfFrames=("IS", "2"), Rows=("US", [60]))
    expected = exact(8190 - 2.0 * RAMP12, 4000, 2001)
    np.testing.assert_allclose(shown(elements, syntax=syntax), expected, atol=1e-5)


def test_a_table_in_a_functional_group_is_applied():
    entries = np.arange(4096)[::-1] * 16
    group = {"FrameVOILUTSequence": ("SQ", [{"VOILUTSequence": ("SQ", [table("US", 0, entries)])}])}
    elements = twelve(RAMP12, SharedFunctionalGroupsSequence=("SQ", [group]))
    np.testing.assert_allclose(shown(elements), 1 - RAMP12 / 4095, atol=1e-6)


CURVE = (np.arange(4096) ** 2 // 256).astype(np.uint16)  # to 65504


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG])
@pytest.mark.parametrize(("words", "vr"), [(RAMP12, "US"), (SIGNED, "SS"), (SIGNED, "US"), (RAMP12, "SS")])
def test_the_first_value_of_a_table_is_read_however_its_sign_is_written(words, vr, syntax):
    first = int(words.min())
    curve = CURVE[words.astype(int) - first].astype(float)
    lut = ("SQ", [table(vr, first, CURVE)])
    modality = twelve(words, ModalityLUTSequence=lut, **window(30000, 40000))
    np.testing.assert_allclose(shown(modality, syntax=syntax), linear(curve, 30000, 40000), atol=1e-5)
    np.testing.assert_allclose(shown(twelve(words, VOILUTSequence=lut), syntax=syntax), curve / 65504, atol=1e-5)


def test_a_table_behind_a_rescale_to_signed_values_is_read_in_implicit_vr():
    elements = twelve(RAMP12, **rescale(1, -1024), VOILUTSequence=("SQ", [table("US", -1024, CURVE)]))
    np.testing.assert_allclose(shown(elements, syntax=IMPLICIT), CURVE[RAMP12] / 65504, atol=1e-5)


@pytest.mark.parametrize(("vr", "first"), [("US", 40000), ("SS", 40000 - 2**16)])
def test_a_first_value_above_32767_is_read(vr, first):
    entries = np.arange(20000)[::-1]
    words = (40000 + RAMP12 * 4).astype(np.uint16)
    elements = film(words, VOILUTSequence=("SQ", [table(vr, first, entries)]))
    np.testing.assert_allclose(shown(elements), 1 - (words - 40000) / 19999, atol=1e-6)


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
@pytest.mark.parametrize("kind", ["ModalityLUTSequence", "VOILUTSequence"])
def test_entries_of_any_depth_are_read(kind, bits):
    entries = np.arange(4096)[::-1] >> max(0, 12 - bits)
    elements = twelve(
        RAMP12, **{kind: ("SQ", [table("US", 0, entries, bits)])}, **window(entries.max() / 2, entries.max())
    )
    values = entries[RAMP12].astype(float)
    expected = values / entries.max() if kind[0] == "V" else linear(values, entries.max() / 2, entries.max())
    np.testing.assert_allclose(shown(elements), expected, atol=1e-5)


@pytest.mark.parametrize("length", [200, 201])
@pytest.mark.parametrize(
    ("vr", "syntax"), [("OB", EXPLICIT), ("OW", EXPLICIT), ("OW", IMPLICIT), ("OB", BIG), ("OW", BIG)]
)
def test_entries_of_8_bits_may_stand_in_bytes(vr, syntax, length):
    entries = (250 - np.arange(length)).astype(np.uint8)
    packed = entries.tobytes() + b"\0" * (length % 2)
    if (vr, syntax) == ("OW", BIG):
        packed = np.frombuffer(packed, "<u2").astype(">u2").tobytes()
    lut = table("US", 0, entries, 8, (vr, packed))
    expected = (entries[RAMP8].astype(float) - entries.min()) / np.ptp(entries.astype(int))
    np.testing.assert_allclose(shown(film(RAMP8, VOILUTSequence=("SQ", [lut])), syntax=syntax), expected, atol=1e-6)


def test_a_modality_table_that_is_cut_off_is_named_and_a_display_table_ignored():
    lut = ("SQ", [table("US", 0, np.arange(4096), 16, ("OW", RAMP12[:9]))])
    with pytest.raises(ImageError, match="lookup table in the DICOM file is shorter"):
        shown(twelve(RAMP12, ModalityLUTSequence=lut))
    elements = twelve(RAMP12, VOILUTSequence=lut, **window(2000, 900))
    np.testing.assert_allclose(shown(elements), linear(RAMP12, 2000, 900), atol=1e-6)


def test_a_table_says_nothing_of_values_that_it_does_not_reach():
    entries = 1000 + np.arange(736)
    expected = (entries[(RAMP12.astype(int) - 2065).clip(0, 735)] - 1000) / 735
    elements = twelve(RAMP12, VOILUTSequence=("SQ", [table("US", 2065, entries)]))
    np.testing.assert_allclose(shown(elements), expected, atol=1e-6)


@pytest.mark.parametrize("shape", ["IDENTITY", "INVERSE"])
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_the_photometric_interpretation_alone_says_what_is_white(photometric, shape):
    elements = {"PhotometricInterpretation": ("CS", photometric), "PresentationLUTShape": ("CS", shape)}
    expected = linear(RAMP12, 2000, 3000)
    actual = shown(twelve(RAMP12, **elements, **window(2000, 3000)))
    np.testing.assert_allclose(actual, 1 - expected if photometric[-1] == "1" else expected, atol=1e-6)


PAD = (slice(0, 20), slice(10, 50))
INNER = (1000 + RAMP12 // 5).astype(np.uint16)
PADDINGS = {
    "white": (INNER, 65535, {}),
    "the highest of 12 bits": (INNER, 4095, {"BitsStored": ("US", [12])}),
    "beyond the bits that are stored": (INNER, 65535, {"BitsStored": ("US", [12])}),
    "black": (INNER, 0, {}),
    "signed": ((INNER.astype(np.int16) - 1500), -2000, {}),
    "signed, of 12 bits": ((INNER.astype(np.int16) - 1500), -2000, {"BitsStored": ("US", [12])}),
    "signed, beyond 12 bits": ((INNER.astype(np.int16) - 1500), -3024, {"BitsStored": ("US", [12])}),
    "signed, called unsigned": ((INNER.astype(np.int16) - 1500), 63536, {}),
}


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("width", [None, 700], ids=["no window", "window"])
@pytest.mark.parametrize("kind", PADDINGS)
def test_padding_is_black_and_has_no_say_in_the_contrast(kind, width, photometric):
    words, pad, more = PADDINGS[kind]
    wide, words = width and (float(words.mean().round()), width), words.copy()
    words[PAD] = np.array(pad).astype(words.dtype)
    vr = "SS" if pad < 0 else "US"
    seen = np.ones(words.shape, bool)
    seen[PAD] = False
    low, high = np.percentile(words[seen], (0.5, 99.5))
    expected = linear(words, *wide) if wide else np.clip((words - low) / (high - low), 0, 1)
    expected = np.where(seen, 1 - expected if photometric[-1] == "1" else expected, 0)
    elements = film(words, PixelPaddingValue=(vr, [pad]), PhotometricInterpretation=("CS", photometric), **more)
    actual = shown(elements | (window(*wide) if wide else {}))
    np.testing.assert_allclose(actual, expected, atol=1e-5)


@pytest.mark.parametrize("ends", [(0, 100), (100, 0)])
def test_a_range_of_padding_is_black(ends):
    words = INNER.copy()
    words[:5], words[5:9] = 0, 57
    actual = shown(film(words, PixelPaddingValue=("US", [ends[0]]), PixelPaddingRangeLimit=("US", [ends[1]])))
    assert (actual[:9] == 0).all()
    np.testing.assert_allclose(actual[9:], stretched(words[9:]), atol=1e-6)


def test_empty_padding_is_none_and_padding_alone_is_refused():
    np.testing.assert_allclose(shown(film(INNER, PixelPaddingValue=("US", b""))), stretched(INNER), atol=1e-6)
    with pytest.raises(ImageError, match="every pixel has the same value"):
        shown(film(np.full((40, 40), 9, np.uint16), PixelPaddingValue=("US", [9])))


def test_floating_padding_is_black():
    values = RAMP12.astype(np.float32) + 500
    values[PAD] = -1e6
    elements = film(values, FloatPixelData=("OF", values), PixelData=None, BitsStored=None, PixelRepresentation=None)
    actual = shown(elements | {"FloatPixelPaddingValue": ("FL", [-1e6])})
    seen = np.ones(values.shape, bool)
    seen[PAD] = False
    low, high = np.percentile(values[seen], (0.5, 99.5))
    np.testing.assert_allclose(actual, np.where(seen, np.clip((values - low) / (high - low), 0, 1), 0), atol=1e-5)


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("words", [RAMP12, SIGNED], ids=["unsigned", "signed"])
@pytest.mark.parametrize("slope", [(1, 0), (-2, 4096)], ids=str)
@pytest.mark.parametrize("function", ["LINEAR", "SIGMOID"])
def test_a_window_shows_what_dcmtk_shows(dcmtk, function, slope, words, photometric):
    elements = rescale(*slope) | window(700, 1801, function) | {"PhotometricInterpretation": ("CS", photometric)}
    data = written(twelve(words, **elements))
    np.testing.assert_allclose(read_film(data).pixels, dcmtk(data, "+Wi", "1"), atol=0.004)


LEFT = (RAMP12 << 4).astype(np.uint16)
TWELVE = {"BitsStored": ("US", [12])}
ODD = {
    "high bit 15 of 12": film(LEFT | 5, BitsStored=("US", [12]), HighBit=("US", [15]), **window(2000, 3000)),
    "high bit 13 of 12": film(RAMP12 << 2 | 0xC003, **TWELVE, HighBit=("US", [13]), **window(2000, 3000)),
    "an overlay in bit 12": twelve(RAMP12 | (SPECKLE > 99).astype(np.uint16) << 12, **window(2000, 3000)),
    "signed, not extended": twelve(SIGNED & 0xFFF, PixelRepresentation=("US", [1]), **window(0, 3000)),
    "no modality": twelve(RAMP12, **rescale("", ""), **window(2000, 3000)),
    "a function that is empty": twelve(RAMP12, **window(2000, 3000, "")),
    "a modality table of 12 bits": twelve(
        RAMP12, ModalityLUTSequence=("SQ", [table("US", 0, np.arange(4096)[::-1], 12)]), **window(2000, 3000)
    ),
    "a modality table called unsigned": twelve(
        SIGNED, ModalityLUTSequence=("SQ", [table("US", -2048, CURVE)]), **window(30000, 40000)
    ),
    "a frame's slope": twelve(
        RAMP12, SOPClassUID=("UI", "1.2.840.10008.5.1.4.1.1.13.1.1"), NumberOfFrames=("IS", "1"), **window(2000, 3000),
        SharedFunctionalGroupsSequence=("SQ", [{"PixelValueTransformationSequence": ("SQ", [rescale(-1, 4095)])}]),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_what_is_seldom_written_shows_what_dcmtk_shows(dcmtk, name):
    data = written(ODD[name])
    np.testing.assert_allclose(read_film(data).pixels, dcmtk(data, "+Wi", "1"), atol=0.004)


@pytest.mark.parametrize("syntax", [EXPLICIT, BIG])
@pytest.mark.parametrize("kind", ["RGB", "PALETTE COLOR"])
def test_colour_of_either_byte_order_shows_what_dcmtk_shows(dcmtk, kind, syntax):
    colours = np.random.default_rng(5).integers(0, 2**16, (60, 80, 3)).astype(np.uint16)
    elements = film(colours, PlanarConfiguration=("US", [0]))
    if kind != "RGB":
        elements = film(RAMP16 >> 8, BitsStored=("US", [8]), PhotometricInterpretation=("CS", kind))
        for i, colour in enumerate(("Red", "Green", "Blue")):
            elements[f"{colour}PaletteColorLookupTableDescriptor"] = ("US", [256, 0, 16])
            elements[f"{colour}PaletteColorLookupTableData"] = ("OW", colours[:4, :64, i].ravel())
    data = written(elements, syntax)
    np.testing.assert_allclose(read_film(data).pixels, dcmtk(data), atol=0.004)


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG])
@pytest.mark.parametrize(("bits", "vr"), [(8, "OB"), (8, "OW"), (12, "OW"), (16, "OW")])
def test_a_palette_of_any_depth_starts_where_it_says(bits, vr, syntax):
    """Values below it are its first colour, those above its last (PS3.3 C.7.6.3.1.5)."""
    entries = np.random.default_rng(8).integers(0, 2**bits, (3, 100)).astype(np.uint16)
    entries[:, 7] = 2**bits - 1
    elements = film(RAMP8, PhotometricInterpretation=("CS", "PALETTE COLOR"))
    for colour, table_of in zip(("Red", "Green", "Blue"), entries, strict=True):
        packed = table_of.astype(np.uint8) if vr == "OB" else table_of
        elements[f"{colour}PaletteColorLookupTableDescriptor"] = ("US", [100, 20, bits])
        elements[f"{colour}PaletteColorLookupTableData"] = (vr, packed)
    expected = entries.T[(RAMP8.astype(int) - 20).clip(0, 99)] @ [0.299, 0.587, 0.114] / (2**bits - 1)
    np.testing.assert_allclose(shown(elements, syntax=syntax), expected, atol=0.5 / (2**bits - 1) + 1e-5)
