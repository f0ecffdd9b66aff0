"""An import: what is written, what is left out and why, and that it is written whole or not at all."""

import csv
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from functools import partial

import numpy as np
import pandas as pd
import pytest
from helpers import dicom, reasons
from PIL import Image

from model.config import FEW
from model.errors import StudyTableError
from model.importing.import_studies import import_studies
from model.importing.report import ImportReport
from model.importing.sources.csv import open_source
from model.studies.opening import open_studies
from model.studies.rows import Skipped
from model.studies.table import load_film

COLUMNS = ("study_id", "image", "report", "label")


def picture(seed: int, side: int = 40) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 255, (side, side), np.uint8))


@pytest.fixture
def source(tmp_path):
    """Write a CSV below `source`, with nine films."""
    folder = tmp_path / "source"
    (folder / "films").mkdir(parents=True)
    for i in range(9):
        picture(i).save(folder / "films" / f"{i}.png")

    def write(*rows, columns=COLUMNS, encoding="utf-8"):
        path = folder / "mine.csv"
        with path.open("w", newline="", encoding=encoding) as file:
            csv.writer(file).writerows([columns, *rows])
        return path

    return write


def run(path, out=None, **options) -> ImportReport:
    opened = open_source(path)
    return import_studies(opened, out or opened.folder, **{"keep_all": True} | options)


def good(n: int) -> list[tuple[str, ...]]:
    return [(str(i), f"films/{i}.png", f"Report {i}.\nβ", ("Edema|Nodule", "Edema", "")[i % 3]) for i in range(n)]


def tree(folder) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_every_bad_record_is_left_out_with_its_line_and_the_counts_add_up(source, tmp_path):
    films = tmp_path / "source" / "films"
    picture(0).save(films / "same.webp", lossless=True)
    (films / "same.dcm").write_bytes(dicom(np.asarray(picture(0)), WindowCenter=128, WindowWidth=256))
    (films / "empty.png").touch()
    (films / "cut.png").write_bytes((films / "1.png").read_bytes()[:300])
    (films / "text.png").write_text("no picture")
    Image.new("L", (40, 40), 7).save(films / "blank.png")
    rows = [
        *good(3),  # lines 2 to 7: their reports have a line break
        ("a", "films/same.webp", "x", "Edema"),
        ("a", "films/same.dcm", "x", "Edema"),
        ("b", "films/missing.png", "x", "Edema"),
        ("c", "films/empty.png", "x", "Edema"),
        ("d", "films/cut.png", "x", "Edema"),
        ("e", "films/text.png", "x", "Edema"),
        ("f", "films/blank.png", "x", "Edema"),
        ("g", "/etc/hostname", "x", "Edema"),
        ("h", "films/3.png", "x", "NaN"),
        ("0", "films/3.png", "x", "Edema"),
        ("i", "films/3.png", "word " * 3000, "Edema"),
        ("j", "", " ", "Edema"),
        ("k", "films/3.png", "x"),
        ("l", "", "a report alone", "Edema"),
    ]
    path = source(*rows)
    path.write_bytes(path.read_bytes() + "m,films/3.png,Épanchement,Edema\n".encode("latin-1"))
    report = run(path)
    why = ["duplicate image"] * 2 + ["missing image"] + ["unreadable image"] * 4 + ["missing image", "no label"]
    why += ["study_id empty or not unique", "no usable report", "no usable report", "unreadable row"]
    lines = [f"line {n}" for n in (*range(8, 21), 22)]
    assert reasons(report) == dict(zip(lines, [*why, "unreadable row"], strict=True))
    assert (report.studies, report.records) == (4, 18)
    written = json.loads((path.parent / "import.json").read_text(encoding="utf-8"))
    assert written["records"] == written["studies"] + sum(written["left_out"].values()) == 18
    assert [r["record"] for r in written["records_left_out"]] == list(reasons(report))
    assert "line 8: its pixels are those of line 2" in (path.parent / "import.txt").read_text(encoding="utf-8")


def test_the_table_reads_back_as_the_source_says(source):
    path = source(*((*row, f"p{i // 2}", "", "f") for i, row in enumerate(good(6))),
                  columns=(*COLUMNS, "patient_id", "split", "sex"))  # fmt: skip
    report = run(path)
    table, ours, theirs = (
        open_studies(path.parent / "studies.csv"),
        *(pd.read_csv(p, dtype=str, keep_default_na=False) for p in (path.parent / "studies.csv", path)),
    )
    assert not table.skipped
    pd.testing.assert_frame_equal(ours[theirs.columns].drop(columns="split"), theirs.drop(columns="split"))
    assert report.splits == pd.Series([s.split for s in table.studies]).value_counts().to_dict()
    assert all(load_film(s).pixels.shape == (40, 40) for s in table.studies)


