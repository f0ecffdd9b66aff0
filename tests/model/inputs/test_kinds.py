"""A file that is no film is called what it is, with what to do about it; only damaged files are called damaged."""

import gzip
import io
import json
import struct
import tarfile
import zipfile
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
import pytest
from dicoms import EXPECTED, twelve, written
from films import COLOUR, RAMP8, RAMP12, SPECKLE, saved, stretched
from helpers import NAME

from model.errors import ImageError
from model.inputs import read_film

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")

PNG = saved(SPECKLE, "PNG")


def ftyp(brand: bytes) -> bytes:
    return struct.pack(">I4s4sI", 24, b"ftyp", brand, 0) + brand + b"mif1" + bytes(200)


def zipped(name: str) -> bytes:
    with zipfile.ZipFile(out := io.BytesIO(), "w") as archive:
        archive.writestr(name, PNG)
    return out.getvalue()


def tarred() -> bytes:
    with tarfile.open(fileobj=(out := io.BytesIO()), mode="w") as archive:
        member = tarfile.TarInfo("film.png")
        member.size = len(PNG)
        archive.addfile(member, io.BytesIO(PNG))
    return out.getvalue()


def nifti(magic: bytes = b"n+1\0") -> bytes:
    return struct.pack("<i", 348) + bytes(340) + magic + bytes(2000)


EXPORT, VOLUME = "export it as PNG or JPEG and send that", "export one frontal film"
UNPACK = "unpack it and send the picture"
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n"
LOGIN = b"\n<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>" + NAME.encode() + b"</body></html>"
SVG = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="80" height="60"/>'

KINDS = {
    "GIF": (saved(RAMP8, "GIF"), "a GIF picture", EXPORT),
    "HEIC": (ftyp(b"heic"), "a HEIC picture", EXPORT),
    "HEIC, more bits": (ftyp(b"heix"), "a HEIC picture", EXPORT),
    "HEIF": (ftyp(b"mif1"), "a HEIC or AVIF picture", EXPORT),
    "AVIF": (ftyp(b"avif"), "an AVIF picture", EXPORT),
    "AVIF, encoded": (saved(COLOUR, "AVIF"), "AVIF picture", EXPORT),
    "MP4": (ftyp(b"isom"), "a video", "one picture of it"),
    "QuickTime": (ftyp(b"qt  "), "a video", "one picture of it"),
    "AVI": (b"RIFF\0\0\1\0AVI LIST" + bytes(99), "a video", "one picture of it"),
    "Matroska": (b"\x1a\x45\xdf\xa3" + bytes(99), "a video", "one picture of it"),
    "JPEG 2000": (saved(COLOUR, "JPEG2000"), "a JPEG 2000 picture", EXPORT),
    "JPEG 2000, bare": (imagecodecs.jpeg2k_encode(RAMP12, codecformat="j2k"), "a JPEG 2000 picture", EXPORT),
    "JPEG XL": (imagecodecs.jpegxl_encode(RAMP8, usecontainer=False), "a JPEG XL picture", EXPORT),
    "JPEG XL, boxed": (imagecodecs.jpegxl_encode(RAMP8, usecontainer=True), "a JPEG XL picture", EXPORT),
    "JPEG XR": (imagecodecs.jpegxr_encode(RAMP8), "a JPEG XR picture", EXPORT),
    "PDF": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(99), "a PDF document", EXPORT),
    "PDF after a line": (b"\r\n%PDF-1.4" + bytes(99), "a PDF document", EXPORT),
    "SVG": (SVG, "an SVG drawing", EXPORT),
    "HTML": (LOGIN, "a web page", "log in and download the film again"),
    "XML": (b'<?xml version="1.0"?><report/>', "an XML document", "send the film itself"),
    "JSON": (json.dumps({"film": 1}).encode(), "JSON", "send the film itself"),
    "Git LFS": (LFS, "a Git LFS pointer", "git lfs pull"),
    "git-annex": (b"/annex/objects/SHA256E-s1--0.dcm\n", "a git-annex pointer", "git annex get"),
    "a JSON array": (b"[1, 2]", "JSON", "send the film itself"),
    "TOML": (b"[build-system]\nrequires = []\n", "text", "as PNG"),
    "a log": (b"[2026-11-26 16:30] started\n", "text", "as PNG"),
    "text": (b"The heart is enlarged.\n", "text", "send the film itself"),
    "text in UTF-8": ("\ufeffDas Herz ist vergrößert.".encode(), "text", "send the film itself"),
    "text in UTF-16": ("心脏增大。 Heart.".encode("utf-16"), "text", "send the film itself"),
    "base64": (b"iVBORw0KGgoAAAANSUhEUgAA", "written as text", "decode it"),
    "a data URL": (b"data:image/png;base64,iVBORw0KGgo", "written as text", "decode it"),
    "ZIP": (zipped("film.png"), "a ZIP archive", UNPACK),
    "tar": (tarred(), "a tar archive", UNPACK),
    "gzip": (gzip.compress(PNG), "packed with gzip", UNPACK),
    "gzip of text": (gzip.compress(b"<html>"), "packed with gzip", UNPACK),
    "gzip, damaged": (b"\x1f\x8b\x08\0" + bytes(99), "packed with gzip", UNPACK),
    "7-Zip": (b"7z\xbc\xaf\x27\x1c" + bytes(99), "a 7-Zip archive", UNPACK),
    "RAR": (b"Rar!\x1a\7\1\0" + bytes(99), "a RAR archive", UNPACK),
    "xz": (b"\xfd7zXZ\0" + bytes(99), "packed with xz", UNPACK),
    "NIfTI": (nifti(), "a NIfTI volume", VOLUME),
    "NIfTI, its header": (nifti(b"ni1\0"), "the header of a NIfTI volume", VOLUME),
    "NIfTI, packed": (gzip.compress(nifti()), "a NIfTI volume, packed with gzip", VOLUME),
    "NIfTI 2": (struct.pack("<i", 540) + b"n+2\0\r\n\x1a\n" + bytes(999), "a NIfTI volume", VOLUME),
    "NRRD": (b"NRRD0005\ntype: short\n", "a NRRD volume", VOLUME),
    "MetaImage": (b"ObjectType = Image\nNDims = 3\n", "a MetaImage volume", VOLUME),
    "HDF5": (b"\x89HDF\r\n\x1a\n" + bytes(99), "an HDF5 or MINC volume", VOLUME),
    "NumPy": (b"\x93NUMPY\1\0" + bytes(99), "a NumPy array", "save it as PNG"),
    "PGM": (b"P5\n80 60\n255\n" + bytes(4800), "a PNM picture", EXPORT),
    "Photoshop": (b"8BPS\0\1" + bytes(99), "a Photoshop picture", EXPORT),
    "Office": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), "an Office document", EXPORT),
    "a Mac's companion": (b"\0\5\x16\7\0\2\0\0" + bytes(99), "what a Mac keeps beside a file", "send the file itself"),
    "zeros": (bytes(5000), "nothing but zeros at its start", "copy or download it again"),
    "PNG copied as text": (PNG.replace(b"\r\n", b"\n"), "a PNG picture that was damaged", "copy it again"),
}


