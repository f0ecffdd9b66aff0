"""A DICOM file is read whatever stands, or lacks, before its elements; what cannot be done without is named."""

import imagecodecs
import numpy as np
import pytest
from dicoms import EXPECTED, WINDOW, film, lossless, rle, twelve, window, written
from films import RAMP8, RAMP12, SPECKLE, j2k, saved, stretched, tiff
from pydicom import uid

from model.errors import ImageError
from model.inputs import read_film, read_identity

FILM = twelve(RAMP12, SOPClassUID=("UI", "1.2.840.10008.5.1.4.1.1.1.1"), Modality=("CS", "DX"), **WINDOW)
NATIVE = [uid.ImplicitVRLittleEndian, uid.ExplicitVRLittleEndian, uid.ExplicitVRBigEndian]
COMPRESSED = {
    "RLE": (uid.RLELossless, rle(RAMP12)),
    "JPEG lossless": (uid.JPEGLosslessSV1, lossless(RAMP12, 12)),
    "JPEG-LS": (uid.JPEGLSLossless, imagecodecs.jpegls_encode(RAMP12)),
    "JPEG 2000": (uid.JPEG2000Lossless, j2k(RAMP12)),
}
PREAMBLES = {
    "TIFF": b"II*\0\x08\0\0\0",
    "TIFF, big-endian": b"MM\0*\0\0\0\x08",
    "BigTIFF": b"II+\0\x08\0\0\0",
    "a whole TIFF": tiff(SPECKLE),
    "JPEG": b"\xff\xd8\xff\xe0",
    "PNG": b"\x89PNG\r\n\x1a\n",
    "PDF": b"%PDF-1.7",
    "ZIP": b"PK\3\4",
    "text": b"a scanner's own words",
}


@pytest.mark.parametrize("name", PREAMBLES)
def test_what_a_preamble_holds_says_nothing(name):
    data = written(FILM, preamble=PREAMBLES[name][:128].ljust(128, b"\0"))
    film = read_film(data)
    assert film.format == "dicom"
    np.testing.assert_allclose(film.pixels, EXPECTED, atol=1e-6)


@pytest.mark.parametrize("preamble", [None, bytes(128)], ids=["no preamble", "preamble"])
@pytest.mark.parametrize("meta", [True, False], ids=["meta", "no meta"])
@pytest.mark.parametrize("syntax", NATIVE)
def test_a_file_without_preamble_or_meta_group_is_read(syntax, meta, preamble, tmp_path):
    data = written(FILM, syntax, preamble, meta)
    np.testing.assert_allclose(read_film(data).pixels, EXPECTED, atol=1e-6)
    (tmp_path / "IM0001").write_bytes(data)
    assert read_identity(tmp_path / "IM0001").header.modality == "DX"


def test_a_prefix_without_a_preamble_is_read():
    np.testing.assert_allclose(read_film(written(FILM)[128:]).pixels, EXPECTED, atol=1e-6)


@pytest.mark.parametrize("named", ["", None])
@pytest.mark.parametrize("syntax", NATIVE)
def test_a_file_that_names_no_transfer_syntax_is_read(syntax, named):
    data = written(FILM, syntax)
    group = data[132 : data.index(syntax.encode()) + len(syntax) + len(syntax) % 2]
    meta = b"" if named is None else b"\2\0\x10\0UI\0\0"
    meta += b"\2\0\x12\0UI\4\x001.2\0"
    np.testing.assert_allclose(read_film(data.replace(group, meta, 1)).pixels, EXPECTED, atol=1e-6)


@pytest.mark.parametrize("meta", [True, False])
@pytest.mark.parametrize("name", COMPRESSED)
def test_a_compressed_frame_says_how_itself(name, meta):
    syntax, frame = COMPRESSED[name]
    np.testing.assert_allclose(read_film(written(FILM, syntax, meta=meta, frame=frame)).pixels, EXPECTED, atol=1e-6)
    mislabelled = written(FILM, uid.JPEGBaseline8Bit, frame=frame)
    np.testing.assert_allclose(read_film(mislabelled).pixels, EXPECTED, atol=1e-6)


def test_pixels_that_are_not_compressed_are_read_whatever_syntax_is_named():
    np.testing.assert_allclose(read_film(written(FILM, uid.JPEGLosslessSV1)).pixels, EXPECTED, atol=1e-6)


def test_a_file_that_merely_mentions_a_deflated_syntax_is_read():
    for text in ("was 1.2.840.10008.1.2.1.99 before", "1.2.840.10008.1.2.1.99.7"):
        np.testing.assert_allclose(
            read_film(written(FILM | {"DerivationDescription": ("ST", text)})).pixels, EXPECTED, atol=1e-6
        )


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.4.95"])
def test_a_deflated_file_is_refused_for_that(syntax):
    with pytest.raises(ImageError, match="is deflated, which is not read: export it uncompressed"):
        read_film(written(FILM, syntax))


