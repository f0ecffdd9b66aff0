"""A folder of DICOM files with a CSV of reports."""

import csv

import numpy as np
import pytest
from dicoms import twelve, written
from helpers import NAME, chest, reasons

from model.errors import StudyTableError
from model.studies.opening import open_studies

TAGS = ("PatientID", "AccessionNumber", "StudyInstanceUID", "SOPInstanceUID", "ViewPosition")
HEADERS = {
    "a/1.dcm": ("MRN-77001", "ACC-1", "1.2.840.1", "1.2.840.11", "PA"),
    "a/2.dcm": ("MRN-77001", "ACC-2", "1.2.840.2", "1.2.840.22", ""),
    "b/3.dcm": ("MRN-77002", "ACC-3", "1.2.840.3", "1.2.840.33", "AP"),
    "b/4.dcm": ("MRN-77002", "ACC-3", "1.2.840.3", "1.2.840.44", "LL"),
}
KEYS = {
    "file": ["1.dcm", "a/2.dcm", "3"],
    "AccessionNumber": ["ACC-1", "ACC-2", "ACC-3"],
    "StudyInstanceUID": ["1.2.840.1", "1.2.840.2", "1.2.840.3"],
    "SOPInstanceUID": ["1.2.840.11", "1.2.840.22", "1.2.840.33"],
}


@pytest.fixture
def folder(tmp_path, write_film):
    for i, (name, header) in enumerate(HEADERS.items()):
        write_film(tmp_path / "dicom" / name, i, **dict(zip(TAGS, header, strict=True)))
    return tmp_path / "dicom"


@pytest.fixture
def write_reports(tmp_path):
    def write(*rows, columns=("file", "report", "label")):
        path = tmp_path / "reports.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([columns, *rows])
        return path

    return write


@pytest.mark.parametrize("join", KEYS)
def test_reports_join_by_file_or_header(folder, write_reports, imported, join):
    rows = [(key, f"Report {i}.", "Edema") for i, key in enumerate(KEYS[join])]
    report = imported("dicom", folder, write_reports(*rows, columns=(join, "report", "label")))
    by_study = join in ("AccessionNumber", "StudyInstanceUID")
    assert reasons(report) == {"b/4.dcm": "not a frontal view" if by_study else "no usable report"}
    assert report.records == 4
    table = open_studies(folder / "studies.csv")
    assert {s.image.name: s.report for s in table.studies} == {
        "1.dcm": "Report 0.", "2.dcm": "Report 1.", "3.dcm": "Report 2.",
    }  # fmt: skip
    patients = {s.image.name: s.patient_id for s in table.studies}
    assert patients["1.dcm"] == patients["2.dcm"] != patients["3.dcm"]


def test_no_header_field_enters_what_is_written(folder, write_reports, imported):
    rows = [(key, "Clear.", "") for key in ("ACC-1", "ACC-2", "ACC-3", "ACC-9")]
    imported("dicom", folder, write_reports(*rows, columns=("AccessionNumber", "report", "label")))
    written = "".join((folder / name).read_text() for name in ("studies.csv", "import.json", "import.txt"))
    fields = {NAME, *(field for header in HEADERS.values() for field in header[:4])}
    assert not [field for field in fields if field in written]


def test_ids_are_the_same_in_another_import(folder, write_reports, imported, tmp_path):
    reports = write_reports(("1.dcm", "a", "Edema"), ("2.dcm", "b", ""), ("3.dcm", "c", ""))
    imported("dicom", folder, reports)
    imported("dicom", folder, reports, tmp_path / "again")
    ids = [[(s.study_id, s.patient_id, s.split) for s in open_studies(f / "studies.csv").studies]
           for f in (folder, tmp_path / "again")]  # fmt: skip
    assert ids[0] == ids[1]


def test_what_is_named_on_one_side_alone_or_twice_is_left_out(folder, write_reports, imported, write_film):
    write_film(folder / "b" / "1.dcm", 9)
    (folder / "b" / "5.dcm").write_bytes(b"no DICOM")
    rows = [("1.dcm", "x", ""), ("2.dcm", "x", ""), ("a/2.dcm", "x", ""), ("9.dcm", "x", ""), ("3.dcm", "x", "NaN"),
            ("5.dcm", "x", "")]  # fmt: skip
    report = imported("dicom", folder, write_reports(*rows))
    assert reasons(report) == {
        "reports.csv line 2": "unreadable row",  # two files have that name
        "reports.csv line 4": "unreadable row",  # named before
        "reports.csv line 5": "missing image",
        "b/3.dcm": "no label",
        "b/5.dcm": "unreadable image",
        "a/1.dcm": "no usable report",
        "b/1.dcm": "no usable report",
        "b/4.dcm": "no usable report",
    }
    assert report.studies == 1
    assert report.records == 9


def test_without_reports_or_a_column_to_join_by_it_is_refused(folder, write_reports, imported):
    with pytest.raises(StudyTableError, match="--reports"):
        imported("dicom", folder)
    with pytest.raises(StudyTableError, match="AccessionNumber"):
        imported("dicom", folder, write_reports(("x", "y", ""), columns=("id", "report", "label")))