@pytest.mark.parametrize("name", KINDS)
def test_what_is_no_film_is_called_what_it_is_and_what_to_do_is_said(name):
    data, what, remedy = KINDS[name]
    with pytest.raises(ImageError) as caught:
        read_film(data)
    sentence = str(caught.value)
    assert sentence.startswith("The file is ")
    assert what in sentence
    assert remedy in sentence
    assert "damaged" not in sentence or "damaged" in what
    assert sentence.endswith(".")
    assert len(sentence) < 200
    assert "Doe" not in sentence


def test_nothing_is_read_before_the_head_of_a_packed_file_is_large():
    bomb = gzip.compress(bytes(50_000_000))
    with pytest.raises(ImageError, match="packed with gzip"):
        read_film(bomb)


CASES = Path(__file__).resolve().parents[4] / "shared" / "cases" / "films"
LOSSY = {"04_jfif_labelled_rgb": 0.03}  # what JPEG took of the picture that is expected


def test_films_of_real_life_come_out_as_expected():
    names = sorted(path for path in CASES.glob("*") if ".expected." not in path.name)
    if not names:
        pytest.skip("the cases are not at hand")
    for path in names:
        wanted = path.with_name(f"{path.stem}.expected.png")
        if not wanted.exists():
            with pytest.raises(ImageError, match="compressed in a way that is not read"):
                read_film(path.read_bytes())
            continue
        expected = imagecodecs.png_decode(wanted.read_bytes()) / 255
        pixels = read_film(path.read_bytes()).pixels
        np.testing.assert_allclose(pixels, expected, atol=LOSSY.get(path.stem, 0.011), err_msg=path.name)


