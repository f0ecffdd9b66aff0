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

# The place of a signature, the signature, what has it, and what to do.
SIGNATURES = (
    (0, b"GIF8", "a GIF picture", EXPORT),
    (0, b"\x89PNG", "a PNG picture that was damaged on its way, as text perhaps", "copy it again as a binary file"),
    (0, b"\xff\x0a", "a JPEG XL picture", EXPORT),
    (4, b"JXL \r\n\x87\n", "a JPEG XL picture", EXPORT),
    (4, b"jP  \r\n\x87\n", "a JPEG 2000 picture, which is read within DICOM only", EXPORT),
    (0, b"\xff\x4f\xff\x51", "a JPEG 2000 picture, which is read within DICOM only", EXPORT),
    (0, b"II\xbc\x01", "a JPEG XR picture", EXPORT),
    (0, b"8BPS", "a Photoshop picture", EXPORT),
    (0, b"gimp xcf", "a GIMP picture", EXPORT),
    (0, b"\x76\x2f\x31\x01", "an OpenEXR picture", EXPORT),
    (0, b"SIMPLE  =", "a FITS picture", EXPORT),
    (0, b"\0\0\1\0", "an icon", EXPORT),
    (0, b"%!PS", "a PostScript document", EXPORT),
    (0, b"\xc5\xd0\xd3\xc6", "a PostScript document", EXPORT),
    (0, b"AT&TFORM", "a DjVu document", EXPORT),
    (0, b"{\\rtf", "an RTF document", EXPORT),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Office document", EXPORT),
    (0, b"FUJIFILMCCD-RAW", "a camera's raw picture", EXPORT),
    (0, b"IIRO", "a camera's raw picture", EXPORT),
    (0, b"IIU\0", "a camera's raw picture", EXPORT),
    (0, b"PK\3\4", "a ZIP archive", UNPACK),
    (0, b"PK\5\6", "a ZIP archive with nothing in it", ITSELF),
    (0, b"Rar!\x1a\7", "a RAR archive", UNPACK),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", UNPACK),
    (0, b"\xfd7zXZ\0", "packed with xz", UNPACK),
    (0, b"BZh", "packed with bzip2", UNPACK),
    (0, b"\x28\xb5\x2f\xfd", "packed with zstd", UNPACK),
    (257, b"ustar", "a tar archive", UNPACK),
    (344, b"n+1\0", "a NIfTI volume", FRONTAL),
    (344, b"ni1\0", "the header of a NIfTI volume", FRONTAL),
    (4, b"n+2\0\r\n\x1a\n", "a NIfTI volume", FRONTAL),
    (4, b"ni2\0\r\n\x1a\n", "the header of a NIfTI volume", FRONTAL),
    (0, b"\x5c\1\0\0", "an Analyze volume", FRONTAL),
    (0, b"\0\0\1\x5c", "an Analyze volume", FRONTAL),
    (0, b"NRRD000", "a NRRD volume", FRONTAL),
    (0, b"ObjectType = Image", "a MetaImage volume", FRONTAL),
    (0, b"\x89HDF\r\n\x1a\n", "an HDF5 or MINC volume", FRONTAL),
    (0, b"CDF\1", "a NetCDF or MINC volume", FRONTAL),
    (0, b"\x93NUMPY", "a NumPy array", "save it as PNG of 8 or 16 bits"),
    (0, b"MATLAB 5.0 MAT-file", "a MATLAB file", "save its picture as PNG of 8 or 16 bits"),
    (0, b"PAR1", "a Parquet table", ITSELF),
    (0, b"SQLite format 3", "a database", ITSELF),
    (0, b"\x1a\x45\xdf\xa3", "a video", ONE),
    (0, b"\0\0\1\xba", "a video", ONE),
    (0, b"\0\0\1\xb3", "a video", ONE),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "a video", ONE),
    (0, b"FLV\1", "a video", ONE),
    (8, b"AVI ", "a video", ONE),
    (8, b"WAVE", "a sound", ITSELF),
    (0, b"ID3", "a sound", ITSELF),
    (0, b"OggS", "a sound or a video", ITSELF),
    (0, b"\0\5\x16\7", "what a Mac keeps beside a file (._NAME)", "send the file itself"),
    (0, b"\0\0\0\1Bud1", "what a Mac keeps in a folder (.DS_Store)", ITSELF),
    (0, b"L\0\0\0\1\x14\2\0", "a shortcut of Windows", "send the file that it points at"),
    (0, b"bplist00", "a property list", ITSELF),
    (0, b"MZ", "a program", ITSELF),
    (0, b"\x7fELF", "a program", ITSELF),
)
# By the brand of a file that starts with "ftyp"; all others are videos.
BRANDS = {
    b"hei": "a HEIC picture, as phones take them",
    b"hev": "a HEIC picture, as phones take them",
    b"mif": "a HEIC or AVIF picture, as phones take them",
    b"msf": "a HEIC or AVIF picture, as phones take them",
    b"avi": "an AVIF picture",
    b"crx": "a camera's raw picture",
    b"jp2": "a JPEG 2000 picture, which is read within DICOM only",
}
# What text starts with, or has near its start.
TEXTS = (
    (b"version https://git-lfs", "a Git LFS pointer and not the film", "fetch the film with `git lfs pull`"),
    (b"annex/objects/", "a git-annex pointer and not the film", "fetch the film with `git annex get`"),
    (b"<svg", "an SVG drawing", EXPORT),
    (b"<!doctype html", "a web page (HTML), of a login or an error perhaps", "log in and download the film again"),
    (b"<html", "a web page (HTML), of a login or an error perhaps", "log in and download the film again"),
    (b"<?xml", "an XML document", ITSELF),
    (b"[internetshortcut]", "a link", "send the film that it points at"),
    (b"data:image/", "a picture written as text (base64)", "decode it and send the picture"),
    (b"ivborw0kggo", "a picture written as text (base64)", "decode it and send the picture"),
    (b"/9j/", "a picture written as text (base64)", "decode it and send the picture"),
    (b"ndims =", "the header of a MetaImage volume", FRONTAL),
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
        picture = BRANDS.get(head[8:11])
        return (picture, EXPORT) if picture else ("a video", ONE)
    for place, signature, what, remedy in SIGNATURES:
        if head[place:].startswith(signature):
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
    for mark, what, remedy in TEXTS:
        if mark in start if mark[:1] in b"<na" else start.startswith(mark):
            return what, remedy
    return ("JSON", ITSELF) if JSON.match(start) else ("text", f"{ITSELF}; a report has a field of its own")
