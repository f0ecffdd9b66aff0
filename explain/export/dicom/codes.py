"""What is said in codes. SNOMED CT (SCT) and DICOM's own (DCM) where there is a code for exactly that, and otherwise a
private one that says it in words: a code that is nearly right is read as one that is.
"""

import hashlib

from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from model.studies.names import key

SCHEME, SCHEME_NAME = "99BETALENS", "BetaLens private codes"

# How sure a device is of a finding, from 0 to 100 (%).
CERTAINTY = codes.DCM.CertaintyOfFinding
PRESENCE = codes.DCM.PresenceOfProperty
PRESENT, ABSENT, CANNOT_TELL = codes.SCT.Present, codes.SCT.Absent, codes.DCM.PresenceUndetermined
FINDING = codes.DCM.Finding
COMMENT = codes.DCM.Comment
HEAT = codes.DCM.ClassActivation
PROCEDURE = codes.SCT.ImagingProcedure
FAMILY = codes.DCM.ArtificialIntelligence
CATEGORY = codes.SCT.MorphologicallyAbnormalStructure

# By `model.studies.names.key` of a finding. Each code was looked up twice: those of DICOM's own context groups in
# pydicom's dictionary (PS3.16), the others in published value sets and mappings beside it. Not taken from there:
# 287272002, which PS3.16 calls cardiomegaly and SNOMED CT an enlarged septal foramen of the heart.
FINDINGS = {
    "atelectasis": Code("46621007", "SCT", "Atelectasis"),
    "cardiomegaly": Code("8186001", "SCT", "Cardiomegaly"),
    "consolidation": Code("95436008", "SCT", "Lung consolidation"),
    "covid 19": Code("840539006", "SCT", "COVID-19"),
    "edema": Code("19242006", "SCT", "Pulmonary edema"),
    "effusion": Code("60046008", "SCT", "Pleural effusion"),
    "emphysema": Code("87433001", "SCT", "Pulmonary emphysema"),
    "fibrosis": Code("51615001", "SCT", "Pulmonary fibrosis"),
    "granuloma": Code("45647009", "SCT", "Granuloma"),
    "infiltration": Code("112121", "DCM", "Infiltrate"),
    "lung opacity": Code("112001", "DCM", "Opacity"),
    "mass": Code("309529002", "SCT", "Lung mass"),
    "nodule": Code("27925004", "SCT", "Nodule"),
    "pneumonia": Code("233604007", "SCT", "Pneumonia"),
    "pneumothorax": Code("36118008", "SCT", "Pneumothorax"),
}
OTHER_NAMES = {"covid": "covid 19", "pleural effusion": "effusion", "pulmonary edema": "edema"}

VERDICT = Code("VERDICT", SCHEME, "Reader's verdict on the algorithm's decision")
VERDICTS = {
    "agree": Code("AGREE", SCHEME, "The reader agrees"),
    "disagree": Code("DISAGREE", SCHEME, "The reader disagrees"),
    "unsure": Code("UNSURE", SCHEME, "The reader is unsure"),
}
BLIND = Code("BLIND", SCHEME, "Answered before seeing the algorithm's answer")


def finding_code(name: str) -> Code:
    """The code of a finding; a private one, made of its name, where there is none."""
    known = key(name)
    found = FINDINGS.get(OTHER_NAMES.get(known, known))
    # A value has room for 16 letters, a meaning for 64.
    return found or Code(f"F-{hashlib.sha256(known.encode()).hexdigest()[:12].upper()}", SCHEME, name[:64])
