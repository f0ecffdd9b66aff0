"""Files that a crash tore, that another program changed, and disks that fail: nothing acknowledged is lost, and who
was not acknowledged is told."""

import errno
import os
import resource
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest
from writing import FLAG, a_flag

from model.errors import FeedbackError, StoreError
from model.feedback import FeedbackStore, Flag, turns
from model.feedback.cells import END, HEADER


def failing(number: int, after: int = 0):
    """An os.pwrite that writes so many bytes, and then fails."""
    pwrite, room = os.pwrite, after

    def write(file, data, at):
        nonlocal room
        if room == 0:
            raise OSError(number, os.strerror(number))
        written = pwrite(file, data[:room], at)
        room -= written
        return written

    return write


# What is torn or foreign


def aside(folder: Path, why: str) -> list[bytes]:
    """What was set aside."""
    return [path.read_bytes() for path in sorted(folder.glob(f"flags.*.{why}.csv"))]


def test_a_row_torn_anywhere_is_set_aside_by_the_next_append(tmp_path):
    store = FeedbackStore(tmp_path)
    flags = [a_flag(comment="line\r\nline\n"), a_flag(comment='"quoted"\n'), a_flag()]
    store.append(flags[0])
    first = store.path.stat().st_size
    store.append(flags[1])
    whole = store.path.read_bytes()
    for length in {*range(0, len(HEADER) + 40, 7), first - 3, first - 2, *range(first, len(whole), 5), len(whole) - 1}:
        folder = tmp_path / str(length)
        folder.mkdir()
        (folder / "flags.csv").write_bytes(whole[:length])
        # But for its end the last row may be whole: an editor drops that.
        kept = [flag for flag, end in zip(flags, (first, len(whole)), strict=False) if length >= end - len(END)]
        assert FeedbackStore(folder).rows() == kept
        FeedbackStore(folder).append(flags[2])
        assert FeedbackStore(folder).rows() == [*kept, flags[2]]
        begun = whole[(len(HEADER), first, len(whole))[len(kept)] : length]
        assert aside(folder, "torn") == [begun] * bool(begun.strip(END))


def test_a_torn_row_longer_than_a_block_is_cut(tmp_path):
    store = FeedbackStore(tmp_path)
    store.append(FLAG)
    with store.path.open("ab") as file:
        file.write(b"torn,1," + b"x" * 200_000)
    store.append(later := a_flag())
    assert store.rows() == [FLAG, later]


def test_a_file_that_another_program_rewrote_is_read_and_written_anew_by_the_next_flag(tmp_path):
    store = FeedbackStore(tmp_path)
    store.append(FLAG)
    ours = store.path.read_bytes()
    pd.read_csv(store.path).to_csv(store.path, index=False)
    changed = store.path.read_bytes()
    assert not changed.startswith(HEADER)
    assert store.rows() == [FLAG]
    assert store.path.read_bytes() == changed
    store.append(later := a_flag())
    assert store.rows() == [FLAG, later]
    assert store.path.read_bytes().startswith(ours)


def test_a_row_changed_by_hand_is_named_and_not_quoted_and_hides_no_other(tmp_path):
    store = FeedbackStore(tmp_path)
    store.append(FLAG)
    store.append(kept := a_flag(study_id="s2"))
    store.path.write_bytes(store.path.read_bytes().replace(b"disagree", b"perhaps", 1))
    (trouble,) = store.read().troubles
    assert str(trouble).startswith("Row 2 of flags.csv (as a spreadsheet counts them; from line 2)")
    assert "effusion" not in str(trouble)
    assert store.rows() == [kept]
    store.append(later := a_flag(study_id="s2"))
    assert store.rows() == [kept, later]
    assert store.take_out("s2").rows == 2
    assert b"perhaps" in store.path.read_bytes()


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