PACS = {
    "chest.dcm": ({"Modality": "DX", "BodyPartExamined": "CHEST"}, None),
    "thorax.dcm": ({"Modality": "CR", "BodyPartExamined": "THORAX", "ViewPosition": "AP"}, None),
    "silent.dcm": ({}, None),
    "scanned.dcm": ({"Modality": "OT", "BodyPartExamined": "UNKNOWN"}, None),
    "region.dcm": ({"Modality": "DX", "BodyPartExamined": "CHESTABDOMEN"}, None),
    "tibia.dcm": (
        {"Modality": "CR", "BodyPartExamined": "EXTREMITY", "ViewPosition": "AP"},
        ("another part of the body", "its BodyPartExamined is EXTREMITY"),
    ),
    "hand.dcm": (
        {"Modality": "DX", "BodyPartExamined": "HAND"},
        ("another part of the body", "its BodyPartExamined is HAND"),
    ),
    "spine.dcm": (
        {"BodyPartExamined": "TSPINE"},
        ("another part of the body", "its BodyPartExamined is TSPINE"),
    ),
    "head.dcm": ({"Modality": "CT", "BodyPartExamined": "HEAD"}, ("no radiograph", "its Modality is CT")),
    "chest-ct.dcm": ({"Modality": "CT", "BodyPartExamined": "CHEST"}, ("no radiograph", "its Modality is CT")),
    "ultrasound.dcm": ({"Modality": "US"}, ("no radiograph", "its Modality is US")),
    "lateral.dcm": (
        {"Modality": "DX", "BodyPartExamined": "CHEST", "ViewPosition": "LL"},
        ("not a frontal view", "it is not a frontal view"),
    ),
    "named.dcm": (
        {"Modality": "DOE", "BodyPartExamined": "JANE"},
        ("no radiograph", "its Modality is none of radiography"),
    ),
    "part.dcm": (
        {"Modality": "DX", "BodyPartExamined": "JANE"},
        ("another part of the body", "its BodyPartExamined is another than the chest"),
    ),
}


def test_of_a_mixed_folder_only_frontal_chest_films_become_studies_and_all_else_is_counted(
    tmp_path, write_film, write_reports, imported
):
    for i, (name, (header, _)) in enumerate(PACS.items()):
        write_film(tmp_path / "pacs" / name, i, SOPInstanceUID=f"1.2.{i}", **header)
    report = imported("dicom", tmp_path / "pacs", write_reports(*((name, "Clear.", "Edema") for name in PACS)))
    left = {x.where: (str(x.reason), x.why) for x in report.left_out}
    assert left == {name: why for name, (_, why) in PACS.items() if why}
    assert report.summary()["left_out"] == {"no radiograph": 4, "another part of the body": 4, "not a frontal view": 1}
    text = (tmp_path / "pacs" / "import.txt").read_text()
    assert "Left out: no radiograph (4)" in text
    assert "  tibia.dcm: its BodyPartExamined is EXTREMITY" in text
    assert "DOE" not in text
    assert "JANE" not in text


def test_films_that_do_not_hang_as_they_are_read_are_left_out_and_a_mirror_image_is_to_be_looked_at(
    tmp_path, write_reports, imported
):
    ways = {"a": np.asarray, "b": np.flipud, "c": np.rot90, "d": np.fliplr, "e": lambda film: 255 - film}
    (tmp_path / "pacs").mkdir()
    for i, (name, turn) in enumerate(ways.items()):
        pixels = turn(chest(i, 320)).astype(np.uint16) * 16
        header = {"Modality": ("CS", "DX"), "SOPInstanceUID": ("UI", f"1.2.{i}")}
        (tmp_path / "pacs" / name).write_bytes(written(twelve(np.ascontiguousarray(pixels), **header)))
    reports = write_reports(*((name, "Clear.", "Edema") for name in ways))
    report = imported("dicom", tmp_path / "pacs", reports, tmp_path / "some")
    assert reasons(report) == dict.fromkeys("bce", "not as a chest is read")
    assert [x.where for x in report.doubted] == ["d"]
    assert "Kept, to be looked at (1)" in (tmp_path / "some" / "import.txt").read_text()
    kept = imported("dicom", tmp_path / "pacs", reports, tmp_path / "all", keep_all=True)
    assert (kept.studies, kept.left_out, kept.doubted) == (5, [], [])


def test_a_file_without_a_preamble_is_known_by_its_header(tmp_path, write_reports, imported):
    (tmp_path / "pacs").mkdir()
    for name, modality in (("a", "DX"), ("b", "MR")):
        header = {"Modality": ("CS", modality), "SOPInstanceUID": ("UI", "1.2.3" if name == "a" else "1.2.4")}
        (tmp_path / "pacs" / name).write_bytes(
            written(twelve(chest(0) * np.uint16(16), **header), preamble=None, meta=False)
        )
    report = imported("dicom", tmp_path / "pacs", write_reports(("a", "Clear.", "Edema"), ("b", "Clear.", "Edema")))
    assert reasons(report) == {"b": "no radiograph"}
    assert report.studies == 1
