"""Tables of studies: what is read, what is left out and why."""

import csv
import os
import unicodedata

import pytest
from PIL import Image

from model.config import MULTI_LABEL, SINGLE_LABEL, Config
from model.errors import ChoiceError, ImageError, StudyTableError
from model.studies.arrays import load_arrays
from model.studies.opening import open_studies
from model.studies.rows import Skipped, skipped_in_words
from model.studies.table import label_matrix, load_film


@pytest.fixture
def write_table(tmp_path):
    for name in ("a.png", "b.png"):
        Image.linear_gradient("L").save(tmp_path / name)
    (tmp_path / "empty.png").touch()
    (tmp_path / "link.png").symlink_to("/etc/hostname")

    def write(*rows, columns=("study_id", "image", "report", "label"), encoding="utf-8"):
        path = tmp_path / "studies.csv"
        with path.open("w", newline="", encoding=encoding) as file:
            csv.writer(file).writerows([columns, *rows])
        return path

    return write


def test_labels_joined_by_a_bar_are_multi_label(write_table):
    table = open_studies(write_table(("1", "a.png", "text", "Nodule|Edema"), ("2", "b.png", "", "")))
    assert table.problem_type == MULTI_LABEL
    assert table.findings == ("Edema", "Nodule")
    assert label_matrix(table.studies, table.findings).tolist() == [[1, 1], [0, 0]]


def test_one_finding_everywhere_is_single_label(write_table):
    table = open_studies(write_table(("1", "a.png", "x", "COVID-19"), ("2", "b.png", "y", "No finding")))
    assert table.problem_type == SINGLE_LABEL


def test_a_spreadsheets_byte_order_mark_is_read(write_table):
    assert open_studies(write_table(("1", "a.png", "β", "Edema"), encoding="utf-8-sig")).by_id("1").report == "β"


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (("2", "missing.png", "x", ""), "missing"),
        (("2", "empty.png", "x", ""), "0 bytes"),
        (("2", "../outside.png", "x", ""), "outside the folder"),
        (("2", "/etc/hostname", "x", ""), "outside the folder"),
        (("2", "link.png", "x", ""), "outside the folder"),
        (("2", "a.png\0", "x", ""), "missing"),
        (("2", "b.png", "x", "NaN"), "label is missing"),
        (("2", "b.png", "x"), "3 cells, not 4"),
        (("2", "", " ", ""), "neither"),
        (("1", "b.png", "x", ""), "not unique"),
    ],
)
def test_an_unusable_row_is_named_with_its_line_and_the_rest_goes_on(write_table, row, why):
    table = open_studies(write_table(("1", "a.png", "x", "Edema"), row, ("3", "b.png", "y", "Edema")))
    assert [s.study_id for s in table.studies] == ["1", "3"]
    assert table.skipped[0].line == 3
    assert why in table.skipped[0].why


def test_a_line_is_counted_as_an_editor_does(write_table):
    long = "The heart is normal.\nNo effusion.\n\nNo pneumothorax."
    rows = [(str(i), "a.png", long, "Edema") for i in range(3)]
    table = open_studies(write_table(*rows, ("bad", "missing.png", "x", ""), ("good", "b.png", long, "")))
    assert [(s.line, s.why) for s in table.skipped] == [(14, "its image is missing")]
    assert [s.line for s in table.studies] == [2, 6, 10, 15]


@pytest.mark.parametrize("encoding", ["cp1252", "gb18030"])
def test_a_report_in_another_encoding_costs_its_row_alone(write_table, encoding):
    path = write_table(("1", "a.png", "β", "Edema"), ("2", "b.png", "clear", "Edema"))
    path.write_bytes(path.read_bytes() + "3,b.png,Épanchement à gauche ×,Edema\n".encode(encoding))
    table = open_studies(path)
    assert [s.report for s in table.studies] == ["β", "clear"]
    assert [s.line for s in table.skipped] == [4]
    assert "UTF-8" in table.skipped[0].why


