"""Every acknowledged flag is there, once, whole, and says exactly what was typed; whatever else happens."""

import csv
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from model.errors import FeedbackError
from model.feedback import FeedbackStore, Flag, new_flag_id, standing, utc_now
from model.feedback.cells import HEADER

ROOT = Path(__file__).resolve().parents[2]
FLAG = Flag(
    flag_id="f0",
    time_utc="2026-01-31T12:00:00Z",
    reviewer="reader 1",
    study_id="s1",
    image_sha256="ab" * 32,
    image_name="film.png",
    report="FINDINGS:\nNo effusion, \"clear\" lungs; β — 肺.",
    model_digest="cd" * 32,
    beta=0.35,
    probabilities={"Effusion": 0.1234567, "Nodule": 1e-9, "Cardiomegaly": 1.0},
    verdict="disagree",
    corrected_labels=("Effusion", "Nodule; calcified"),
    wrong_evidence="image",
    comment="=1+1",
    app_version="0.1.0",
    blind=True,
    wrong_regions=((0.25, 0.5, 0.125, 0.0625),),
    wrong_words=((0, 8), (12, 20)),
)  # fmt: skip


def a_flag(**changes) -> Flag:
    return replace(FLAG, flag_id=new_flag_id(), **changes)


# What is written


def test_flags_read_back_exactly_and_in_order(tmp_path):
    store = FeedbackStore(tmp_path / "new" / "folder")
    assert store.rows() == []
    flags = [FLAG, a_flag(report="", probabilities={}, corrected_labels=()), a_flag(beta=1 / 3, time_utc=utc_now())]
    assert [store.append(flag) for flag in flags] == [flag.flag_id for flag in flags]
    assert store.rows() == flags == FeedbackStore(store.path.parent).rows()
    assert flags[0].probabilities == {"Effusion": 0.123457, "Nodule": 0.0, "Cardiomegaly": 1.0}


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
    assert list(table.schema) == [2] * 8
    assert list(table.beta) == [0.35] * 8
    assert table.comment[0] == "'=1+1"


anything = st.text(st.characters(), max_size=40)


@settings(max_examples=150, deadline=None)
@given(texts=st.lists(st.tuples(anything, anything, anything), min_size=1, max_size=4))
@example(texts=[("\r\n", "'\r", "\\u000d\\\\"), ('"\n"', "\x00\ud800\udfff", "\ufeff,\x1a\x85\u2028"), ("", "NA", "'")])
def test_any_text_comes_back_as_it_was_typed(texts):
    with tempfile.TemporaryDirectory() as folder:
        store = FeedbackStore(folder)
        flags = [a_flag(report=a, comment=b, reviewer=b, corrected_labels=(c,), study_id=c) for a, b, c in texts]
        for flag in flags:
            store.append(flag)
        assert store.rows() == flags
        table = pd.read_csv(store.path, dtype=str, keep_default_na=False)
        assert list(table.flag_id) == [flag.flag_id for flag in flags]
        plain = [
            f.comment for f in flags if f.comment.isprintable() and not f.comment.startswith(tuple("'=+-@＝＋－＠"))
        ]
        assert {c for c in plain if "\\" not in c} <= set(table.comment)


def test_a_very_long_report_does_not_hide_other_rows(tmp_path):
    store = FeedbackStore(tmp_path)
    flags = [a_flag(report="x" * 300_000), a_flag()]
    for flag in flags:
        store.append(flag)
    assert store.rows() == flags
    with pytest.raises(FeedbackError, match="at most"):
        store.append(a_flag(comment="x" * 5_000_000))
    assert store.rows() == flags


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
        replace(FLAG, **wrong)


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
    assert list(table.schema) == [1, 1, 2]
    assert list(table.blind) == [False, False, True]
    assert [p.name for p in tmp_path.iterdir()] == ["flags.csv"]


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


# What is torn or foreign


def test_a_row_torn_anywhere_is_cut_by_the_next_append(tmp_path):
    store = FeedbackStore(tmp_path)
    flags = [a_flag(comment="line\r\nline\n"), a_flag(comment='"quoted"\n'), a_flag()]
    store.append(flags[0])
    first = store.path.stat().st_size
    store.append(flags[1])
    whole = store.path.read_bytes()
    for length in [*range(0, len(HEADER) + 40, 7), *range(first, len(whole), 5)]:
        store.path.write_bytes(whole[:length])
        kept = flags[:1] if length >= first else []
        assert FeedbackStore(tmp_path).rows() == kept
        FeedbackStore(tmp_path).append(flags[2])
        assert FeedbackStore(tmp_path).rows() == [*kept, flags[2]]


