"""What every object of an export shares: the film's study, a series of its own, the device that made it."""

import logging
import uuid
from typing import Any

import highdicom as hd
from highdicom.coding_schemes import CodingSchemeIdentificationItem
from pydicom.dataset import Dataset
from pydicom.uid import UID, ComputedRadiographyImageStorage

from explain.export.case import ExportedCase
from explain.export.dicom.codes import FAMILY, SCHEME, SCHEME_NAME
from model.inputs.origin import NEVER_ABSENT, UNICODE, Origin

NAME = "BetaLens"
RESEARCH = "Research use, not for diagnosis"
NUMBERS = {"report": 9601, "outline": 9602, "heat": 9603, "capture": 9604}  # SeriesNumber

# highdicom's messages quote the values that they are about.
logging.getLogger("highdicom").setLevel(logging.CRITICAL)


def stand_in(origin: Origin) -> Dataset:
    """The film as highdicom is shown it: its place in the study and the grid of its first frame, and no patient.

    It is called CR, whatever it is: highdicom asks a film's own class for modules that nothing here needs, and knows
    no private one. `stamp` puts this right.
    """
    film = Dataset()
    for keyword in NEVER_ABSENT:
        setattr(film, keyword, "")
    film.StudyInstanceUID, film.SeriesInstanceUID, film.SOPInstanceUID = origin.study, origin.series, origin.instance
    film.SOPClassUID, film.Modality = ComputedRadiographyImageStorage, "CR"
    film.Rows, film.Columns = origin.rows, origin.columns
    for element in origin.lossy:
        film.add(element)
    return film


def series(kind: str, description: str, case: ExportedCase) -> dict[str, Any]:
    """The arguments of highdicom's objects for a new series.

    Args:
        kind: of NUMBERS.
    """
    return {
        "series_instance_uid": hd.UID(),
        "series_number": NUMBERS[kind],
        "sop_instance_uid": hd.UID(),
        "instance_number": 1,
        "series_description": f"{NAME}: {description}"[:64],
        "manufacturer": NAME,
        "manufacturer_model_name": NAME,
        "software_versions": [case.version, f"model {case.model[:12]}"],
        "device_serial_number": case.model[:64],
        "specific_character_set": UNICODE,
    }


def algorithm(case: ExportedCase) -> hd.AlgorithmIdentificationSequence:
    """Which algorithm made a segment: name, version, the model's digest, what was asked of it."""
    return hd.AlgorithmIdentificationSequence(NAME, FAMILY, case.version, NAME, parameters(case))


def parameters(case: ExportedCase) -> dict[str, str]:
    """What tells this answer from others of the same program."""
    return {
        "model SHA-256": case.model,
        "beta (weight of the image)": f"{case.beta:.4f}",
        "image method": case.image_method,
        "outline from (logits a cell)": f"{case.level:.6g}",
    }


def device_uid(case: ExportedCase) -> UID:
    """Of a model: the same each time."""
    return hd.UID.from_uuid(str(uuid.uuid5(uuid.NAMESPACE_OID, f"{NAME} {case.model}")))


def private_codes() -> list[CodingSchemeIdentificationItem]:
    """What an object says of the codes that are nobody else's."""
    return [CodingSchemeIdentificationItem(SCHEME, name=SCHEME_NAME, responsible_organization=NAME)]


def stamp(dataset: Dataset, origin: Origin) -> None:
    """Give an object the patient and the study of its film, and let what points at the stand-in point at the film: at
    its first frame, where it has several."""
    _point_at_film(dataset, origin, frame=False)
    for element in origin.patient_and_study:
        dataset.add(element)


def stamp_picture(dataset: Dataset, origin: Origin) -> None:
    """Say of an object with pixels what its film says of what they show; empty where that is silent."""
    orientation = origin.header.orientation
    dataset.PatientOrientation = orientation.split("\\") if orientation else None
    if origin.header.part:
        dataset.BodyPartExamined = origin.header.part
    elif dataset.Modality != "SEG":
        dataset.Laterality = ""  # it must be there unless a part is named that has no sides


def _point_at_film(item: Dataset, origin: Origin, frame: bool) -> None:
    """Let what points at the stand-in point at the film, in an item and all below it.

    Args:
        frame: whether what is pointed at in this item is what was looked at, not an object as a whole.
    """
    if item.get("ReferencedSOPInstanceUID") == origin.instance:
        item.ReferencedSOPClassUID = origin.sop_class
        if frame and origin.frames > 1:
            item.ReferencedFrameNumber = 1
    for element in item:
        if element.VR == "SQ":
            looked_at = element.keyword == "SourceImageSequence" or item.get("ValueType") == "IMAGE"
            for inner in element.value:
                _point_at_film(inner, origin, looked_at)


def named_algorithm(case: ExportedCase) -> hd.sr.AlgorithmIdentification:
    """The same as `algorithm`, for the report."""
    told = [f"{name}: {value}" for name, value in parameters(case).items()]
    return hd.sr.AlgorithmIdentification(NAME, case.version, told, FAMILY)


def pixel_size(origin: Origin) -> tuple[float, float]:
    """How high and wide a pixel of the film is, in mm; of a film that does not say it, in widths of a pixel."""
    if origin.spacing:
        return origin.spacing
    high, wide = origin.aspect or (1, 1)
    return high / wide, 1.0
