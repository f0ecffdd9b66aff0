"""What a file is, by its first bytes and never by its name: a format that is read, or what else and what to do then."""

import re
import string
import zlib

from model.errors import ImageError
from model.inputs.elements import PREFIX, looks_like_dicom

FORMATS = {"png": "PNG", "jpeg": "JPEG", "tiff": "TIFF", "webp": "WebP", "bmp": "BMP", "dicom": "DICOM"}
SEND = "send a PNG, JPEG, TIFF, WebP, BMP or DICOM file"
HEAD = 1024  # bytes that are looked at

EXPORT = "export it as PNG or JPEG and send that"
UNPACK = "unpack it and send the picture that is in it"
FRONTAL = "export one frontal film of it as PNG or DICOM"
ONE = "send one picture of it as PNG or JPEG"
ITSELF = "send the film itself, as PNG, JPEG or DICOM"

# By what to do: what a file is, and the signatures at its start, or at the place that is named.
SIGNATURES: dict[str, dict[str, tuple[bytes | tuple[int, bytes], ...]]] = {
    EXPORT: {
        "a GIF picture": (b"GIF8",),
        "a JPEG XL picture": (b"\xff\x0a", (4, b"JXL \r\n\x87\n")),
        "a JPEG 2000 picture, which is read within DICOM only": ((4, b"jP  \r\n\x87\n"), b"\xff\x4f\xff\x51"),
        "a JPEG XR picture": (b"II\xbc\x01",),
        "a Photoshop picture": (b"8BPS",),
        "a GIMP picture": (b"gimp xcf",),
        "an OpenEXR picture": (b"\x76\x2f\x31\x01",),
        "a FITS picture": (b"SIMPLE  =",),
        "an icon": (b"\0\0\1\0",),
        "a PostScript document": (b"%!PS", b"\xc5\xd0\xd3\xc6"),
        "a DjVu document": (b"AT&TFORM",),
        "an RTF document": (b"{\\rtf",),
        "an Office document": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",),
        "a camera's raw picture": (b"FUJIFILMCCD-RAW", b"IIRO", b"IIU\0"),
    },
    "copy it again as a binary file": {
        "a PNG picture that was damaged on its way, as text perhaps": (b"\x89PNG",),
    },
    UNPACK: {
        "a ZIP archive": (b"PK\3\4",),
        "a RAR archive": (b"Rar!\x1a\7",),
        "a 7-Zip archive": (b"7z\xbc\xaf\x27\x1c",),
        "packed with xz": (b"\xfd7zXZ\0",),
        "packed with bzip2": (b"BZh",),
        "packed with zstd": (b"\x28\xb5\x2f\xfd",),
        "a tar archive": ((257, b"ustar"),),
    },
    FRONTAL: {
        "a NIfTI volume": ((344, b"n+1\0"), (4, b"n+2\0\r\n\x1a\n")),
        "the header of a NIfTI volume": ((344, b"ni1\0"), (4, b"ni2\0\r\n\x1a\n")),
        "an Analyze volume": (b"\x5c\1\0\0", b"\0\0\1\x5c"),
        "a NRRD volume": (b"NRRD000",),
        "a MetaImage volume": (b"ObjectType = Image",),
        "an HDF5 or MINC volume": (b"\x89HDF\r\n\x1a\n",),
        "a NetCDF or MINC volume": (b"CDF\1",),
    },
    "save it as PNG of 8 or 16 bits": {
        "a NumPy array": (b"\x93NUMPY",),
    },
    "save its picture as PNG of 8 or 16 bits": {
        "a MATLAB file": (b"MATLAB 5.0 MAT-file",),
    },
    ITSELF: {
        "a ZIP archive with nothing in it": (b"PK\5\6",),
        "a Parquet table": (b"PAR1",),
        "a database": (b"SQLite format 3",),
        "a sound": ((8, b"WAVE"), b"ID3"),
        "a sound or a video": (b"OggS",),
        "what a Mac keeps in a folder (.DS_Store)": (b"\0\0\0\1Bud1",),
        "a property list": (b"bplist00",),
        "a program": (b"MZ", b"\x7fELF"),
    },
    ONE: {
        "a video": (
            b"\x1a\x45\xdf\xa3",
            b"\0\0\1\xba",
            b"\0\0\1\xb3",
            b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",
            b"FLV\1",
            (8, b"AVI "),
        ),
    },
    "send the file itself": {
        "what a Mac keeps beside a file (._NAME)": (b"\0\5\x16\7",),
    },
    "send the file that it points at": {
        "a shortcut of Windows": (b"L\0\0\0\1\x14\2\0",),
    },
}
# By the brand of a file that starts with "ftyp"; all others are videos.
BRANDS = {
    "a HEIC picture, as phones take them": (b"hei", b"hev"),
    "a HEIC or AVIF picture, as phones take them": (b"mif", b"msf"),
    "an AVIF picture": (b"avi",),
    "a camera's raw picture": (b"crx",),
    "a JPEG 2000 picture, which is read within DICOM only": (b"jp2",),
}
# What text starts with, or has near its start.
TEXTS = (
    ("a Git LFS pointer and not the film", "fetch the film with `git lfs pull`", (b"version https://git-lfs",)),
    ("a git-annex pointer and not the film", "fetch the film with `git annex get`", (b"annex/objects/",)),
    ("an SVG drawing", EXPORT, (b"<svg",)),
    (
        "a web page (HTML), of a login or an error perhaps",
        "log in and download the film again",
        (b"<!doctype html", b"<html"),
    ),
    ("an XML document", ITSELF, (b"<?xml",)),
    ("a link", "send the film that it points at", (b"[internetshortcut]",)),
    (
        "a picture written as text (base64)",
        "decode it and send the picture",
        (b"data:image/", b"ivborw0kggo", b"/9j/"),
    ),
    ("the header of a MetaImage volume", FRONTAL, (b"ndims =",)),
)
# How an object or an array begins; a table of TOML, a section of INI and a line of a log begin with a bracket, too.
JSON = re.compile(rb'\{\s*["}]|\[\s*(?:[\[{"\]]|(?:true|false|null|-?[0-9.e+-]+)\s*,)')
PRINTED = frozenset(string.printable.encode()) | frozenset(range(0x80, 0x100))


