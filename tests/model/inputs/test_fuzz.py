"""Whatever the bytes, the answer is a film or one sentence, at no more than 2 s of processor time and 512 MB.

The limits are the process's own; here they must not even be needed: a decoder that crashes, hangs or grows is told
apart from one that refuses.
"""

import random

import imagecodecs
import numpy as np
import pytest
from dicoms import rescale, table, twelve, window, written
from films import RAMP12, every
from helpers import NAME
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import uid

from model.errors import ImageError
from model.inputs import DicomIdentity, decoding, read_film, read_identity

GROUP = {
    "PixelValueTransformationSequence": ("SQ", [rescale(-1, 4095)]),
    "FrameVOILUTSequence": ("SQ", [window(2000, 3000, "SIGMOID")]),
    "PixelMeasuresSequence": ("SQ", [{"PixelSpacing": ("DS", "0.2\\0.1")}]),
}
PADDED = {"PixelPaddingValue": ("US", [0]), "PixelPaddingRangeLimit": ("US", [9]), "HighBit": ("US", [13])}
TABLES = {
    "ModalityLUTSequence": ("SQ", [table("US", 0, RAMP12.ravel())]),
    "VOILUTSequence": ("SQ", [table("SS", -5, RAMP12.ravel(), 12)]),
}
CORPUS = every() | {
    "DICOM, groups": written(twelve(RAMP12, SharedFunctionalGroupsSequence=("SQ", [GROUP]))),
    "DICOM, padding": written(twelve(RAMP12, **PADDED), uid.ExplicitVRBigEndian),
    "DICOM, tables": written(twelve(RAMP12, **TABLES), uid.ImplicitVRLittleEndian),
    "DICOM, bare": written(twelve(RAMP12), preamble=None, meta=False),
    "JPEG-LS": imagecodecs.jpegls_encode(RAMP12),
}
NAMES = sorted(CORPUS)
STARTS = [data[:n] for data in CORPUS.values() for n in (12, 132)]
SIZES = (0, 1, 2, 255, 256, 2**15, 2**16 - 1, 2**31, 2**32 - 1)


def judged(data: bytes) -> str:
    """What became of the bytes, in one word; anything but a film and a refusal fails."""
    try:
        pixels = read_film(data).pixels
    except ImageError as error:
        sentence = str(error)
        assert "cannot be decoded within" not in sentence, "the process was ended"
        assert sentence.endswith(".")
        assert len(sentence) < 200
        assert NAME not in sentence
        return "refused"
    assert pixels.ndim == 2
    assert pixels.dtype == np.float32
    assert 0 <= pixels.min() < pixels.max() <= 1
    return "film"


def mutated(seed: int) -> bytes:
    """A file with bits flipped, bytes or numbers replaced, its end cut off, or a piece of another in it."""
    draw = random.Random(seed)
    data = bytearray(CORPUS[NAMES[seed % len(NAMES)]])
    for _ in range(draw.choice((1, 1, 2, 4, 16))):
        place = draw.randrange(min(len(data), draw.choice((64, 400, len(data))))) if data else 0
        match draw.choice(("bit", "byte", "number", "cut", "splice", "repeat")):
            case "bit" if data:
                data[place] ^= 1 << draw.randrange(8)
            case "byte" if data:
                data[place] = draw.choice((0, 1, 0x7F, 0x80, 0xFF, draw.randrange(256)))
            case "number":
                data[place : place + 4] = draw.choice(SIZES).to_bytes(4, draw.choice(("big", "little")))
            case "cut":
                del data[draw.randrange(len(data) + 1) :]
            case "splice":
                other = CORPUS[draw.choice(NAMES)]
                start = draw.randrange(len(other))
                data[place : place + draw.randrange(200)] = other[start : start + draw.randrange(400)]
            case "repeat":
                data[place:place] = data[place : place + draw.randrange(64)] * draw.choice((1, 8, 500))
    return bytes(data)


@pytest.fixture(autouse=True)
def no_more_than_2_s(monkeypatch):
    monkeypatch.setattr(decoding, "LIMITS", decoding.Limits(seconds=2.0, seconds_per_mebibyte=0.0))


def test_150_mutated_files_are_read_or_refused():
    assert {judged(mutated(seed)) for seed in range(150)} == {"film", "refused"}


@pytest.mark.slow
def test_2_000_mutated_files_are_read_or_refused():
    outcomes = [judged(mutated(seed)) for seed in range(1_000, 3_000)]
    assert outcomes.count("film") > 100
    assert outcomes.count("refused") > 100


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(STARTS), st.binary(max_size=2_000))
def test_any_bytes_after_a_known_start_are_read_or_refused(start, rest):
    judged(start + rest)


NUMBERS = (
    2, 4, 6, 8, 0x10, 0x11, 0x30, 0x34, 0x100, 0x101, 0x102, 0x103, 0x120, 0x121, 0x1050, 0x1051, 0x1052, 0x1053,
    0x1056, 0x3000, 0x3010,
)  # fmt: skip
ELEMENT = st.sampled_from([(0x28, number) for number in NUMBERS])
VR = st.sampled_from(["US", "SS", "IS", "DS", "CS", "OW", "SQ", "UL", "FD", "UN"])


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from([name for name in NAMES if CORPUS[name][128:132] == b"DICM" and name != "DICOM, padding"]),
    st.lists(st.tuples(ELEMENT, VR, st.binary(max_size=12)), max_size=6),
)
def test_any_elements_in_a_dicom_header_are_read_or_refused(tmp_path_factory, name, elements):
    """The elements are put before those of the file: a reader takes the later, the earlier, or neither."""
    data = CORPUS[name]
    place = data.index(b"\x28\x00\x02\x00")
    made = b"".join(
        group.to_bytes(2, "little") + number.to_bytes(2, "little") + vr.encode()
        + (b"\0\0" + len(value).to_bytes(4, "little") if vr in ("OW", "SQ", "UN") else len(value).to_bytes(2, "little"))
        + value
        for (group, number), vr, value in elements
    )  # fmt: skip
    judged(data[:place] + made + data[place:])
    path = tmp_path_factory.getbasetemp() / "any.dcm"
    path.write_bytes(data[:place] + made + data[place:])
    assert isinstance(read_identity(path), DicomIdentity | None)
