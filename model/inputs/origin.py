"""Where a DICOM film comes from: its patient and study, its place in an archive, and the grid of its pixels.

What is made of a film goes back into the film's own study, so it must name the patient as the film does. That is read
when results leave, from the header as it came, and nobody keeps, shows or logs it: until then the header is a piece of
the file that nobody has looked into.
"""

from dataclasses import dataclass, field
from io import BytesIO

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from model.errors import ImageError
from model.inputs.elements import PIXEL_SHAPES, Elements, parse
from model.inputs.header import HEADER_TAGS, Header, header_of

MAX_HEADER = 4 * 2**20  # bytes; with overlays a header has about 1 MB

# The Patient, Clinical Trial Subject, General Study, Patient Study and Clinical Trial Study modules (PS3.3 C.7.1.1,
# C.7.1.3, C.7.2.1, C.7.2.2, C.7.2.3): what must be equal in all objects of a patient and of a study, if it is there.
PATIENT = (
    "PatientName", "PatientID", "IssuerOfPatientID", "IssuerOfPatientIDQualifiersSequence", "TypeOfPatientID",
    "PatientBirthDate", "PatientBirthTime", "PatientSex", "OtherPatientIDs", "OtherPatientIDsSequence",
    "OtherPatientNames", "EthnicGroup", "PatientComments", "QualityControlSubject", "PatientSpeciesDescription",
    "PatientSpeciesCodeSequence", "PatientBreedDescription", "PatientBreedCodeSequence", "BreedRegistrationSequence",
    "ResponsiblePerson", "ResponsiblePersonRole", "ResponsibleOrganization", "PatientIdentityRemoved",
    "DeidentificationMethod", "DeidentificationMethodCodeSequence", "ClinicalTrialSponsorName",
    "ClinicalTrialProtocolID", "ClinicalTrialProtocolName", "ClinicalTrialSiteID", "ClinicalTrialSiteName",
    "ClinicalTrialSubjectID", "ClinicalTrialSubjectReadingID",
)  # fmt: skip
STUDY = (
    "StudyInstanceUID", "StudyDate", "StudyTime", "ReferringPhysicianName", "StudyID", "AccessionNumber",
    "IssuerOfAccessionNumberSequence", "StudyDescription", "ProcedureCodeSequence", "PatientAge", "PatientSize",
    "PatientWeight", "ClinicalTrialTimePointID", "ClinicalTrialTimePointDescription",
)  # fmt: skip
# Of these every object has one, if an empty one (type 2).
NEVER_ABSENT = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "ReferringPhysicianName",
    "StudyID", "AccessionNumber",
)  # fmt: skip
NEEDED = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID")
UNICODE = "ISO_IR 192"  # the character set of what is copied, whatever the film's own is
_LOSSY = ("LossyImageCompression", "LossyImageCompressionRatio", "LossyImageCompressionMethod")

_TAGS = (
    *PATIENT, *STUDY, *NEEDED, *HEADER_TAGS, "NumberOfFrames",
    "Rows", "Columns", *PIXEL_SHAPES, "BurnedInAnnotation", "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence", *_LOSSY,
)  # fmt: skip


@dataclass(frozen=True, repr=False)
class Origin:
    """What an object that is made of a film takes over from it. Its text never holds a value.

    Attributes:
        instance: SOPInstanceUID, `sop_class` the SOPClassUID, `series` the SeriesInstanceUID, `study` the
            StudyInstanceUID.
        frames: how many there are; the first is what is read.
        rows: of a frame, as stored.
        columns: the same.
        spacing: from row to row and from column to column, in mm: in the patient where the file states that, else at
            the detector or on the film that was scanned; None where it states none.
        aspect: height to width of a pixel, as two whole numbers, where only that is known; None where it is square.
        header: of what the film shows.
        patient_and_study: the elements of PATIENT and STUDY, text in Unicode.
        lossy: whether and how the film was compressed with loss, as it says.
    """

    instance: str
    sop_class: str
    series: str
    study: str
    frames: int
    rows: int
    columns: int
    spacing: tuple[float, float] | None
    aspect: tuple[int, int] | None
    header: Header
    burned_in: str
    patient_and_study: tuple[DataElement, ...] = field(default=())
    lossy: tuple[DataElement, ...] = field(default=())


class SealedHeader:
    """The header of a DICOM file as it came, which nobody has looked into. It has no text, and does not leave the
    process.

    Args:
        data: the bytes of the file before its pixels.
    """

    __slots__ = ("_data",)

    def __init__(self, data: bytes):
        self._data = data

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self._data)

    def __reduce__(self):
        raise TypeError("The header of a film does not leave the process that it came to.")

    def open(self) -> Origin:
        """What the header says of where the film comes from.

        Raises:
            ImageError: it does not say what a result needs to join the film's study.
        """
        try:
            elements, _ = parse(BytesIO(self._data), _TAGS, pixels=False)
            return _origin(elements)
        except ImageError:
            raise
        except Exception:  # parsers raise anything on hostile bytes, and their messages may quote the header
            raise ImageError("The header of the DICOM file is damaged: export it again from the archive.") from None


def _origin(elements: Elements) -> Origin:
    named = {keyword: elements.text(keyword) for keyword in NEEDED}
    for keyword, value in named.items():
        if not value:
            raise ImageError(
                f"The DICOM file does not say its {keyword}, without which no result joins its study: export it again "
                "from the archive."
            )
    spacing, aspect = _pixel_shape(elements)
    return Origin(
        instance=named["SOPInstanceUID"],
        sop_class=named["SOPClassUID"],
        series=named["SeriesInstanceUID"],
        study=named["StudyInstanceUID"],
        frames=max(1, elements.whole("NumberOfFrames", 1)),
        rows=elements.whole("Rows"),
        columns=elements.whole("Columns"),
        spacing=spacing,
        aspect=aspect,
        header=header_of(elements),
        burned_in=elements.text("BurnedInAnnotation").upper(),
        patient_and_study=_copied(elements),
        lossy=tuple(filter(None, map(elements.in_unicode, _LOSSY))),
    )


def _copied(elements: Elements) -> tuple[DataElement, ...]:
    """The elements of patient and study that can be read, and empty ones for those that every object has."""
    blank = Dataset()
    for keyword in NEVER_ABSENT:
        setattr(blank, keyword, "")
    copied = {element.keyword: element for element in blank}
    copied |= {keyword: found for keyword in (*PATIENT, *STUDY) if (found := elements.in_unicode(keyword)) is not None}
    return tuple(copied.values())


def _pixel_shape(elements: Elements) -> tuple[tuple[float, float] | None, tuple[int, int] | None]:
    """The spacing of pixels, or else their shape where that alone is known."""
    if (stated := elements.pixel_shape) is None:
        return None, None
    keyword, high, wide = stated
    if keyword != "PixelAspectRatio":
        return (high, wide), None
    vertical, horizontal = (round(1000 * side / min(high, wide)) for side in (high, wide))
    return None, None if vertical == horizontal else (vertical, horizontal)