def kind_of_file(data: bytes) -> str:
    """The format of a file, of FORMATS.

    Raises:
        ImageError: it has none of them; the sentence names what it is, where that can be told.
    """
    if not data:
        raise ImageError(f"The file is empty: {SEND}.")
    head = data[:HEAD]
    if head[128:132] == PREFIX:  # before all else: the 128 bytes before it may be those of another format
        return "dicom"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")):
        return "tiff"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "webp"
    if head.startswith(b"BM") and head[6:10] == bytes(4):
        return "bmp"
    if looks_like_dicom(head):
        return "dicom"
    what, remedy = _named(head)
    raise ImageError(f"The file is {what}: {remedy}.")


def _named(head: bytes) -> tuple[str, str]:
    """What a file is that is not read, and what to do with it."""
    if head[4:8] == b"ftyp":
        picture = next((what for what, brands in BRANDS.items() if head[8:11] in brands), None)
        return (picture, EXPORT) if picture else ("a video", ONE)
    for remedy, kinds in SIGNATURES.items():
        for what, signatures in kinds.items():
            for signature in signatures:
                place, start = signature if isinstance(signature, tuple) else (0, signature)
                if head[place:].startswith(start):
                    return what, remedy
    if b"%PDF-" in head:
        return "a PDF document", EXPORT
    if head[:1] == b"P" and head[1:2] in b"1234567" and head[2:3].isspace():
        return "a PNM picture", EXPORT
    if head.startswith(b"\x1f\x8b"):
        return _packed(head)
    if not any(head):
        return "nothing but zeros at its start", "copy or download it again"
    return _text(head) or ("not an image that can be read", SEND)


def _packed(head: bytes) -> tuple[str, str]:
    try:
        start = zlib.decompressobj(31).decompress(head, HEAD)
    except zlib.error:
        start = b""
    what, remedy = _named(start) if start else ("", "")
    return (f"{what}, packed with gzip", remedy) if remedy == FRONTAL else ("packed with gzip", UNPACK)


def _text(head: bytes) -> tuple[str, str] | None:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = head.decode("utf-16", "ignore").encode(errors="ignore")
    if not PRINTED.issuperset(head):
        return None
    start = head.removeprefix(b"\xef\xbb\xbf").strip().lower()
    for what, remedy, marks in TEXTS:
        for mark in marks:
            if mark in start if mark[:1] in b"<na" else start.startswith(mark):
                return what, remedy
    return ("JSON", ITSELF) if JSON.match(start) else ("text", f"{ITSELF}; a report has a field of its own")
