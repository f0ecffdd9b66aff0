"""A table of studies from a path, or the embedded demo's."""

from pathlib import Path

from model.storage.paths import DEMO_STUDIES
from model.studies.demo.table import open_demo
from model.studies.stories import read_stories
from model.studies.table import StudyTable, read_table


def open_studies(path: Path | None) -> StudyTable:
    """Read a table of studies; the embedded demo where no path is given.

    Rows that cannot be used are left out and named in `skipped`. A `stories.json` beside the file is read with it.

    Raises:
        StudyTableError: the file is missing, is no such table, or has no usable row; or its stories cannot be told.
    """
    table = open_demo() if path is None else read_table(path)
    folder = DEMO_STUDIES if path is None else path.parent
    table.stories = read_stories(folder, {s.study_id for s in table.studies}, table.findings)
    return table
