"""Tables of studies: what is read, what is left out and why."""

import csv

import pytest
from PIL import Image

from model.config import MULTI_LABEL, SINGLE_LABEL
from model.data import label_matrix, load_film, open_studies
from model.errors import ChoiceError, StudyTableError


@pytest.fixture
def write_table(tmp_path):
    for name in ("a.png", "b.png"):
        Image.linear_gradient("L").save(tmp_path / name)

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


def test_a_finding_may_be_called_na(write_table):
    assert open_studies(write_table(("1", "a.png", "x", "NA"))).findings == ("NA",)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (("2", "missing.png", "x", ""), "missing or empty"),
        (("2", "../outside.png", "x", ""), "outside the folder"),
        (("2", "", " ", ""), "neither"),
        (("1", "b.png", "x", ""), "not unique"),
    ],
)
def test_an_unusable_row_is_named_with_its_line_and_the_rest_goes_on(write_table, row, why):
    table = open_studies(write_table(("1", "a.png", "x", "Edema"), row, ("3", "b.png", "y", "Edema")))
    assert [s.study_id for s in table.studies] == ["1", "3"]
    assert table.skipped[0].line == 3
    assert why in table.skipped[0].why


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
