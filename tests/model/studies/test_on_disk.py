"""A table whose reports stay on disk."""

import csv
import pickle
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest

from model.errors import StudyTableError
from model.studies.opening import open_studies

HARD = ['with "quotes", commas', "two\nlines", "old\rMac", "β < 0,5 ×", "", "\r\nblank above", "胸片", "x" * 9000]


@pytest.fixture
def table(tmp_path):
    """Reports of every kind, with a byte-order mark, blank lines and rows that cannot be used between them."""
    rows = pd.DataFrame({"study_id": [f"s{i}" for i in range(40)], "image": "", "label": "Edema"})
    rows["report"] = [f"{i} {HARD[i % len(HARD)]}" if i % len(HARD) != 4 else "" for i in range(40)]
    path = tmp_path / "studies.csv"
    text = rows.to_csv(index=False, quoting=csv.QUOTE_ALL)
    path.write_bytes(b"\xef\xbb\xbf" + text.replace('\n"s5",', '\n\nbad,row\n\n"s5",').encode())
    return path, rows


def test_each_report_is_read_as_pandas_reads_it(table):
    path, rows = table
    studies = open_studies(path).studies
    expected = rows[rows["report"] != ""]
    assert [s.study_id for s in studies] == expected["study_id"].tolist()
    assert [s.report for s in reversed(studies)] == expected["report"].tolist()[::-1]


def test_threads_and_processes_may_read_at_once(table):
    path, rows = table
    studies = pickle.loads(pickle.dumps(open_studies(path).studies)) * 20
    with ThreadPoolExecutor(8) as pool:
        read = list(pool.map(lambda s: s.report, studies))
    assert read == rows["report"][rows["report"] != ""].tolist() * 20


def test_a_table_that_was_changed_under_us_is_refused_in_place_of_another_studys_report(table):
    path, _ = table
    study = open_studies(path).studies[-1]
    path.write_text(path.read_text().replace("s39", "s40"))
    with pytest.raises(StudyTableError, match="changed"):
        assert study.report


def test_reports_are_not_kept_in_memory(tmp_path):
    path = tmp_path / "studies.csv"
    path.write_text("study_id,image,report,label\n" + "".join(f"s{i},,{'word ' * 2000},Edema\n" for i in range(1000)))
    tracemalloc.start()
    table = open_studies(path)
    kept, highest = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(table.studies[500].report) == 10_000
    assert path.stat().st_size > 10_000_000
    assert kept < 1_000_000
    assert highest < 2_000_000


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_table_is_read_whatever_separates_its_cells_and_in_any_unicode(tmp_path, table, delimiter, encoding):
    _, rows = table
    path = tmp_path / "other.csv"
    path.write_bytes(rows.to_csv(index=False, quoting=csv.QUOTE_ALL, sep=delimiter).encode(encoding))
    expected = rows[rows["report"] != ""]
    found = open_studies(path)
    assert [s.study_id for s in found.studies] == expected["study_id"].tolist()
    assert [s.report for s in found.studies] == expected["report"].tolist()
    said = " ".join(found.warnings())
    assert ("UTF-16" in said) == (encoding[:6] == "utf-16")
    assert ("separated by" in said) == (delimiter != ",")


@pytest.mark.parametrize("line", ["sep=;\n", "SEP=;\r\n", '"sep=;"\n'])
def test_excels_line_of_the_separator_is_read_and_lines_still_count(tmp_path, line):
    path = tmp_path / "studies.csv"
    path.write_text(line + "study_id;image;report;label\n1;;a, b;Edema\n2;;c\n3;;d;Edema\n", newline="")
    found = open_studies(path)
    assert [(s.line, s.report) for s in found.studies] == [(3, "a, b"), (5, "d")]
    assert [s.line for s in found.skipped] == [4]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"PK\x03\x04" + bytes(50), "zip archive"),
        (b"%PDF-1.7 ...", "a PDF"),
        ("study_id,image,report,label\n1,,x,Edema\n".encode("utf-16") + b"\x00", "no text in UTF-16"),
        (b"id;picture;report;label\n1;;x;Edema\n", "'study_id'.*separated by ;.*'id', 'picture'"),
        (b"study_id,image,report,labels\n1,,x,Edema\n", "Rename its column 'labels'"),
        (b"study_id,image,report,report ,label\n1,,x,y,Edema\n", "'report' 2 times"),
        (b"study_id,image,report,label,Label\n1,,x,y,Edema\n", "'label' 2 times"),
        (b"study_id,image,report,label,patient\n1,,x,Edema,p\n", "'patient_id'.*'patient'"),
        (b"study_id,image,report,label,splits\n1,,x,Edema,val\n", "'split'.*'splits'"),
    ],
)
def test_what_cannot_be_told_is_refused_by_its_name(tmp_path, content, says):
    path = tmp_path / "studies.csv"
    path.write_bytes(content)
    with pytest.raises(StudyTableError, match=f"(?i){says}"):
        open_studies(path)


@pytest.mark.parametrize("column", ["Patient_ID", "patient_id ", "PatientID", "patient id", "PATIENT-ID"])
def test_a_column_is_the_one_that_is_meant(tmp_path, column):
    path = tmp_path / "studies.csv"
    path.write_text(f"Study_ID,image,report,label,{column},Split \n1,,x,Edema,p,Train\n2,,y,,p ,Validation\n")
    found = open_studies(path)
    assert [(s.patient_id, s.split) for s in found.studies] == [("p", "train"), ("p", "val")]
    assert f"the column {column!r} is read as 'patient_id'" in " ".join(found.warnings())
    assert "1 patient has studies in more than one split" in " ".join(found.warnings())


def test_cells_that_say_nothing_are_empty(tmp_path):
    path = tmp_path / "studies.csv"
    rows = ["1,nan,Clear.,Edema,nan", "2,,None,Edema,train", "3,-,N/A,Edema,", "4,,x,n/a,", "NA,,x,Edema,"]
    path.write_text("study_id,image,report,label,split\n" + "\n".join([*rows, "5,,y,Edema,NULL"]))
    found = open_studies(path)
    assert [(s.study_id, s.image, s.report) for s in found.studies] == [("1", None, "Clear."), ("5", None, "y")]
    assert [s.line for s in found.skipped] == [3, 4, 5, 6]


def test_a_report_is_as_long_as_the_page_takes_it_or_left_out(tmp_path):
    path = tmp_path / "studies.csv"
    reports = ["word " * 2001, "word " * 2000, "x" * 20_001]
    path.write_text("study_id,image,report,label\n" + "".join(f"{i},,{r},Edema\n" for i, r in enumerate(reports)))
    found = open_studies(path)
    assert [s.study_id for s in found.studies] == ["1"]
    assert all("2,000 words" in s.why for s in found.skipped)


def test_a_text_in_windows_1252_is_named_so(tmp_path):
    path = tmp_path / "studies.csv"
    path.write_bytes("study_id,image,report,label\n1,,Pleuraerguß links,Edema\n2,,x,Edema\n".encode("cp1252"))
    assert "Windows-1252" in open_studies(path).skipped[0].why
