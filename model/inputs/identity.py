"""Whose a DICOM file is: read to join films to reports, never shown or kept."""

from pathlib import Path
from typing import NamedTuple

from pydicom import dcmread
from pydicom.filereader import read_file_meta_info

# What joins a file to its report. Nothing else that describes a patient is parsed anywhere.
IDENTITY_TAGS = ["PatientID", "AccessionNumber", "StudyInstanceUID", "SOPInstanceUID", "ViewPosition"]


class Identity(NamedTuple):
    """Whose a DICOM file is, as its header says; empty where it is silent. For joining only: never shown or kept."""

    patient: str
    accession: str
    study: str  #: StudyInstanceUID
    instance: str  #: SOPInstanceUID
    view: str  #: ViewPosition, in capitals: PA, AP, LL, …


def read_identity(path: Path) -> Identity | None:
    """Read what a DICOM file says about whose it is, without its pixels; None where it is no DICOM that can be read."""
    try:
        with path.open("rb") as file:
            if file.read(132)[128:] != b"DICM" or read_file_meta_info(path).TransferSyntaxUID.is_deflated:
                return None
        header = dcmread(path, stop_before_pixels=True, specific_tags=IDENTITY_TAGS)
        patient, accession, study, instance, view = (str(header.get(tag) or "").strip() for tag in IDENTITY_TAGS)
    except Exception:  # parsers raise anything on hostile bytes, and their messages may quote the header
        return None
    return Identity(patient, accession, study, instance, view.upper())
