"""Where the files of an import go: complete in a scratch folder first, then into place, the table last."""

import os
import shutil
from pathlib import Path

from model.errors import StudyTableError

TABLE, IMAGES = "studies.csv", "images"


class Place:
    """A folder that is to hold a table, and how the table names the source's files from there.

    A table names only files below its folder: those of a source elsewhere are linked or copied below `images`.

    Attributes:
        how: "in place", "hard links" or "copies".
    """

    def __init__(self, folder: Path, out: Path, scratch: Path, copy: bool):
        self.folder, self.out, self.scratch = folder.resolve(), out.resolve(), scratch
        self.how = how(folder, out, copy)

    def bring(self, name: str, called: str = "") -> str:
        """The path by which the table names a file of the source, which is there from then on.

        Args:
            called: what it is called where it is linked or copied; its path in the source if empty.

        Raises:
            StudyTableError: it cannot be linked.
        """
        path = os.path.normpath(self.folder / name)
        if self.how == "in place":
            return Path(os.path.relpath(path, self.out)).as_posix()
        below = Path(IMAGES, called or os.path.relpath(path, self.folder))
        target = self.scratch / below
        target.parent.mkdir(parents=True, exist_ok=True)
        if self.how == "copies":
            shutil.copyfile(path, target)
        elif not target.exists():
            self._link(Path(path).resolve(), target)
        return below.as_posix()

    def _link(self, path: Path, target: Path) -> None:
        try:
            target.hardlink_to(path)
        except OSError as error:
            raise StudyTableError(
                f"The images cannot be linked into {self.out} ({error.strerror}): pass --copy to copy them."
            ) from error

    def publish(self) -> None:
        """Move what the scratch folder holds into place, the table last."""
        for path in sorted(self.scratch.iterdir(), key=lambda p: p.name == TABLE):
            path.replace(self.out / path.name)


def how(folder: Path, out: Path, copy: bool) -> str:
    """How the files of a source in `folder` are named from `out`."""
    if folder.resolve().is_relative_to(out.resolve()):
        return "in place"
    return "copies" if copy else "hard links"


def refuse_taken(folder: Path, out: Path) -> None:
    """Nothing is ever replaced.

    Raises:
        StudyTableError: a table is there already, or images are.
    """
    names = (TABLE,) if how(folder, out, False) == "in place" else (TABLE, IMAGES)
    for path in (out / name for name in names):
        if path.exists():
            raise StudyTableError(f"{path} exists and is not replaced: remove it, or choose another --out.")