UNREAD = {
    "JPEG XL": ("1.2.840.10008.1.2.4.110", b"\xff\x0a" + bytes(60)),
    "deflated frames": ("1.2.840.10008.1.2.8.1", bytes(60)),
    "MPEG-4": ("1.2.840.10008.1.2.4.102", b"\0\0\0\x20ftyp" + bytes(60)),
    "a private one": ("1.2.840.113619.5.27", bytes(60)),
    "none that is named or known": ("", b"\xff\x0a" + bytes(60)),
}


@pytest.mark.parametrize("name", UNREAD)
def test_a_compression_that_is_not_read_is_refused_for_that(name):
    syntax, frame = UNREAD[name]
    with pytest.raises(ImageError, match="compressed in a way that is not read"):
        read_film(written(FILM, syntax, frame=frame))


def test_a_private_order_of_bytes_is_refused_and_not_guessed():
    with pytest.raises(ImageError, match="private transfer syntax"):
        read_film(written(FILM, "1.2.840.113619.5.2"))


NEEDED = ["Rows", "Columns", "BitsAllocated", "BitsStored", "PixelRepresentation", "PhotometricInterpretation"]


@pytest.mark.parametrize("empty", [False, True])
@pytest.mark.parametrize("keyword", NEEDED)
def test_what_cannot_be_done_without_is_named(keyword, empty):
    elements = FILM | {keyword: ("CS" if keyword[0] == "P" and keyword[1] == "h" else "US", b"")}
    if not empty:
        del elements[keyword]
    with pytest.raises(ImageError, match=f"does not say its {keyword}"):
        read_film(written(elements))


OPTIONAL = {
    "US": "SamplesPerPixel HighBit PixelPaddingValue PixelPaddingRangeLimit PlanarConfiguration",
    "CS": "Modality VOILUTFunction PresentationLUTShape",
    "DS": "PixelSpacing ImagerPixelSpacing RescaleSlope RescaleIntercept",
    "IS": "NumberOfFrames PixelAspectRatio",
    "SQ": "ModalityLUTSequence VOILUTSequence SharedFunctionalGroupsSequence PerFrameFunctionalGroupsSequence",
}


@pytest.mark.parametrize("syntax", NATIVE)
def test_whatever_else_may_be_empty(syntax):
    empty = {keyword: (vr, [] if vr == "SQ" else b"") for vr in OPTIONAL for keyword in OPTIONAL[vr].split()}
    np.testing.assert_allclose(read_film(written(FILM | empty, syntax)).pixels, EXPECTED, atol=1e-6)
    for keyword, value in empty.items():
        np.testing.assert_allclose(read_film(written(FILM | {keyword: value}, syntax)).pixels, EXPECTED, atol=1e-6)


def test_empty_items_of_sequences_say_nothing():
    group = {
        "FrameVOILUTSequence": ("SQ", [{}]),
        "PixelValueTransformationSequence": ("SQ", [{}]),
        "PixelMeasuresSequence": ("SQ", []),
    }
    elements = FILM | {
        "SharedFunctionalGroupsSequence": ("SQ", [group]),
        "PerFrameFunctionalGroupsSequence": ("SQ", [{}]),
    }
    np.testing.assert_allclose(read_film(written(elements)).pixels, EXPECTED, atol=1e-6)


def test_numbers_may_be_binary_where_text_is_due():
    elements = FILM | {"WindowCenter": ("FD", [2000.0]), "WindowWidth": ("US", [3000]), "RescaleSlope": ("FL", [1.0])}
    np.testing.assert_allclose(read_film(written(elements)).pixels, EXPECTED, atol=1e-6)


def test_a_sequence_in_a_sequence_thousands_deep_is_refused():
    deep = b"\x28\0\x10\x30SQ\0\0\xff\xff\xff\xff\xfe\xff\0\xe0\xff\xff\xff\xff" * 20_000
    data = written({"SOPClassUID": ("UI", "1.2.3")})
    with pytest.raises(ImageError):
        read_film(data + deep)


