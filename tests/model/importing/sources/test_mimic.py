"""MIMIC-CXR-JPG, in the layout it is published in. The reports here are made up."""

import gzip

import pandas as pd
import pytest
from helpers import reasons

from model.errors import StudyTableError
from model.studies.opening import open_studies

FINAL = """                                 FINAL REPORT
 EXAMINATION:  CHEST (PA AND LAT)

 INDICATION:  Cough.

 FINDINGS:

 There is a small
 left effusion.

 IMPRESSION:  Effusion.
"""
CHEXPERT = ["Atelectasis", "No Finding", "Pleural Effusion", "Pneumonia"]


@pytest.fixture
def mimic(tmp_path, write_film):
    """Write a folder of radiographs: (subject, study, dicom, view, split) and labels by study."""

    def write(images, labels, packed=True, reports=FINAL):
        folder = tmp_path / "mimic-cxr-jpg"
        for i, (subject, study, dicom_id, _, _) in enumerate(images):
            below = folder / "files" / f"p{subject[:2]}" / f"p{subject}"
            write_film(below / f"s{study}" / f"{dicom_id}.jpg", i)
            (below / f"s{study}.txt").write_text(reports)
        columns = ["subject_id", "study_id", "dicom_id", "ViewPosition", "split"]
        frame = pd.DataFrame(images, columns=columns)
        subjects = dict(zip(frame["study_id"], frame["subject_id"], strict=True))
        chexpert = [{"subject_id": subjects[s], "study_id": s, **row} for s, row in labels.items()]
        tables = {
            "metadata": frame[["dicom_id", "subject_id", "study_id", "ViewPosition"]],
            "split": frame[["dicom_id", "study_id", "subject_id", "split"]],
            "chexpert": pd.DataFrame(chexpert, columns=["subject_id", "study_id", *CHEXPERT]),
        }
        for name, table in tables.items():
            table.to_csv(folder / f"mimic-cxr-2.0.0-{name}.csv{'.gz' if packed else ''}", index=False)
        return folder

    return write


IMAGES = [
    ("10000032", "50414267", "aaaa-1", "PA", "train"),
    ("10000032", "50414267", "aaaa-2", "LATERAL", "train"),
    ("10000764", "57375967", "bbbb-1", "AP", "validate"),
    ("11000001", "50000001", "cccc-1", "PA", "test"),
]
LABELS = {
    "50414267": {"Pleural Effusion": 1.0, "Pneumonia": -1.0, "Atelectasis": 0.0},
    "57375967": {"No Finding": 1.0},
    "50000001": {"Atelectasis": 1.0, "Pleural Effusion": 1.0},
}


@pytest.mark.parametrize("packed", [True, False])
def test_images_reports_labels_and_splits_are_joined(mimic, imported, packed):
    folder = mimic(IMAGES, LABELS, packed)
    report = imported("mimic", folder)
    assert reasons(report) == {"aaaa-2": "not a frontal view"}
    assert report.records == 4
    table = open_studies(folder / "studies.csv")
    assert {s.study_id: (s.patient_id, s.split, s.labels) for s in table.studies} == {
        "aaaa-1": ("p10000032", "train", {"Effusion"}),
        "bbbb-1": ("p10000764", "val", set()),
        "cccc-1": ("p11000001", "test", {"Atelectasis", "Effusion"}),
    }
    assert {s.report for s in table.studies} == {"There is a small left effusion. Effusion."}


def test_a_study_with_uncertain_findings_alone_has_no_label(mimic, imported):
    labels = LABELS | {"57375967": {"Pneumonia": -1.0, "Atelectasis": 0.0}}
    del labels["50000001"]
    assert reasons(imported("mimic", mimic(IMAGES, labels))) == {
        "aaaa-2": "not a frontal view", "bbbb-1": "no label", "cccc-1": "no label",
    }  # fmt: skip


def test_a_report_without_sections_is_kept_whole_and_one_in_latin_1_named(mimic, imported):
    folder = mimic(IMAGES, LABELS, reports=" FINAL REPORT\n Portable film: no\n change.")
    (folder / "files/p10/p10000764/s57375967.txt").write_bytes("Épanchement".encode("latin-1"))
    (folder / "files/p11/p11000001/s50000001.txt").unlink()
    report = imported("mimic", folder)
    assert reasons(report)["bbbb-1"] == "no usable report"
    assert report.without_report == 1
    table = open_studies(folder / "studies.csv")
    assert table.by_id("aaaa-1").report == "Portable film: no change."
    assert table.by_id("cccc-1").report == ""


def test_a_table_that_is_missing_cut_off_or_lacks_a_column_is_named(mimic, imported):
    folder = mimic(IMAGES, LABELS)
    path = folder / "mimic-cxr-2.0.0-split.csv.gz"
    whole = path.read_bytes()
    path.write_bytes(whole[:-12])
    with pytest.raises(StudyTableError, match="split"):
        imported("mimic", folder)
    path.write_bytes(gzip.compress(b"dicom_id,subject_id\n"))
    with pytest.raises(StudyTableError, match="'split'"):
        imported("mimic", folder)
    path.unlink()
    with pytest.raises(StudyTableError, match="split"):
        imported("mimic", folder)
    assert not (folder / "studies.csv").exists()


def test_the_only_study_without_a_finding_stays(mimic, imported):
    images = [(f"1000000{i}", f"5000000{i}", f"d-{i}", "PA", "train") for i in range(6)]
    labels = {f"5000000{i}": {("Pneumonia", "Atelectasis")[i % 2]: 1.0} for i in range(5)}
    folder = mimic(images, labels | {"50000005": {"No Finding": 1.0}})
    assert not reasons(imported("mimic", folder))
    table = open_studies(folder / "studies.csv")
    assert not table.skipped
    assert [s.study_id for s in table.studies if not s.labels] == ["d-5"]
