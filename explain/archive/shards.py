"""A table explained into a folder, shard by shard: whoever stops it, or kills it, goes on from the last whole shard.

    archive.json                 what is explained: model, table, split, β, finding, methods
    explanations-00000.parquet   a row a study, its columns named as in explanation.json, and the film's map as it is
                                 before ReLU and upsampling (`explain.every_beta.heatmap` does both)
    overlays/00000/000017.png    the film with its heat over it; its row names it

The shards together are one table: `pandas.read_parquet(sorted(folder.glob("*.parquet")))`. Any number of processes may
write shards of one archive; see `explain.archive.ray_cluster`. Files come whole, by another one that is renamed: a
process that is killed may leave that behind, and nothing reads it.
"""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from explain.archive.export import describe
from explain.archive.studies import Row, explain_studies
from explain.every_beta.evidence import DEFAULT
from explain.every_beta.heatmap import heatmap
from explain.every_beta.overlay import overlay_png
from explain.methods.registry import method
from model.errors import ArchiveError
from model.inference.encoding import MODALITIES
from model.inference.engine import Engine, valid_beta
from model.storage.files import atomic_write
from model.studies.table import Study, StudyTable

FORMAT = "betalens-archive/1"
PLAN = "archive.json"
SHARD = 128  # studies: what is lost at most
WRITERS = 2