SPACINGS = [
    ({"PixelAspectRatio": ("IS", "2\\1")}, 2, 1),
    ({"PixelAspectRatio": ("IS", "1\\2")}, 1, 2),
    ({"PixelSpacing": ("DS", "0,4\\0,2")}, 2, 1),
    ({"ImagerPixelSpacing": ("DS", ".4\\.2")}, 2, 1),
    ({"NominalScannedPixelSpacing": ("DS", "0.1\\0.3")}, 1, 3),
    ({"PixelSpacing": ("DS", "0.2\\0.2"), "PixelAspectRatio": ("IS", "2\\1")}, 1, 1),
    ({"PixelSpacing": ("DS", ""), "ImagerPixelSpacing": ("DS", "3\\1")}, 3, 1),
    ({"PixelSpacing": ("DS", "0.1400\\0.1401")}, 1, 1),
    ({"PixelSpacing": ("DS", "0\\-1")}, 1, 1),
    ({"PixelAspectRatio": ("IS", "1")}, 1, 1),
    (
        {
            "SharedFunctionalGroupsSequence": (
                "SQ",
                [{"PixelMeasuresSequence": ("SQ", [{"PixelSpacing": ("DS", "2\\1")}])}],
            )
        },
        2,
        1,
    ),
]


@pytest.mark.parametrize(("elements", "high", "wide"), SPACINGS)
def test_pixels_that_are_not_square_are_shown_square(elements, high, wide):
    expected = EXPECTED.repeat(high, axis=0).repeat(wide, axis=1)
    np.testing.assert_allclose(read_film(written(FILM | elements)).pixels, expected, atol=1e-6)


def test_pixels_are_repeated_evenly_where_the_ratio_is_no_whole_number():
    pixels = read_film(written(FILM | {"PixelSpacing": ("DS", "0.3\\0.2")})).pixels
    assert pixels.shape == (90, 80)
    assert {tuple(row) for row in pixels.round(5)} == {tuple(row) for row in EXPECTED.astype(np.float32).round(5)}


def test_a_film_that_is_too_long_in_square_pixels_is_refused():
    with pytest.raises(ImageError, match="80 x 3000 pixels"):
        read_film(written(FILM | {"PixelAspectRatio": ("IS", "50\\1")}))


@pytest.mark.parametrize(
    ("sop_class", "what"),
    [
        ("1.2.840.10008.1.3.10", r"is a directory \(DICOMDIR\)"),
        ("1.2.840.10008.5.1.4.1.1.88.11", "is a structured report"),
        ("1.2.840.10008.5.1.4.1.1.104.1", r"is a document \(PDF"),
        ("1.2.840.10008.5.1.4.1.1.11.1", "is a presentation state"),
        ("1.2.840.10008.5.1.4.1.1.9.1.1", "is a waveform"),
        ("1.2.3.4", "file holds no pixels"),
    ],
)
def test_an_object_without_pixels_is_called_by_its_kind(sop_class, what):
    with pytest.raises(ImageError, match=f"{what}.*holds no pixels|{what}"):
        read_film(written({"SOPClassUID": ("UI", sop_class), "Modality": ("CS", "OT")}))


def test_one_bit_a_pixel_and_32_are_read():
    bits = (SPECKLE > 99).astype(np.uint8)
    packed = np.packbits(bits.ravel(), bitorder="little")
    elements = film(bits, BitsAllocated=("US", [1]), BitsStored=("US", [1]), PixelData=("OB", packed))
    np.testing.assert_array_equal(read_film(written(elements)).pixels, bits)
    for syntax in NATIVE:
        many = RAMP12.astype(np.uint32) * 70_000
        np.testing.assert_allclose(read_film(written(film(many), syntax)).pixels, stretched(many), atol=1e-6)


def test_an_odd_length_of_8_bits_is_read_with_and_without_its_padding_byte():
    odd = RAMP8[:59, :79]
    expected = stretched(odd)
    for data in (odd.tobytes(), odd.tobytes() + b"\0", odd.tobytes() + bytes(1001)):
        read = read_film(written(film(odd, PixelData=("OB", b"")))[:-4] + len(data).to_bytes(4, "little") + data)
        np.testing.assert_allclose(read.pixels, expected, atol=1e-6)
    with pytest.raises(ImageError, match="damaged or cut off"):
        read_film(written(film(odd, PixelData=("OB", odd.tobytes()[:-3]))))


def test_8_bits_may_stand_in_the_words_of_a_big_endian_file():
    data = RAMP8.tobytes()
    swapped = np.frombuffer(data, "<u2").astype(">u2").tobytes()
    for vr, octets in (("OB", data), ("OW", swapped)):
        read = read_film(written(film(RAMP8, PixelData=(vr, octets), **window(70, 140)), uid.ExplicitVRBigEndian))
        np.testing.assert_allclose(read.pixels, np.clip((RAMP8 - 69.5) / 139 + 0.5, 0, 1), atol=1e-6)


def test_a_baseline_frame_labelled_lossless_is_read():
    frame = saved(SPECKLE, "JPEG", quality=100)
    values = imagecodecs.jpeg8_decode(frame)
    shown = read_film(written(film(SPECKLE), uid.JPEGLosslessSV1, frame=frame)).pixels
    np.testing.assert_allclose(shown, stretched(values), atol=1e-6)