def test_a_torn_row_longer_than_a_block_is_cut(tmp_path):
    store = FeedbackStore(tmp_path)
    store.append(FLAG)
    with store.path.open("ab") as file:
        file.write(b"torn,1," + b"x" * 200_000)
    store.append(later := a_flag())
    assert store.rows() == [FLAG, later]


def test_a_file_that_another_program_rewrote_is_left_alone(tmp_path):
    store = FeedbackStore(tmp_path)
    store.append(FLAG)
    pd.read_csv(store.path).to_csv(store.path, index=False)
    changed = store.path.read_bytes()
    for action in (store.rows, lambda: store.append(a_flag())):
        with pytest.raises(FeedbackError, match="does not begin with the columns"):
            action()
    assert store.path.read_bytes() == changed


def test_a_row_changed_by_hand_is_named_and_not_quoted(tmp_path):
    store = FeedbackStore(tmp_path)
    store.append(FLAG)
    store.append(a_flag())
    store.path.write_bytes(store.path.read_bytes().replace(b"disagree", b"perhaps", 1))
    with pytest.raises(FeedbackError, match=r"^Row 2 of flags\.csv is not a flag") as caught:
        store.rows()
    assert "effusion" not in str(caught.value)
    assert caught.value.__suppress_context__


# What cannot be written


def test_a_folder_that_cannot_be_made_or_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FeedbackError, match="cannot be made"):
        FeedbackStore(tmp_path / "file" / "folder")
    store = FeedbackStore(tmp_path / "shut")
    store.path.parent.chmod(0o500)
    user = os.geteuid()
    try:
        if user == 0:
            os.seteuid(65534)  # root may write everywhere
        with pytest.raises(FeedbackError, match="The flag was not saved: Permission denied"):
            store.append(FLAG)
    finally:
        os.seteuid(user)


def test_a_full_disk_leaves_the_file_as_it_was_and_says_so(tmp_path):
    store = FeedbackStore(tmp_path)
    store.append(FLAG)
    before = store.path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        for room in (0, 1, 100):  # a write that fails at once, and ones that stop half way
            resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + room, limits[1]))
            with pytest.raises(FeedbackError, match="The flag was not saved: File too large"):
                store.append(a_flag())
            assert store.path.read_bytes() == before
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    store.append(last := a_flag())
    assert store.rows() == [FLAG, last]


def test_a_flag_is_not_acknowledged_when_the_disk_does_not_confirm_it(tmp_path, monkeypatch):
    store = FeedbackStore(tmp_path)

    def failing(file):
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", failing)
        with pytest.raises(FeedbackError, match="Input/output error"):
            store.append(FLAG)
    assert store.rows() == []
    store.append(FLAG)
    assert store.rows() == [FLAG]


# Many at once


def in_threads(store, names, count) -> None:
    def write(name):
        for i in range(count):
            store.append(replace(FLAG, flag_id=f"{name}-{i}", comment="line\n" * (i % 50)))

    threads = [threading.Thread(target=write, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def process(folder, number) -> None:
    in_threads(FeedbackStore(folder), [f"p{number}a", f"p{number}b"], 50)


def test_two_threads_lose_nothing(tmp_path):
    store = FeedbackStore(tmp_path)
    in_threads(store, ["a", "b"], 200)
    assert Counter(f.flag_id for f in store.rows()) == Counter(f"{n}-{i}" for n in "ab" for i in range(200))


def test_three_processes_of_two_threads_lose_nothing_not_even_in_the_first_write(tmp_path):
    spawn = multiprocessing.get_context("spawn")
    workers = [spawn.Process(target=process, args=(tmp_path, n)) for n in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    ids = Counter(f.flag_id for f in FeedbackStore(tmp_path).rows())
    assert ids == Counter(f"p{n}{t}-{i}" for n in range(3) for t in "ab" for i in range(50))


WRITER = """
import sys
from dataclasses import replace
from model.feedback import FeedbackStore, new_flag_id
from tests.model.test_feedback import FLAG
store = FeedbackStore(sys.argv[1])
while True:
    print(store.append(replace(FLAG, flag_id=new_flag_id(), report="line\\n" * 20_000)), flush=True)
"""


def test_every_flag_acknowledged_before_kill_9_is_there_once_and_whole(tmp_path):
    acknowledged = []
    for milliseconds in (20, 55, 90, 130):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, cwd=ROOT)
        first = writer.stdout.readline()
        time.sleep(milliseconds / 1000)
        writer.kill()
        rest = writer.communicate()[0]
        acknowledged += (first + rest).decode().split()
    store = FeedbackStore(tmp_path)
    store.append(FLAG)
    ids = Counter(flag.flag_id for flag in store.rows())
    assert set(ids.values()) == {1}
    assert set(acknowledged) <= set(ids)
    assert len(ids) <= len(acknowledged) + 1 + 4  # at most one a kill was on the disk and not yet acknowledged