def test_a_quotation_mark_that_never_ends_is_named_with_what_it_takes(write_table):
    path = write_table(("1", "a.png", "x", "Edema"))
    path.write_text(path.read_text() + '2,b.png,"open,Edema\n3,b.png,y,Edema\n')
    table = open_studies(path)
    assert [s.study_id for s in table.studies] == ["1"]
    assert table.skipped[0].line == 3
    assert "up to line 4" in table.skipped[0].why


def test_an_empty_label_among_exactly_one_finding_each_is_missing(write_table):
    rows = [(str(i), "a.png", "x", ("COVID-19", "No finding")[i % 2]) for i in range(6)]
    table = open_studies(write_table(*rows, ("bad", "b.png", "x", "")))
    assert table.problem_type == SINGLE_LABEL
    assert [s.line for s in table.skipped] == [8]


def test_a_film_that_cannot_be_decoded_is_named_with_its_line_when_it_is_read(write_table, tmp_path):
    (tmp_path / "c.png").write_bytes((tmp_path / "a.png").read_bytes()[:200])
    table = open_studies(write_table(("1", "a.png", "x\ny", "Edema"), ("2", "c.png", "x", "")))
    assert not table.skipped
    with pytest.raises(ImageError, match=r"Line 4 .*damaged"):
        load_film(table.by_id("2"))
    (tmp_path / "a.png").unlink()
    with pytest.raises(ImageError, match=r"Line 2 .*cannot be read"):
        load_film(table.by_id("1"))


def test_reading_many_films_names_those_that_cannot_be_read_and_goes_on(write_table, tmp_path, caplog):
    (tmp_path / "c.png").write_bytes(b"no picture, and a secret")
    table = open_studies(write_table(("1", "a.png", "x", "Edema"), ("2", "c.png", "x", ""), ("3", "b.png", "x", "")))
    assert load_arrays(table.studies, Config(findings=table.findings, image_size=64)).has.tolist() == [
        [1, 1],
        [0, 1],
        [1, 1],
    ]
    assert [r.getMessage()[:7] for r in caplog.records] == ["Line 3 "]
    assert "secret" not in caplog.text


def test_a_long_table_is_opened_without_a_look_at_each_file(write_table, tmp_path, monkeypatch):
    count, stats = 20_000, []
    for i in range(100):
        (tmp_path / f"{i}.png").write_bytes(b"x")
    rows = [(str(i), f"{i % 100}.png", "x", "Edema") for i in range(count)]
    path = write_table(*rows)
    stat = os.stat
    monkeypatch.setattr(os, "stat", lambda *a, **k: stats.append(a) or stat(*a, **k))
    monkeypatch.setattr(os.path, "realpath", lambda p, *a, **k: stats.append(p) or str(p))
    assert len(open_studies(path).studies) == count
    assert len(stats) < 100


def test_what_is_left_out_is_said_reason_by_reason_with_every_line():
    skipped = (Skipped(3, "a"), Skipped(4, "a"), Skipped(5, "b"), Skipped(9, "a"))
    assert skipped_in_words("t.csv", skipped) == [
        "t.csv: 4 rows are left out, the rest is used",
        "  lines 3-4, 9: a",
        "  line 5: b",
    ]
    assert skipped_in_words("t.csv", ()) == []


def test_a_patient_is_in_one_split(write_table):
    columns = ("study_id", "image", "report", "label", "patient_id")
    rows = [(str(i), "", "text", "Edema", f"p{i % 40}") for i in range(400)]
    table = open_studies(write_table(*rows, columns=columns))
    splits = {}
    for s in table.studies:
        splits.setdefault(s.patient_id, set()).add(s.split)
    assert all(len(s) == 1 for s in splits.values())
    assert set.union(*splits.values()) == {"train", "val", "test"}


