"""Whose a DICOM file is: read to join films to reports, never shown or kept."""

from pathlib import Path
from typing import NamedTuple

from model.inputs.elements import looks_like_dicom, parse
from model.inputs.header import HEADER_TAGS, Header, header_of

# What joins a file to its report. Nothing else that describes a patient is parsed anywhere.
IDENTITY_TAGS = ["PatientID", "AccessionNumber", "StudyInstanceUID", "SOPInstanceUID"]


class DicomIdentity(NamedTuple):
    """Whose a DICOM file is, as its header says; empty where it is silent. For joining only: never shown or kept."""

    patient: str
    accession: str
    study: str  #: StudyInstanceUID
    instance: str  #: SOPInstanceUID
    header: Header  #: of what it is


def read_identity(path: Path) -> DicomIdentity | None:
    """Read what a DICOM file says about whose it is, without its pixels; None where it is no DICOM that can be read."""
    try:
        with path.open("rb") as file:
            if not looks_like_dicom(file.read(512)):
                return None
            file.seek(0)
            elements, _ = parse(file, [*IDENTITY_TAGS, *HEADER_TAGS], pixels=False)
        patient, accession, study, instance = (elements.text(tag) for tag in IDENTITY_TAGS)
        header = header_of(elements)
    except Exception:  # parsers raise anything on hostile bytes, and their messages may quote the header
        return None
    return DicomIdentity(patient, accession, study, instance, header)
