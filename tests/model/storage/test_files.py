"""A file is replaced whole, and stays whose it was."""

import errno
import os
import stat

import pytest
from helpers import random_film
from writing import FLAG, a_flag

from model.errors import TrainingError
from model.feedback import FeedbackStore
from model.finetuning.versions import CURRENT, Versions
from model.finetuning.versions import _write as write_choice
from model.storage.files import atomic_file, atomic_folder, atomic_write, exclusive, make_folder

SERVICE = 12345  # a user and a group that are nobody's
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")


def looks(path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)


@as_root
def test_a_file_stays_its_owner_s_whoever_writes_it(tmp_path):
    path = tmp_path / "users.json"
    path.write_text("old")
    os.chown(path, SERVICE, SERVICE + 1)
    path.chmod(0o640)
    atomic_write(path, b"new")
    assert path.read_bytes() == b"new"
    assert looks(path) == (SERVICE, SERVICE + 1, 0o640)


@as_root
def test_a_new_file_is_the_folder_s_owner_s_alone(tmp_path):
    os.chown(tmp_path, SERVICE, SERVICE + 1)
    atomic_write(tmp_path / "flags.csv", b"new")
    assert looks(tmp_path / "flags.csv") == (SERVICE, SERVICE + 1, 0o600)


@pytest.fixture
def services(tmp_path):
    """A service's folder, which root works in."""
    os.chown(tmp_path, SERVICE, SERVICE + 1)
    yield tmp_path
    made = [path for path in tmp_path.rglob("*") if path != tmp_path]
    assert made
    assert {path: looks(path)[:2] for path in made} == dict.fromkeys(made, (SERVICE, SERVICE + 1))


@as_root
def test_what_root_saves_among_a_service_s_verdicts_is_the_service_s(services):
    store = FeedbackStore(services / "kept" / "flags")
    store.append(FLAG)
    assert looks(store.path) == (SERVICE, SERVICE + 1, 0o600)
    store.append(a_flag(study_id="s2"))
    store.keep_film(random_film(1)._replace(sha256="ab" * 32))
    store.take_out("s2")
    store.path.write_bytes(store.path.read_bytes() + b"f9,2,torn")
    store.append(a_flag())
    store.path.write_bytes(b"an article, pasted by mistake")
    store.append(a_flag())
    FeedbackStore(store.folder, "left").append(a_flag())
    kinds = [path.name.split(".", 1)[1].split(".")[-2:] for path in store.folder.iterdir() if path.is_file()]
    assert sorted(kinds) == [["csv"], ["csv"], ["set-aside", "csv"], ["torn", "csv"]]


@as_root
def test_locks_that_root_leaves_among_a_service_s_versions_are_the_service_s(services):
    versions = Versions(services / "models")
    with versions.exclusive(), pytest.raises(TrainingError, match="under way"), versions.exclusive():
        pass
    with exclusive(services / "lock", RuntimeError()):
        pass
    write_choice(services / "models" / CURRENT, {"promoted": []})
    with versions._locked():
        pass
    assert len(list(services.rglob("*"))) == 5


def test_a_folder_that_is_there_stays_as_it_is_and_one_below_a_file_is_refused(tmp_path):
    tmp_path.chmod(0o750)
    make_folder(tmp_path)
    make_folder(tmp_path / "a" / "b", 0o700)
    assert [looks(path)[2] for path in (tmp_path, tmp_path / "a" / "b")] == [0o750, 0o700]
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=r"exists|directory"):
        make_folder(tmp_path / "file" / "b")


def test_a_mode_that_is_asked_for_is_given(tmp_path):
    path = tmp_path / "current.json"
    atomic_write(path, b"{}", 0o644)
    assert looks(path)[2] == 0o644
    atomic_write(path, b"{}", 0o600)
    assert looks(path)[2] == 0o600


def test_a_link_is_replaced_and_what_it_names_is_not(tmp_path):
    (tmp_path / "other").write_text("another's")
    (tmp_path / "users.json").symlink_to(tmp_path / "other")
    atomic_write(tmp_path / "users.json", b"new")
    assert (tmp_path / "other").read_text() == "another's"
    assert not (tmp_path / "users.json").is_symlink()


def test_what_cannot_be_written_leaves_the_old_file_and_nothing_beside_it(tmp_path):
    path = tmp_path / "users.json"
    atomic_write(path, b"old")
    with pytest.raises(TypeError):
        atomic_write(path, None)
    assert path.read_bytes() == b"old"
    assert [found.name for found in tmp_path.iterdir()] == ["users.json"]


def test_a_stream_that_breaks_off_leaves_the_old_file_and_nothing_beside_it(tmp_path):
    path = tmp_path / "state.pt"
    with atomic_file(path) as file:
        file.write(b"old")
    with pytest.raises(TypeError), atomic_file(path) as file:
        file.writelines([b"half of the n", None])
    assert path.read_bytes() == b"old"
    assert [found.name for found in tmp_path.iterdir()] == ["state.pt"]


@pytest.mark.parametrize("refused", [None, "write", "rename", "fsync"])
def test_a_folder_takes_another_s_place_whole_or_not_at_all(tmp_path, monkeypatch, refused):
    folder = tmp_path / "above" / "model"
    with atomic_folder(folder) as new:
        (new / "weights").write_text("old")
    assert looks(folder)[2] == 0o755

    rename = os.replace

    def no_space(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    def fill():
        with monkeypatch.context() as patch, atomic_folder(folder) as new:
            (new / "parts").mkdir()
            (new / "parts" / "weights").write_text("new")
            if refused == "write":
                no_space()
            if refused == "rename":
                patch.setattr("os.replace", lambda a, b: rename(a, b) if a != new else no_space())
            if refused == "fsync":
                patch.setattr("os.fsync", no_space)

    if refused:
        with pytest.raises(OSError, match="No space"):
            fill()
        assert (folder / "weights").read_text() == "old"
    else:
        fill()
        assert [path.name for path in folder.rglob("*")] == ["parts", "weights"]
        assert (folder / "parts" / "weights").read_text() == "new"
    assert list(folder.parent.iterdir()) == [folder]


def test_all_of_a_folder_is_on_the_disk_before_it_takes_its_name(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr("os.fsync", lambda handle: synced.append(os.readlink(f"/proc/self/fd/{handle}")))
    with atomic_folder(tmp_path / "model") as new:
        (new / "parts").mkdir()
        (new / "parts" / "weights").write_text("new")
        (new / "manifest").write_text("{}")
    assert set(synced[:-1]) == {str(new / name) for name in ("", "parts", "parts/weights", "manifest")}
    assert synced[-1] == str(tmp_path)
