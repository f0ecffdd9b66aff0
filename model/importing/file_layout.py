"""Where the files of an import go: complete in a scratch folder first, then into place, the table last."""

import hashlib
import os
import shutil
from pathlib import Path

from model.errors import StudyTableError
from model.storage.files import sync

TABLE, IMAGES = "studies.csv", "images"
ELSEWHERE = "images-elsewhere"  # for what lies outside the folder of the source


class FileLayout:
    """A folder that is to hold a table, and how the table names the source's files from there.

    A table names only files below its folder: those of a source elsewhere are linked or copied below `images`, and what
    the source names outside of its own folder below `images-elsewhere`.

    Attributes:
        how: "in place", "hard links" or "copies".
        anywhere: whether what lies outside the folder of the source can be brought.
    """

    def __init__(self, folder: Path, out: Path, scratch: Path, copy: bool):
        self.folder, self.out, self.scratch = folder.resolve(), out.resolve(), scratch
        self.how = how(folder, out, copy)
        self.anywhere = copy or self.how != "in place"

    def bring(self, name: str, called: str = "") -> str:
        """The path by which the table names a file of the source, which is there from then on.

        Args:
            called: what it is called where it is linked or copied; its path in the source if empty.

        Raises:
            StudyTableError: it cannot be linked.
        """
        path = Path(os.path.normpath(self.folder / name))
        inside = path.resolve().is_relative_to(self.folder)
        if inside and self.how == "in place":
            return Path(os.path.relpath(path, self.out)).as_posix()
        if inside:
            below = Path(IMAGES, called or os.path.relpath(path, self.folder))
        else:  # a place of its own for each, without the names of the folders that it lies in
            parent = hashlib.sha256(os.fsencode(path.parent)).hexdigest()[:8]
            below = Path(ELSEWHERE, parent, called or path.name)
        target = self.scratch / below
        target.parent.mkdir(parents=True, exist_ok=True)
        if self.how != "hard links":
            shutil.copyfile(path, target)
        elif not target.exists():
            try:
                target.hardlink_to(path.resolve())
            except OSError as error:
                raise StudyTableError(
                    f"The images cannot be linked into {self.out} ({error.strerror}): pass --copy to copy them."
                ) from error
        return below.as_posix()

    def publish(self) -> None:
        """Move what the scratch folder holds into place, the table last; then all of it is on the disk."""
        if self.how == "copies":
            os.sync()  # at once: a flush for each of many thousand copies takes far longer
        for path in sorted(self.scratch.iterdir(), key=lambda p: p.name == TABLE):
            if path.is_file():
                sync(path)
            path.replace(self.out / path.name)
        sync(self.out)


def how(folder: Path, out: Path, copy: bool) -> str:
    """How the files of a source in `folder` are named from `out`."""
    if folder.resolve().is_relative_to(out.resolve()):
        return "in place"
    return "copies" if copy else "hard links"


def refuse_existing_import(folder: Path, out: Path) -> None:
    """Nothing is ever replaced.

    Raises:
        StudyTableError: a table is there already, or images are.
    """
    names = (TABLE, ELSEWHERE) if how(folder, out, False) == "in place" else (TABLE, IMAGES, ELSEWHERE)
    for path in (out / name for name in names):
        if path.exists():
            raise StudyTableError(f"{path} exists and is not replaced: remove it, or choose another --out.")