HOLD = """
import fcntl, os, sys, time
fcntl.flock(os.open(sys.argv[1], os.O_RDONLY), fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("what", ["flags.csv", "."])
def test_a_lock_that_another_program_holds_refuses_flags_in_time_and_ends_with_it(tmp_path, monkeypatch, what):
    monkeypatch.setattr(turns, "LIMIT", 0.3)
    store = FeedbackStore(tmp_path)
    store.append(FLAG)
    before = store.path.read_bytes()
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path / what)], stdout=subprocess.PIPE)
    try:
        holder.stdout.readline()
        threads = threading.active_count()
        with ThreadPoolExecutor(8) as pool:
            waiting = [pool.submit(store.append, a_flag()) for _ in range(16)]
            for each in waiting:
                with pytest.raises(StoreError, match="another program holds its lock"):
                    each.result(timeout=60)
        assert threading.active_count() <= threads + 1  # one waits with the kernel, however many asked
        assert store.rows() == [FLAG]  # reading waits for nobody
        with pytest.raises(StoreError, match="another program holds its lock"):
            FeedbackStore(tmp_path).append(a_flag())
    finally:
        holder.kill()
        holder.communicate()
    monkeypatch.setattr(turns, "LIMIT", 60)
    store.append(later := a_flag())
    assert store.rows() == [FLAG, later]
    assert store.path.read_bytes().startswith(before)


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


def brief(flag_id: str) -> Flag:
    """A flag of few bytes."""
    return FLAG.tombstone().changed(flag_id=flag_id, verdict="agree")


def stuck(file, length):
    raise OSError(errno.EIO, os.strerror(errno.EIO))


@pytest.mark.parametrize("undoes", [True, False])
@pytest.mark.parametrize("rows_before", [0, 1])
def test_a_disk_full_at_any_position_of_a_row_leaves_a_valid_file(tmp_path, monkeypatch, undoes, rows_before):
    """Even where the half row cannot be taken back at once: the next flag does it."""
    monkeypatch.setattr("os.fsync", lambda file: None)  # what it costs is not what is tested
    lost, saved, before = brief("lost"), brief("saved"), [brief("before")] * rows_before
    store = FeedbackStore(tmp_path)
    for flag in before:
        store.append(flag)
    start = store.path.read_bytes() if before else b""
    store.append(lost)
    written = store.path.stat().st_size - len(start)
    for position in range(written):
        for left in tmp_path.glob("*.torn.csv"):
            left.unlink()
        store.path.write_bytes(start)
        with monkeypatch.context() as patch:
            patch.setattr("os.pwrite", failing(errno.ENOSPC, position))
            if not undoes:
                patch.setattr("os.ftruncate", stuck)
            with pytest.raises(FeedbackError, match="The flag was not saved: No space left on device"):
                store.append(lost)
            # Without its end it cannot be told from a row of which an editor dropped that, and is one.
            whole = [lost] * (not undoes and position >= written - len(END))
            assert store.rows() == before + whole
        for flag in (saved, lost):
            store.append(flag)
        assert FeedbackStore(tmp_path).rows() == [*before, *whole, saved, *([] if whole else [lost])]


def test_a_file_system_that_is_full_refuses_flags_until_there_is_room(tmp_path):
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", tmp_path], capture_output=True).returncode:
        pytest.skip("only who may mount a small file system can fill it")
    try:
        store, ballast = FeedbackStore(tmp_path), tmp_path / "ballast"
        ballast.write_bytes(b"x" * 20_000)
        saved = [a_flag(report="line\n" * 500) for _ in range(10)]
        for flag in saved:
            store.append(flag)
        refused = a_flag(report="line\n" * 5_000)
        with pytest.raises(FeedbackError, match="The flag was not saved: No space left on device"):
            store.append(refused)
        assert store.rows() == saved
        ballast.unlink()
        store.append(refused)
        assert FeedbackStore(tmp_path).rows() == [*saved, refused]
    finally:
        subprocess.run(["umount", tmp_path], check=True)


def test_a_write_that_fails_leaves_the_file_as_it_was(tmp_path, monkeypatch):
    store = FeedbackStore(tmp_path)
    store.append(FLAG)
    before = store.path.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr("os.pwrite", failing(errno.EIO))
        with pytest.raises(FeedbackError, match="The flag was not saved: Input/output error"):
            store.append(a_flag())
    assert store.path.read_bytes() == before
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


def test_a_purge_that_cannot_be_written_leaves_the_rows_and_can_be_repeated(tmp_path, monkeypatch):
    store = FeedbackStore(tmp_path)
    store.append(FLAG)
    before = store.path.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr("os.pwrite", failing(errno.ENOSPC))
        with pytest.raises(FeedbackError, match="not purged: No space left"):
            store.take_out("s1")
    assert store.path.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["flags.csv"]
    assert store.take_out("s1").rows == 1
