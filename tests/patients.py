"""Films that say whose they are wherever a file can say it, and what to look for where none of that may be."""

import io

import numpy as np
import pydicom
from films import saved, tiff
from helpers import dicom, random_film
from PIL import Image, PngImagePlugin

WORD, NUMBER, DATE = "Zyxwvut", "7731415926", "18771103"
PIXELS = (random_film(7).pixels * 4095).astype(np.uint16)

TEXT = [
    "PatientName", "PatientID", "IssuerOfPatientID", "OtherPatientNames", "PatientBirthName",
    "PatientMotherBirthName", "PatientAddress", "MilitaryRank", "PatientTelephoneNumbers", "EthnicGroup",
    "Occupation", "AdditionalPatientHistory", "PatientComments", "InstitutionName", "PatientReligiousPreference",
    "InstitutionAddress", "ReferringPhysicianName", "ReferringPhysicianAddress", "PhysiciansOfRecord",
    "PerformingPhysicianName", "OperatorsName", "StationName", "StudyDescription", "SeriesDescription",
    "InstitutionalDepartmentName", "AdmittingDiagnosesDescription", "AccessionNumber", "StudyID",
    "DeviceSerialNumber", "ProtocolName", "RequestedProcedureDescription", "ImageComments",
]  # fmt: skip
UIDS = ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "FrameOfReferenceUID"]


def named_dicom() -> bytes:
    """A film with a sentinel in 32 elements of text, four UIDs, a date, a private block and the preamble."""
    elements = {keyword: f"{WORD}{i}" for i, keyword in enumerate(TEXT)}
    elements |= {keyword: f"1.2.{NUMBER}.{i}" for i, keyword in enumerate(UIDS)}
    ds = pydicom.dcmread(io.BytesIO(dicom(PIXELS, BitsStored=12, PatientBirthDate=DATE, **elements)))
    ds.private_block(0x0029, f"{WORD} Vendor", create=True).add_new(0x01, "LO", f"{WORD} private")
    ds.preamble = (WORD * 20).encode()[:128]
    ds.save_as(out := io.BytesIO(), enforce_file_format=True)
    return out.getvalue()


def named_films() -> dict[str, bytes]:
    """By a name that is a patient's too."""
    exif = Image.Exif()
    exif[0x010E], exif[0x013B] = f"{WORD} description", f"{WORD} artist"
    exif.get_ifd(0x8769)[0x9286] = f"{WORD} comment".encode()
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", WORD)
    text.add_itxt("Comment", f"{WORD} again", zip=True)
    grey = (PIXELS >> 4).astype(np.uint8)
    whole = {
        "dcm": named_dicom(),
        "png": saved(grey, "PNG", exif=exif, pnginfo=text),
        "jpg": saved(grey, "JPEG", exif=exif, comment=f"{WORD} comment"),
        "tif": tiff(PIXELS, description=f"{WORD} description", extratags=[(315, "s", 0, f"{WORD} artist", True)]),
    }
    cut = {f"cut.{suffix}": data[: len(data) * 2 // 3] for suffix, data in whole.items()}
    return {f"{WORD}_Jane_{NUMBER}.{suffix}": data for suffix, data in (whole | cut).items()}


def traces(*said: str | bytes) -> list[str]:
    """The sentinels in what was said, with a little of what stands around them."""
    found = []
    for text in said:
        text = (text.decode("latin-1") if isinstance(text, bytes) else text).casefold()
        found += [text[max(0, text.index(s) - 60) :][:140] for s in (WORD.casefold(), NUMBER, DATE) if s in text]
    return found


def left_in(*folders) -> list[str]:
    """The sentinels in the names and contents of all files below some folders."""
    files = [path for folder in folders for path in folder.rglob("*")]
    return [t for path in files for t in traces(str(path), path.read_bytes() if path.is_file() else "")]
