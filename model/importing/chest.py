"""Whether a DICOM file is a frontal radiograph of a chest, as far as its header says."""

from model.importing.record import FRONTAL, NOT_FRONTAL, ExclusionReason
from model.inputs import DicomIdentity

# What radiographs are called (PS3.3 C.7.3.1.1.1, and what writers make of it); SC and OT may be anything.
RADIOGRAPHY = {"", "CR", "DX", "DR", "RG", "XR", "RX", "XRAY", "X-RAY", "SC", "OT"}
CHEST = (
    "CHEST",
    "RAX",
    "LUNG",
    "PULMO",
    "POUMON",
    "PECHO",
    "BRUST",
    "HEART",
)  # also within THORAX, TORAX, CHESTABDOMEN
SILENT = {"", "UNKNOWN", "OTHER", "NONE", "N/A", "NA", "UNDEFINED", "UNSPECIFIED", "DEFAULT"}

# The codes of the standard that a report may repeat: anything else that stands there may be a person's.
OTHER_MODALITIES = {
    "BI", "BMD", "CT", "DOC", "ECG", "EPS", "ES", "GM", "HD", "IO", "IVOCT", "IVUS", "KO", "MG", "MR", "NM", "OCT",
    "OP", "OPT", "PR", "PT", "PX", "RF", "RTDOSE", "RTIMAGE", "RTPLAN", "RTRECORD", "RTSTRUCT", "SEG", "SM", "SR", "US",
    "VA", "XA", "XC",
}  # fmt: skip
PARTS = {
    "ABDOMEN", "ANKLE", "ARM", "BREAST", "BRAIN", "CALCANEUS", "CLAVICLE", "COCCYX", "CSPINE", "ELBOW", "EXTREMITY",
    "FEMUR", "FINGER", "FOOT", "FOREARM", "HAND", "HEAD", "HIP", "HUMERUS", "JAW", "KNEE", "LEG", "LSPINE", "MANDIBLE",
    "NECK", "PATELLA", "PELVIS", "RIB", "SACRUM", "SCAPULA", "SHOULDER", "SINUS", "SKULL", "SPINE", "SSPINE", "STERNUM",
    "THUMB", "TIBIA", "TOE", "TSPINE", "WHOLEBODY", "WRIST",
}  # fmt: skip


def why_no_chest_film(identity: DicomIdentity) -> tuple[ExclusionReason, str] | None:
    """The reason for which a file is left out, and its sentence; None where it is one, or its header is silent."""
    if identity.modality not in RADIOGRAPHY:
        named = f"is {identity.modality}" if identity.modality in OTHER_MODALITIES else "is none of radiography"
        return ExclusionReason.MODALITY, f"its Modality {named}"
    part = identity.part
    if part.isascii() and part not in SILENT and not any(word in part for word in CHEST):
        return ExclusionReason.PART, f"its BodyPartExamined is {part if part in PARTS else 'another than the chest'}"
    if identity.view and identity.view not in FRONTAL:
        return ExclusionReason.VIEW, NOT_FRONTAL
    return None