@pytest.mark.parametrize("copy", [False, True])
def test_images_elsewhere_are_linked_or_copied_below_the_table(source, tmp_path, copy):
    path, out = source(*good(3)), tmp_path / "new" / "out"
    run(path, out, copy=copy)
    table = open_studies(out / "studies.csv")
    assert sorted(str(s.image.relative_to(out)) for s in table.studies) == [f"images/films/{i}.png" for i in range(3)]
    for study in table.studies:
        original = path.parent / "films" / study.image.name
        assert study.image.read_bytes() == original.read_bytes()
        assert study.image.samefile(original) != copy
    assert sorted(p.name for p in out.iterdir()) == ["images", "import.json", "import.txt", "studies.csv"]


def test_a_folder_above_the_images_refers_to_them_in_place(source, tmp_path):
    run(source(*good(3)), tmp_path)
    assert open_studies(tmp_path / "studies.csv").studies[0].image == tmp_path / "source/films/0.png"


def test_lung_masks_come_along(source, tmp_path):
    path = source(*((*row, "films/8.png") for row in good(3)), columns=(*COLUMNS, "lung_mask"))
    run(path, tmp_path / "out")
    masks = {s.lung_mask for s in open_studies(tmp_path / "out" / "studies.csv").studies}
    assert masks == {tmp_path / "out/images/films/8.png"}


