"""What the header of a DICOM file says against its being a frontal radiograph of a chest, the right way up."""

from typing import Literal, NamedTuple, get_args

from model.inputs.elements import Elements

FRONTAL = {"PA", "AP"}

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
# Where a row of a picture leads, and where a column does (PS3.3 C.7.6.1.1.1), if it hangs as a chest is read: to the
# patient's left, and to the feet.
HANGING = ("L", "F")


ContradictionKind = Literal["modality", "part", "view", "hanging"]


class Contradiction(NamedTuple):
    """What a header says against a frontal radiograph of a chest that hangs as it is read.

    Attributes:
        kind: what it is about: Modality, BodyPartExamined, ViewPosition (or a PatientOrientation of a lateral view), or
            how the picture hangs (PatientOrientation).
        named: the code that stands there, of the standard; "" where it may be a person's.
    """

    kind: ContradictionKind
    named: str = ""

    def to_word(self) -> str:
        """What `from_word` reads."""
        return f"{self.kind} {self.named}"

    @classmethod
    def from_word(cls, word: str) -> "Contradiction | None":
        """None of what is none: nothing but these words comes out of a process that reads hostile files."""
        kind, _, named = word.partition(" ")
        known = kind in get_args(ContradictionKind) and named in OTHER_MODALITIES | PARTS | {""}
        return cls(kind, named) if known else None  # pyright: ignore[reportArgumentType]


class Header(NamedTuple):
    """What a header says of what its picture shows, in capitals; empty where it is silent."""

    view: str = ""  #: ViewPosition: PA, AP, LL, …
    modality: str = ""  #: DX, CR, CT, …
    part: str = ""  #: BodyPartExamined: CHEST, …
    orientation: str = ""  #: PatientOrientation, of rows and of columns: L\\F, …


HEADER_TAGS = ["ViewPosition", "Modality", "BodyPartExamined", "PatientOrientation"]  # in the order of Header


def header_of(elements: Elements) -> Header:
    """What the elements of a file, those of HEADER_TAGS among them, say."""
    return Header(*(elements.text(tag).upper() for tag in HEADER_TAGS))


def contradiction(header: Header) -> Contradiction | None:
    """The first thing that a header says against a frontal radiograph of a chest; None where it says nothing."""
    if header.modality not in RADIOGRAPHY:
        return Contradiction("modality", header.modality if header.modality in OTHER_MODALITIES else "")
    part = header.part
    if part.isascii() and part not in SILENT and not any(word in part for word in CHEST):
        return Contradiction("part", part if part in PARTS else "")
    if header.view and header.view not in FRONTAL:
        return Contradiction("view")
    return _hanging(header.orientation)


def _hanging(orientation: str) -> Contradiction | None:
    """Of what PatientOrientation says; the first letter of each value is the main direction."""
    row, _, column = (value.strip() for value in orientation.partition("\\"))
    along, down = row[:1], column[:1]
    if not (along and down) or (along, down) == HANGING:
        return None
    return Contradiction("view" if {along, down} & {"A", "P"} else "hanging")
