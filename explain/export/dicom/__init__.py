"""The answer on a case as DICOM objects, in the study of its film: a file an object.

`report` is the structured report, `segmentation` the outline, `heat` the map of the evidence, `capture` a picture for
whoever reads nothing else. Codes are in `codes`; what all objects share (study, series, device) in `series`. highdicom
writes them; it sees a stand-in of the film without a patient, who is copied from the film after it is done.
"""

from io import BytesIO
from pathlib import Path

from pydicom.dataset import Dataset

from explain.export.case import ExportedCase
from explain.export.dicom.capture import secondary_capture
from explain.export.dicom.heat import heat_map
from explain.export.dicom.report import structured_report
from explain.export.dicom.segmentation import outline_segmentation
from explain.export.dicom.series import stamp, stamp_picture
from model.inputs import Origin, SealedHeader
from model.storage.files import MODE, atomic_write

NAMES = ("report.dcm", "heat.dcm", "capture.dcm", "outline.dcm")


def dicom_files(case: ExportedCase, header: SealedHeader) -> dict[str, bytes]:
    """The files of a case by name, of NAMES; without outline.dcm where nothing on the film reaches the level.

    Args:
        header: of the case's film. It is opened here and not kept.

    Raises:
        ImageError: it does not say what a result needs to join the film's study.
    """
    return {name: _written(found) for name, found in dicom_objects(case, header.open()).items()}


def write_dicom(case: ExportedCase, header: SealedHeader, folder: Path) -> list[Path]:
    """Write the files of a case to a folder, which is made where there is none; those of an earlier export make way.
    They name a patient: they are their owner's alone.

    Returns:
        The files.

    Raises:
        ImageError: as for `dicom_files`.
        OSError: they cannot be written; none is left half.
    """
    files = dicom_files(case, header)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        atomic_write(folder / name, content, MODE)
    for name in NAMES:
        if name not in files:
            (folder / name).unlink(missing_ok=True)
    return [folder / name for name in files]


def dicom_objects(case: ExportedCase, origin: Origin) -> dict[str, Dataset]:
    """The same as data sets, with the patient and study of the film."""
    heat = case.heat(origin.rows, origin.columns)
    outline = case.outline(heat)
    segments = outline_segmentation(case, origin, outline) if outline.mask.any() else None
    made = {
        "report.dcm": structured_report(case, origin, outline, segments),
        "heat.dcm": heat_map(case, origin, heat),
        "capture.dcm": secondary_capture(case, origin),
    }
    if segments is not None:
        made["outline.dcm"] = segments
    for name, found in made.items():
        stamp(found, origin)
        if name != "report.dcm":
            stamp_picture(found, origin)
    return made


def _written(dataset: Dataset) -> bytes:
    dataset.save_as(file := BytesIO(), enforce_file_format=True)
    return file.getvalue()