def test_where_images_cannot_be_linked_copying_is_named(source, tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(StudyTableError, match="--copy"):
        run(source(*good(3)), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_nothing_is_ever_replaced(source, tmp_path):
    path = source(*good(3))
    mine = path.rename(path.with_name("studies.csv"))
    before = tree(tmp_path)
    with pytest.raises(StudyTableError, match="--out"):
        run(mine)
    (tmp_path / "out" / "images").mkdir(parents=True)
    with pytest.raises(StudyTableError, match="images exists"):
        run(mine, tmp_path / "out")
    assert tree(tmp_path) == before


def test_the_same_seed_gives_the_same_bytes(source, tmp_path):
    path = source(*((*row, f"p{i}") for i, row in enumerate(good(9))), columns=(*COLUMNS, "patient_id"))
    path.write_text(path.read_text() + "".join(f"r{i},,Clear.,Edema,q{i}\n" for i in range(FEW)))  # enough for splits
    digests = []
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        run(path, tmp_path / name, seed=seed)
        digests.append(hashlib.sha256((tmp_path / name / "studies.csv").read_bytes()).hexdigest())
    assert digests[0] == digests[1] != digests[2]


def test_a_patient_in_two_splits_is_moved_to_the_stricter_and_named(source):
    columns = (*COLUMNS, "patient_id", "split")
    extra = [("p", "train"), ("p", "test"), ("q", "train"), ("r", "val")]
    path = source(*(row + more for row, more in zip(good(4), extra, strict=True)), columns=columns)
    report = run(path)
    assert {s.study_id: s.split for s in open_studies(path.parent / "studies.csv").studies} == {
        "0": "test", "1": "test", "2": "train", "3": "val",
    }  # fmt: skip
    assert [m[:3] for m in report.moved] == [("line 2", "train", "test")]
    assert "several splits" in (path.parent / "import.txt").read_text(encoding="utf-8")


def test_an_empty_label_where_all_others_name_one_is_left_out_as_the_table_would(source):
    rows = [(str(i), f"films/{i}.png", "x", ("COVID-19", "No finding")[i % 2]) for i in range(6)]
    path = source(*rows, ("6", "films/6.png", "x", ""))
    assert reasons(run(path)) == {"line 8": "no label"}
    assert not open_studies(path.parent / "studies.csv").skipped


def test_where_no_record_can_be_used_nothing_is_written(source, tmp_path):
    with pytest.raises(StudyTableError, match="missing"):
        run(source(("1", "films/x.png", "x", "Edema")), tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_stopped_at_any_time_it_leaves_no_table(source, tmp_path, how):
    big = picture(0, 1500)
    for i in range(40):
        big.putpixel((i, 0), 255 - big.getpixel((i, 0)))
        big.save(tmp_path / "source" / "films" / f"{i}.png", compress_level=0)
    rows = [(str(i), f"films/{i}.png", "x", "Edema") for i in range(40)]
    out = tmp_path / "out"
    options = "--keep-all", "--out", str(out)
    command = [sys.executable, "-m", "dashboard.cli", "import", "csv", str(source(*rows)), *options]
    # A shell has what it runs in the background ignore Ctrl-C, and children inherit that.
    heeding = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=heeding)
    while not list(out.glob("unfinished-import-*/whole/images/films/3.png")):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(how)
    said = process.communicate()[1]
    assert not (out / "studies.csv").exists()
    if how == signal.SIGINT:
        assert process.returncode == 130
        assert "nothing was written" in said
        assert "Traceback" not in said
        assert not out.exists()
    assert run(tmp_path / "source" / "mine.csv", out).studies == 40


def test_a_row_that_cannot_be_read_is_named_as_the_table_names_it(source):
    path = source(*good(2))
    path.write_text(path.read_text() + 'x,films/3.png,"open,Edema\n')
    assert [(x.where, x.why) for x in run(path).left_out] == [
        (f"line {s.line}", s.why) for s in open_studies(path).skipped if isinstance(s, Skipped)
    ]


def joined(report: ImportReport) -> dict[str, str]:
    return {j.where: j.into for j in report.joined}


def test_a_row_a_finding_becomes_one_study_with_all_of_them(source):
    rows = [("7", "films/0.png", "x", "Edema"), ("8", "films/1.png", "y", "Nodule"),
            ("7", "films/0.png", "x", "Nodule"), ("9", "films/0.png", "", "Edema"),
            ("10", "films/2.png", "x", "")]  # fmt: skip
    path = source(*rows)
    report = run(path)
    assert joined(report) == {"line 4": "line 2", "line 5": "line 2"}
    assert (report.studies, report.records, report.left_out) == (3, 5, [])
    labels = {s.study_id: s.labels for s in open_studies(path.parent / "studies.csv").studies}
    assert labels == {"7": {"Edema", "Nodule"}, "8": {"Nodule"}, "10": set()}
    assert "line 4: to line 2" in (path.parent / "import.txt").read_text(encoding="utf-8")


def test_several_reports_of_a_film_are_joined_and_several_films_of_a_study_are_one_patients(source):
    rows = [("a", "films/0.png", "First.", "Edema"), ("a", "films/0.png", "Addendum.", "Nodule"),
            ("b", "films/1.png", "Both.", "Edema"), ("b", "films/2.png", "Both.", "Edema"),
            ("c", "films/3.png", "", "Edema"), ("c", "", "Later.", "Edema"),
            ("d", "films/4.png", "One.", "Edema"), ("d", "films/5.png", "Another.", "Nodule"),
            ("e", "films/0.png", "Of whom?", "Nodule")]  # fmt: skip
    path = source(*rows)
    report = run(path)
    studies = {s.study_id: s for s in open_studies(path.parent / "studies.csv").studies}
    assert {i: s.report for i, s in studies.items()} == {
        "a": "First.\n\nAddendum.", "b": "Both.", "b-2": "Both.", "c": "Later.", "d": "One.",
    }  # fmt: skip
    assert studies["a"].labels == {"Edema", "Nodule"}
    assert studies["b"].patient_id == studies["b-2"].patient_id == "b"
    assert joined(report) == {"line 3": "line 2", "line 7": "line 6"}
    assert reasons(report) == {"line 9": "study_id empty or not unique", "line 10": "duplicate image"}
    assert "which has other labels" in report.left_out[-1].why
    assert "'b-2'" in " ".join(report.notes)


def test_images_outside_the_tables_folder_come_along_as_links_or_copies(source, tmp_path):
    for name, side in (("x", 41), ("y", 42)):
        (tmp_path / name).mkdir()
        picture(side).save(tmp_path / name / "film.png")
    path = source(("1", "../x/film.png", "x", "Edema"), ("2", str(tmp_path / "y/film.png"), "x", ""))
    with pytest.raises(StudyTableError, match="--copy"):
        run(path)
    run(path, tmp_path / "out")
    run(path, copy=True)
    for folder, linked in ((tmp_path / "out", True), (path.parent, False)):
        table = open_studies(folder / "studies.csv")
        assert len({s.image for s in table.studies}) == 2
        for study, name in zip(table.studies, "xy", strict=True):
            assert study.image.is_relative_to(folder)
            assert study.image.read_bytes() == (tmp_path / name / "film.png").read_bytes()
            assert study.image.samefile(tmp_path / name / "film.png") == linked


def test_labels_are_written_in_one_spelling_and_what_was_meant_is_said(source):
    labels = ["Effusion", "effusion ", "['Effusion', 'Edema']", "Edema; Effusion", "None"]
    path = source(*((str(i), f"films/{i}.png", "x", label) for i, label in enumerate(labels)))
    report = run(path)
    written = pd.read_csv(path.parent / "studies.csv", dtype=str, keep_default_na=False)["label"].tolist()
    assert written == ["Effusion", "Effusion", "Effusion|Edema", "Edema|Effusion"]
    assert reasons(report) == {"line 6": "no label"}
    assert "'effusion'" in " ".join(report.in_words())


def test_few_studies_get_no_splits(source):
    path = source(*good(9))
    few = run(path)
    written = pd.read_csv(path.parent / "studies.csv", dtype=str, keep_default_na=False)
    assert set(written["split"]) == {""}
    assert "cross-validates" in " ".join(few.in_words())
    assert few.summary()["splits_written"] is False