# What pydicom brings to be read: each is a film, or refused for what is true of it.
SAMPLES = Path(pydicom.__file__).parent / "data" / "test_files"
SMALL = r"The image has \d+ x \d+ pixels; a film has at least 32"
NO_PIXELS = "holds no pixels"
REFUSED = {
    "JPEG2000-embedded-sequence-delimiter.dcm": "The image has 3722445056 x 1024 pixels",  # as its codestream says
    "JPEGLSNearLossless_08.dcm": SMALL, "JPEGLSNearLossless_16.dcm": SMALL, "badVR.dcm": SMALL,
    "SC_rgb_small_odd.dcm": SMALL, "SC_rgb_small_odd_big_endian.dcm": SMALL, "SC_rgb_small_odd_jpeg.dcm": SMALL,
    "rtdose.dcm": SMALL, "rtdose_1frame.dcm": SMALL, "rtdose_expb.dcm": SMALL, "rtdose_expb_1frame.dcm": SMALL,
    "rtdose_rle.dcm": SMALL, "rtdose_rle_1frame.dcm": SMALL,
    "ExplVR_BigEndNoMeta.dcm": "is a radiotherapy plan", "ExplVR_LitEndNoMeta.dcm": "is a radiotherapy plan",
    "rtplan.dcm": "is a radiotherapy plan", "rtplan_truncated.dcm": "is a radiotherapy plan", "rtstruct.dcm": NO_PIXELS,
    "UN_sequence.dcm": NO_PIXELS, "empty_charset_LEI.dcm": NO_PIXELS, "no_meta_group_length.dcm": NO_PIXELS,
    "priv_SQ.dcm": NO_PIXELS, "reportsi.dcm": "is a structured report", "test-SR.dcm": "is a structured report",
    "reportsi_with_empty_number_tags.dcm": "is a structured report", "waveform_ecg.dcm": "is a waveform",
    "MR_truncated.dcm": "damaged or cut off", "image_dfl.dcm": "is deflated",
    "meta_missing_tsyntax.dcm": "does not say its Rows", "nested_priv_SQ.dcm": "does not say its Rows",
    "no_meta.dcm": "not an image that can be read",  # its first byte is none of it: no program reads it
}  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [
        "CT_small.dcm",
        "MR_small.dcm",
        "MR_small_expb.dcm",
        "ExplVR_BigEnd.dcm",
        "liver_1frame.dcm",
        "examples_overlay.dcm",
        "examples_palette.dcm",
        "examples_ybr_color.dcm",
        "JPEG-lossy.dcm",
        "SC_rgb_rle_16bit.dcm",
        "SC_rgb_jpeg_app14_dcmd.dcm",
        "SC_ybr_full_422_uncompressed.dcm",
        "SC_jpeg_no_color_transform_2.dcm",
        "SC_rgb_rle_32bit.dcm",
        "JPGExtended.dcm",
    ],
)
def test_the_files_that_pydicom_brings_show_what_dcmtk_shows(name, dcmtk):
    data = (SAMPLES / name).read_bytes()
    header = pydicom.dcmread(SAMPLES / name, stop_before_pixels=True)
    windowed = "WindowWidth" in header
    expected = dcmtk(data, *(("+Wi", "1") if windowed else ("+Wm",) if header.SamplesPerPixel == 1 else ()))
    if not windowed and header.PhotometricInterpretation.startswith("MONO"):
        expected = stretched(expected)
    np.testing.assert_allclose(read_film(data).pixels, expected, atol=0.0045)


def samples() -> list[Path]:
    return sorted(SAMPLES.glob("*.dcm"))


@pytest.mark.parametrize("path", samples(), ids=lambda path: path.name)
def test_the_files_that_pydicom_brings_are_read_or_refused_for_the_true_reason(path):
    if path.name in REFUSED:
        with pytest.raises(ImageError, match=REFUSED[path.name]):
            read_film(path.read_bytes())
        return
    pixels = read_film(path.read_bytes()).pixels
    header = pydicom.dcmread(path, stop_before_pixels=True)
    assert pixels.shape == (header.Rows, header.Columns)
    assert pixels.std() > 0.002  # a colour chart of one hue


def test_every_directory_of_a_disc_is_called_one():
    directories = sorted((SAMPLES / "dicomdirtests").glob("DICOMDIR*"))
    assert len(directories) > 5
    for path in directories:
        with pytest.raises(ImageError, match=r"is a directory \(DICOMDIR\) and holds no pixels"):
            read_film(path.read_bytes())


def test_a_file_without_an_extension_is_read_by_its_content(tmp_path):
    (tmp_path / "IM0001").write_bytes(written(twelve(RAMP12, WindowCenter=("DS", "2000"), WindowWidth=("DS", "3000"))))
    np.testing.assert_allclose(read_film((tmp_path / "IM0001").read_bytes()).pixels, EXPECTED, atol=1e-6)