class Archive:
    """The explanations of a split of a table in a folder, as far as they are there.

    Args:
        beta: None for the model's default.
        finding: None for the most probable one of each study.
        image_method: name of the method for films; see `explain.methods.registry`.
        report_method: name of the method for reports.

    Raises:
        ArchiveError: the folder holds something else, or cannot be written to.
        ChoiceError: the split, β, the finding or a method is out of range.
    """

    def __init__(
        self,
        out: Path,
        engine: Engine,
        table: StudyTable,
        split: str,
        beta: float | None,
        finding: str | None,
        image_method: str = DEFAULT["image"],
        report_method: str = DEFAULT["report"],
    ):
        self.out = out
        self.engine = engine
        self.studies = table.of_split(split)
        self.split = split
        if finding is not None:
            engine.finding_index(finding)
        chosen = {
            "image_method": method("image", image_method).name,
            "report_method": method("report", report_method).name,
        }
        beta = valid_beta(engine.default_beta if beta is None else beta)
        self.asked = {"beta": beta, "finding": finding, **chosen}
        self._plan = {"format": FORMAT, "model": engine.digest, "table": table.digest, "split": split, **self.asked}
        self._claim()

    def missing(self) -> list[int]:
        """The numbers of the shards that are not there yet."""
        return [n for n in range(-(-len(self.studies) // SHARD)) if not self._path(n).exists()]

    def remaining(self) -> int:
        """How many studies are in those."""
        return sum(len(self.shard(n)) for n in self.missing())

    def shard(self, number: int) -> tuple[Study, ...]:
        """The studies of a shard."""
        return self.studies[number * SHARD : (number + 1) * SHARD]

    def write(self, done: Callable[[list[Row]], None]) -> None:
        """Explain what is missing.

        Args:
            done: told of rows as they are finished.

        Raises:
            ArchiveError: the folder cannot be written to.
            StudyTableError: the table was changed meanwhile.
        """
        for number in self.missing():
            self.write_shard(number, done)

    def write_shard(self, number: int, done: Callable[[list[Row]], None] = lambda rows: None) -> list[Row]:
        """Explain a shard, whether it is there or not. Overlays are written while the next batch is explained.

        Args:
            done: told of rows as they are finished.

        Returns:
            A row a study, in their order.

        Raises:
            ArchiveError: the folder cannot be written to.
            StudyTableError: the table was changed meanwhile.
        """
        try:
            with ThreadPoolExecutor(WRITERS, thread_name_prefix="write") as writers:
                return self._write_shard(number, writers, done)
        except OSError as error:
            raise ArchiveError(f"{self.out} cannot be written to: {error.strerror}.") from error

    def unexplained(self) -> int:
        """How many studies of the shards that are there have an error."""
        shards = sorted(self.out.glob("explanations-*.parquet"))
        errors = [pq.read_table(shard, columns=["error"])["error"] for shard in shards]
        return sum(len(column) - column.null_count for column in errors)

    def _write_shard(self, number: int, writers: ThreadPoolExecutor, done: Callable[[list[Row]], None]) -> list[Row]:
        studies = self.shard(number)
        folder = self.out / "overlays" / f"{number:05d}"
        folder.mkdir(parents=True, exist_ok=True)
        names = {s.study_id: folder / f"{number * SHARD + i:06d}.png" for i, s in enumerate(studies)}
        pictures = []

        def finished(rows: list[Row]) -> None:
            drawn = [row for row in rows if row.explained and row.explained.cam is not None]
            pictures.extend(writers.submit(draw, row, names[row.study.study_id]) for row in drawn)
            done(rows)

        rows = explain_studies(self.engine, studies, **self.asked, done=finished)
        for picture in pictures:
            picture.result()
        records = [self._record(row, names[row.study.study_id]) for row in rows]
        content = pa.BufferOutputStream()
        pq.write_table(pa.Table.from_pylist(records, self._schema()), content, compression="zstd")
        atomic_write(self._path(number), memoryview(content.getvalue()))  # last: with it the shard is there
        return rows

    def _record(self, row: Row, picture: Path) -> dict[str, Any]:
        known = {
            "study_id": row.study.study_id,
            "line": row.study.line,
            "error": row.error or None,
            "image_sha256": row.image_sha256,
        }
        found = row.explained
        if found is None:
            return known
        assert row.familiarity  # what is explained has it
        known |= describe(self.engine, found, row.familiarity)
        if found.cam is None:
            return known
        cam, box = found.image_map
        heat = {"rows": cam.shape[1], "cols": cam.shape[2], "values": cam[0].ravel().astype(np.float32)}
        heat |= {"box": box._asdict(), "scale": found.cell_scale}
        return known | {"heat": heat, "overlay": picture.relative_to(self.out).as_posix()}

    def _schema(self) -> pa.Schema:
        real, text = pa.float64(), pa.string()
        word = pa.struct({"text": text, "start": pa.int32(), "end": pa.int32(), "score": real})
        why = dict.fromkeys(("kind", "modality", "sentence"), text)
        box = pa.struct(dict.fromkeys(("top", "left", "height", "width"), real))
        heat = {"rows": pa.int32(), "cols": pa.int32(), "values": pa.list_(pa.float32()), "box": box, "scale": real}
        columns = {
            "study_id": text,
            "line": pa.int32(),
            "error": text,
            "image_sha256": text,
            "in_distribution": pa.struct(dict.fromkeys(MODALITIES, real)),
            "cannot_tell": pa.list_(pa.struct(why | {"nearer": pa.int32(), "of": pa.int32(), "named": text})),
            "unasked": pa.list_(pa.struct(why | {"held_out": pa.int32(), "needed": pa.int32()})),
            "model": text,
            "finding": text,
            "beta": real,
            "prediction": pa.struct(dict.fromkeys(self.engine.findings, real)),
            "logit": real,
            "reference_logit": real,
            "contributions": pa.struct({"image": real, "report": real}),
            "interaction": real,
            "flips": pa.list_(real),
            "methods": pa.struct({"image": text, "report": text}),
            "completeness_error": pa.struct({"image": real, "report": real}),
            "read_to": pa.int32(),
            "words": pa.list_(word),
            "heat": pa.struct(heat),
            "overlay": text,
        }
        return pa.schema(columns, metadata={"betalens": json.dumps(self._plan)})

    def _path(self, number: int) -> Path:
        return self.out / f"explanations-{number:05d}.parquet"

    def _claim(self) -> None:
        path = self.out / PLAN
        try:
            if path.exists():
                self._compare(json.loads(path.read_text("utf-8")))
            elif self.out.is_dir() and any(self.out.iterdir()):
                raise ArchiveError(f"{self.out} is not empty and holds no explanations; name another folder.")
            else:
                self.out.mkdir(parents=True, exist_ok=True)
                atomic_write(path, (json.dumps(self._plan, indent=2, ensure_ascii=False) + "\n").encode())
        except (OSError, ValueError, RecursionError) as error:
            raise ArchiveError(f"{self.out} cannot hold an archive of explanations: {error}.") from error

    def _compare(self, found: dict[str, Any]) -> None:
        found = {"image_method": "gradcam"} | found  # archives had no other, and did not say so
        names = {"image_method": "method for the film", "report_method": "method for the report", "beta": "β"}
        for key, value in self._plan.items():
            if found.get(key) != value:
                name = names.get(key, key)
                raise ArchiveError(f"{self.out} was begun with another {name}; name another folder, or delete it.")


def draw(row: Row, path: Path) -> None:
    """Write the overlay of an explained film."""
    film, found = row.picture, row.explained
    assert film is not None
    assert found
    cam, box = found.image_map
    heat = heatmap(cam[0], box, *film.shape)
    atomic_write(path, overlay_png(film.astype(np.float32) / 255, heat, found.cell_scale, compress_level=1))
