"""The CSV: what a spreadsheet and pandas see of it, older ones, those of several servers, and what a purge leaves."""

import csv
import os
import re
import resource
import tempfile

import pandas as pd
import pytest
from helpers import random_film
from hypothesis import example, given, settings
from hypothesis import strategies as st
from writing import FLAG, a_flag

from model.errors import FeedbackError
from model.feedback import FeedbackStore, standing
from model.feedback.record import SCHEMA
from model.storage.spreadsheet import unescape

# What is written


def test_a_spreadsheet_and_pandas_see_one_header_and_no_formula(tmp_path):
    store = FeedbackStore(tmp_path)
    for start in ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "'=1"):
        store.append(a_flag(comment=start, reviewer=start))
    data = store.path.read_bytes()
    assert data.startswith(b"\xef\xbb\xbfflag_id,schema,")
    assert data.count(b"flag_id") == 1
    with store.path.open(encoding="utf-8-sig", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝"))]
    table = pd.read_csv(store.path)
    assert list(table.schema) == [SCHEMA] * 8
    assert list(table.beta) == [0.35] * 8
    assert table.comment[0] == "'=1+1"


def test_what_pandas_makes_of_comments_is_as_the_readme_says(tmp_path):
    store = FeedbackStore(tmp_path)
    said = ["NA", "None", "null", "C:\\films", "=1", "a|b"]
    for comment in said:
        store.append(a_flag(comment=comment))
    assert pd.read_csv(store.path).comment[:3].isna().all()
    read = pd.read_csv(store.path, dtype=str, keep_default_na=False).comment
    assert list(read) == ["NA", "None", "null", "C:\\\\films", "'=1", "a|b"]
    assert [unescape(cell) for cell in read] == said == [flag.comment for flag in store.rows()]


NOTHING_SPECIAL = re.compile(r"[^\W_][\w ,;.\"]*")
anything = st.text(st.characters(), max_size=40)
formula = st.builds(str.__add__, st.sampled_from("=+-@\t\r\n'＝＋－＠"), anything)


@settings(max_examples=100, deadline=None)
@given(texts=st.lists(st.tuples(anything | formula, anything | formula, anything), min_size=1, max_size=4))
@example(texts=[("\r\n", "'\r", "\\u000d\\\\"), ('"\n"', "\x00\ud800\udfff", "\ufeff,\x1a\x85\u2028"), ("", "NA", "'")])
def test_any_text_is_cells_that_no_spreadsheet_runs_and_reads_back_as_it_was_typed(texts):
    with tempfile.TemporaryDirectory() as folder:
        store = FeedbackStore(folder)
        flags = [a_flag(report=a, comment=b, reviewer=b, corrected_labels=(c,), study_id=c) for a, b, c in texts]
        for flag in flags:
            store.append(flag)
        assert store.rows() == flags
        table = pd.read_csv(store.path, dtype=str, keep_default_na=False)
        assert list(table.flag_id) == [flag.flag_id for flag in flags]
        assert not [c for column in table for c in table[column] if c.startswith(tuple("=+-@\t\r\n＝＋－＠"))]
        assert {f.comment for f in flags if NOTHING_SPECIAL.fullmatch(f.comment)} <= set(table.comment)


@pytest.mark.parametrize(
    "wrong",
    [
        {"verdict": "yes"}, {"wrong_evidence": "both?"}, {"beta": 1.5}, {"beta": float("nan")}, {"beta": "much"},
        {"flag_id": "a,b"}, {"flag_id": ""}, {"comment": None}, {"probabilities": {"a": float("nan")}},
        {"probabilities": [0.5]}, {"corrected_labels": "Effusion"}, {"blind": "yes"}, {"wrong_regions": ((0, 0, 1),)},
        {"wrong_regions": ((0.5, 0, 0.6, 1),)}, {"wrong_regions": ((0, 0, float("nan"), 1),)},
        {"wrong_words": ((5, 5),)}, {"wrong_words": ((0.5, 5),)}, {"verdict": "undo"}, {"undoes": "f1"},
        {"verdict": "undo", "undoes": "a,b"},
    ],
)  # fmt: skip
def test_a_value_that_would_not_read_back_is_refused(wrong):
    with pytest.raises(FeedbackError, match="not saved"):
        FLAG.changed(**wrong)


def test_a_retry_is_acknowledged_and_kept_once(tmp_path):
    store = FeedbackStore(tmp_path)
    for each in (store, store, FeedbackStore(tmp_path), store):
        assert each.append(FLAG) == FLAG.flag_id
    assert store.rows() == [FLAG]
    os.replace(store.path, tmp_path / "archive.csv")  # a fresh file has none of the old ids
    store.append(FLAG)
    assert store.rows() == [FLAG]


def test_an_undone_or_purged_flag_does_not_stand():
    first, second, third = a_flag(), a_flag(verdict="agree"), a_flag(verdict="unsure")
    undo = a_flag(verdict="undo", undoes=second.flag_id)
    assert standing([first, second, undo, third]) == [first, third]
    assert standing([undo, second, first.tombstone()]) == []  # another server's clock may put the undo first


# What an older version wrote

OLD_COLUMNS = (
    "flag_id,schema,time_utc,reviewer,study_id,image_sha256,image_name,report,model_digest,beta,probabilities,verdict,"
    "corrected_labels,wrong_evidence,comment,app_version"
)
OLD = (
    f"\ufeff{OLD_COLUMNS}\r\n"
    'a1,1,2026-01-31T12:00:00Z,reader 1,s1,,film.png,"two\nlines, ""quoted""",cd,0.35,"{""Effusion"": 0.123457}",'
    'disagree,"[""Effusion""]",image,\'=1+1,0.1.0\r\n'
    "a2,1,2026-01-31T12:00:01Z,,s2,,,,cd,1.0,{},agree,[],neither,,0.1.0\r\n"
).encode()


# As version 2 of the columns had it: without the boxes in which findings are.
SECOND_COLUMNS = f"{OLD_COLUMNS},blind,wrong_regions,wrong_words,undoes"
SECOND = (
    f"\ufeff{SECOND_COLUMNS}\r\n"
    "b1,2,2026-01-31T12:00:00Z,reader 1,s1,,film.png,clear,cd,0.35,{},disagree,[],both,,0.1.0,"
    'false,"[[0.25, 0.5, 0.125, 0.0625]]","[[0, 5]]",\r\n'
    "b2,2,2026-01-31T12:00:01Z,reader 1,s1,,film.png,,cd,0.35,{},undo,[],neither,,0.1.0,false,[],[],b1\r\n"
).encode()


def test_a_file_from_before_the_boxes_of_findings_loses_nothing_when_one_follows(tmp_path):
    (tmp_path / "flags.csv").write_bytes(SECOND)
    store = FeedbackStore(tmp_path)
    first, undo = store.rows()
    assert (first.wrong_regions, first.wrong_words, first.finding_boxes) == (
        ((0.25, 0.5, 0.125, 0.0625),),
        ((0, 5),),
        (),
    )
    assert (undo.undoes, store.read().troubles) == ("b1", ())
    store.append(FLAG)
    assert FeedbackStore(tmp_path).rows() == [first, undo, FLAG]
    assert list(pd.read_csv(store.path).schema) == [2, 2, SCHEMA]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["flags.csv"]


@pytest.mark.parametrize("torn", [b"", b'a3,1,2026-01-31T12:00:02Z,"torn'])
def test_an_older_file_is_read_as_it_stands_and_brought_up_to_date_by_the_next_flag(tmp_path, torn):
    (tmp_path / "flags.csv").write_bytes(OLD + torn)
    store = FeedbackStore(tmp_path)
    old = store.rows()
    assert [(f.flag_id, f.report, f.comment, f.blind, f.wrong_words) for f in old] == [
        ("a1", 'two\nlines, "quoted"', "=1+1", False, ()),
        ("a2", "", "", False, ()),
    ]
    assert store.path.read_bytes() == OLD + torn
    store.append(FLAG)
    store.append(old[0])
    assert store.rows() == [*old, FLAG]
    table = pd.read_csv(store.path)
    assert list(table.schema) == [1, 1, SCHEMA]
    assert list(table.blind) == [False, False, True]
    (*beside, ours) = sorted(p.name for p in tmp_path.iterdir())
    assert ours == "flags.csv"
    assert [name.split(".")[2] for name in beside] == ["torn"] * bool(torn)


def test_an_older_file_torn_within_its_header_is_begun_anew(tmp_path):
    header = OLD[: len(OLD_COLUMNS) + 5]
    for length in range(len(header) + 1):
        (tmp_path / "flags.csv").write_bytes(header[:length])
        store = FeedbackStore(tmp_path)
        assert store.rows() == []
        store.append(FLAG)
        assert store.rows() == [FLAG]


def test_a_disk_too_full_to_bring_an_older_file_up_to_date_leaves_it(tmp_path):
    (tmp_path / "flags.csv").write_bytes(OLD)
    store = FeedbackStore(tmp_path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (300, limits[1]))
        with pytest.raises(FeedbackError, match="The flag was not saved: File too large"):
            store.append(FLAG)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [p.name for p in tmp_path.iterdir()] == ["flags.csv"]
    assert store.path.read_bytes() == OLD
    store.append(FLAG)
    assert len(store.rows()) == 3


# Several servers on one folder


def test_the_files_of_several_servers_are_read_as_one(tmp_path):
    left, right = FeedbackStore(tmp_path, "left"), FeedbackStore(tmp_path, "right")
    first, second, third = (a_flag(time_utc=f"2026-01-31T12:00:0{n}Z") for n in range(3))
    for server, flag in ((right, second), (left, first), (left, third), (right, first)):
        server.append(flag)
    assert left.rows() == right.rows() == FeedbackStore(tmp_path).rows() == [first, second, third]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["flags-left.csv", "flags-right.csv"]
    assert len(standing(left.rows())) == 3


def test_a_purge_reaches_every_servers_file_and_a_later_retry_does_not_stand(tmp_path):
    left, right = FeedbackStore(tmp_path, "left"), FeedbackStore(tmp_path, "right")
    left.append(FLAG)
    right.append(kept := a_flag(study_id="s2"))
    assert right.take_out(FLAG.study_id).rows == 1
    assert FLAG.report.split()[1].encode() not in left.path.read_bytes()
    right.append(FLAG)
    assert standing(left.rows()) == [kept]


def test_a_server_whose_name_is_no_file_name_is_refused(tmp_path):
    with pytest.raises(FeedbackError, match="name of a replica"):
        FeedbackStore(tmp_path, "../up")


# What is purged


def test_nothing_of_a_purged_study_is_in_any_file(tmp_path):
    store = FeedbackStore(tmp_path)
    store.keep_film(random_film(1)._replace(sha256=FLAG.image_sha256))
    derived = tmp_path / "films" / f"{FLAG.image_sha256}-heatmap.npy"
    derived.write_bytes(b"derived")
    for _ in range(2):
        store.append(a_flag(report="words of the report"))
    store.append(kept := a_flag(study_id="s2", image_sha256=""))
    other_row = store.path.read_bytes().split(b"\r\n")[3]
    left_by_a_kill = tmp_path / "flags.csv.0123.new"
    left_by_a_kill.write_bytes(store.path.read_bytes())
    mode = store.path.stat().st_mode
    assert store.take_out("s1").rows == 2
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["flags.csv"]
    data = store.path.read_bytes()
    assert b"words of" not in data
    assert data.split(b"\r\n")[3] == other_row
    assert store.path.stat().st_mode == mode
    assert store.rows()[2] == kept


def test_what_a_spreadsheet_named_as_a_film_deletes_no_file(tmp_path):
    store = FeedbackStore(tmp_path)
    store.keep_film(random_film(1)._replace(sha256="ab" * 32))
    store.append(a_flag(image_sha256="*"))
    store.append(a_flag(image_sha256="../flags"))
    assert store.take_out("s1").rows == 2
    assert store.film("ab" * 32) is not None
    with pytest.raises(FeedbackError, match="64 hexadecimal"):
        store.film("../../etc/passwd")