def test_a_table_without_a_column_is_refused_by_name(write_table):
    with pytest.raises(StudyTableError, match="'label'"):
        open_studies(write_table(("1", "a.png", "x"), columns=("study_id", "image", "report")))


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b'study_id,image\n"1'])
def test_what_is_no_table_is_refused(tmp_path, content):
    (tmp_path / "studies.csv").write_bytes(content)
    with pytest.raises(StudyTableError):
        open_studies(tmp_path / "studies.csv")


def test_an_unknown_split_or_study_is_refused(write_table):
    table = open_studies(write_table(("1", "a.png", "x", "Edema")))
    with pytest.raises(ChoiceError, match="holdout"):
        table.of_split("holdout")
    with pytest.raises(ChoiceError, match="no study"):
        table.by_id("9")


def test_the_real_table_reads_as_it_stands(shared_data):
    table = open_studies(shared_data / "covid-cxr" / "studies.csv")
    assert len(table.studies) == 348
    assert not table.skipped
    assert table.problem_type == SINGLE_LABEL
    assert load_film(table.studies[0]).pixels.ndim == 2


def test_a_patient_in_two_splits_is_told(tmp_path):
    write_splits(tmp_path, "a,p1,train", "b,p1,test", "c,p2,test")
    (said,) = open_studies(tmp_path / "studies.csv").warnings()
    assert "1 patient has studies in more than one split" in said


def test_of_patients_in_one_split_each_nothing_is_told(tmp_path):
    write_splits(tmp_path, "a,p1,train", "b,p1,train", "c,p2,test")
    assert open_studies(tmp_path / "studies.csv").warnings() == []


def write_splits(folder, *rows: str) -> None:
    lines = [f"{study},,Clear lungs.,Effusion,{rest}" for study, rest in (row.split(",", 1) for row in rows)]
    (folder / "studies.csv").write_text("study_id,image,report,label,patient_id,split\n" + "\n".join(lines))


@pytest.mark.parametrize(
    ("file", "named"),
    [
        ("films/a.png", "films\\a.png"),
        ("films/b.JPG", "films/b.jpg"),
        ("Films/c.png", "films/C.PNG"),
        (unicodedata.normalize("NFC", "ödem.png"), unicodedata.normalize("NFD", "ödem.png")),
        (unicodedata.normalize("NFD", "ödem/x.png"), unicodedata.normalize("NFC", "ödem/X.png")),
    ],
)
def test_a_path_that_is_spelt_otherwise_is_found_and_said(tmp_path, file, named):
    (tmp_path / file).parent.mkdir(exist_ok=True)
    Image.linear_gradient("L").save(tmp_path / file)
    (tmp_path / "studies.csv").write_text(f"study_id,image,report,label\n1,{named},x,Edema\n")
    table = open_studies(tmp_path / "studies.csv")
    assert table.studies[0].image == tmp_path / file
    assert load_film(table.studies[0]) is not None
    assert repr(file) in " ".join(table.warnings())


def test_of_two_files_that_may_be_meant_none_is_taken_and_kin_is_named(tmp_path):
    for name in ("A.png", "a.PNG", "b.tif"):
        Image.linear_gradient("L").save(tmp_path / name, "PNG")
    rows = ["1,a.png,x,Edema", "2,b.png,x,", "3,,x,", "4,../x.png,x,"]
    (tmp_path / "studies.csv").write_text("study_id,image,report,label\n" + "\n".join(rows))
    why = {s.line: s.why for s in open_studies(tmp_path / "studies.csv").skipped}
    assert why[2].startswith("its image is missing")
    assert "there is 'b.tif'" in why[3]
    assert "--copy" in why[5]


def test_rows_of_one_film_with_other_findings_are_all_left_out_and_the_way_is_named(write_table):
    rows = [("1", "a.png", "x", "Edema"), ("1", "a.png", "x", "Nodule"), ("2", "b.png", "y", "Edema")]
    table = open_studies(write_table(*rows))
    assert [s.study_id for s in table.studies] == ["2"]
    assert [s.line for s in table.skipped] == [2, 3]
    assert "import csv" in table.skipped[0].why
