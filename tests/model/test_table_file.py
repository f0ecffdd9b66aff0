"""A table whose reports stay on disk."""

import csv
import pickle
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest

from model.data import open_studies
from model.errors import StudyTableError

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
