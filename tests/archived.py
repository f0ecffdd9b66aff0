"""A film as an archive has it: a DICOM file that names its patient, who is nobody, and its study."""

import numpy as np
from helpers import chest, dicom

CR, DX = "1.2.840.10008.5.1.4.1.1.1", "1.2.840.10008.5.1.4.1.1.1.1"
PATIENT = {
    "PatientName": "Film^Test",
    "PatientID": "T-1",
    "PatientBirthDate": "19700101",
    "PatientSex": "F",
    "PatientAge": "056Y",
    "AccessionNumber": "A-1",
    "StudyDescription": "Chest of a test",
}
PLACE = {
    "StudyInstanceUID": "1.2.826.0.1.3680043.10.1",
    "SeriesInstanceUID": "1.2.826.0.1.3680043.10.1.1",
    "SOPInstanceUID": "1.2.826.0.1.3680043.10.1.1.1",
    "StudyDate": "20260131",
    "StudyTime": "120000",
    "StudyID": "1",
}


def film_file(**changed) -> bytes:
    """A frontal film of a chest, a CR of 16 bits without a frame of reference.

    Args:
        changed: elements by keyword; None leaves one out. Pixels that are said to be twice as wide as high are.
    """
    of = {"SOPClassUID": CR, "Modality": "CR", "BodyPartExamined": "CHEST", "PatientOrientation": ["L", "F"]}
    said = PATIENT | PLACE | of | changed
    words = chest(5, 384).astype(np.uint16) * 16
    if "NumberOfFrames" in said:
        words = np.stack([words] * said["NumberOfFrames"])
    if said.get("PixelAspectRatio") == [1, 2] or said.get("ImagerPixelSpacing") == [0.1, 0.2]:
        words = words[:, ::2]
    if said.get("PhotometricInterpretation") == "MONOCHROME1":
        words = 4095 - words
    return dicom(words, **{keyword: value for keyword, value in said.items() if value is not None})
