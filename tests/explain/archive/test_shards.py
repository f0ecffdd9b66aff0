"""Tables explained into a folder, stopped and gone on with."""

import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from helpers import REPORT
from PIL import Image

from explain.archive import shards
from explain.archive.shards import Archive
from explain.archive.studies import explain_studies
from explain.every_beta.heatmap import heatmap
from model.errors import ArchiveError, ChoiceError
from model.network.preprocess import Box
from model.studies.opening import open_studies

COUNT = 10
ASKED = {"split": "all", "beta": 0.3, "finding": "Effusion", "report_method": "contextual_cam"}


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    folder = tmp_path_factory.mktemp("table")
    Image.radial_gradient("L").resize((90, 120)).save(folder / "film.png")
    (folder / "torn.png").write_bytes((folder / "film.png").read_bytes()[:300])
    films = ["film.png", "", "torn.png"]
    rows = [
        {"study_id": f"s{i}", "image": films[i % 3], "report": REPORT[i * 6 :], "label": "Effusion"}
        for i in range(COUNT)
    ]
    pd.DataFrame(rows).to_csv(folder / "studies.csv", index=False)
    return open_studies(folder / "studies.csv")


@pytest.fixture(scope="module", autouse=True)
def small_shards():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shards, "SHARD", 4)
        yield


@pytest.fixture(scope="module")
def written(engine, table, tmp_path_factory):
    archive = Archive(tmp_path_factory.mktemp("archive") / "out", engine, table, **ASKED)
    archive.write(lambda rows: None)
    return archive


def read(archive: Archive) -> list[dict]:
    return [row for p in sorted(archive.out.glob("*.parquet")) for row in pq.read_table(p).to_pylist()]


def test_an_archive_holds_every_study_in_order_with_its_explanation(engine, table, written):
    rows = read(written)
    assert [row["study_id"] for row in rows] == [s.study_id for s in table.studies]
    expected = explain_studies(engine, table.studies, 0.3, "Effusion", report_method="contextual_cam")
    for row, study in zip(rows, expected, strict=True):
        if study.error:
            assert (row["error"], row["finding"], row["words"]) == (study.error, None, None)
            continue
        found = study.explained
        assert row["model"] == engine.digest
        assert row["image_sha256"] == study.image_sha256
        assert list(row["prediction"].values()) == pytest.approx(found.probabilities[0].tolist(), abs=1e-5)
        assert [w["score"] for w in row["words"]] == pytest.approx(found.word_scores[0].tolist(), abs=1e-5)
        assert "".join(w["text"] for w in row["words"]) == "".join(w.text for w in found.words)
    assert written.unexplained() == 3
    assert [row["error"][:7] for row in rows if row["error"]] == ["Line 4 ", "Line 7 ", "Line 10"]


def test_the_map_and_the_overlay_are_of_the_film(written):
    row, without_film = read(written)[:2]
    heat = row["heat"]
    cam = np.reshape(heat["values"], (heat["rows"], heat["cols"]))
    with Image.open(written.out / row["overlay"]) as picture:
        assert picture.size == (90, 120)
    assert heatmap(cam, Box(**heat["box"]), 120, 90).max() <= max(cam.max(), 0)
    assert without_film["overlay"] is without_film["heat"] is None


def test_what_was_stopped_goes_on_and_ends_as_if_it_had_not_been(engine, table, written, tmp_path):
    out, told = tmp_path / "stopped", []

    def stop_in_the_second_shard(rows):
        told.extend(rows)
        if len(told) > 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Archive(out, engine, table, **ASKED).write(stop_in_the_second_shard)
    again = Archive(out, engine, table, **ASKED)
    assert again.remaining() == COUNT - 4
    told.clear()
    again.write(told.extend)
    assert sorted(r.study.study_id for r in told) == sorted(s.study_id for s in table.studies[4:])
    for row, uninterrupted in zip(read(again), read(written), strict=True):
        assert {k: v for k, v in row.items() if isinstance(v, str)} == {
            k: v for k, v in uninterrupted.items() if isinstance(v, str)
        }
        assert row["logit"] == pytest.approx(uninterrupted["logit"], abs=1e-5)
    assert not again.remaining()


@pytest.mark.parametrize(
    "other",
    [
        {"beta": 0.4},
        {"finding": None},
        {"image_method": "layercam"},
        {"report_method": "integrated_gradients"},
    ],
)
def test_a_folder_begun_with_another_question_is_refused(engine, table, written, other):
    with pytest.raises(ArchiveError, match="another"):
        Archive(written.out, engine, table, **ASKED | other)


def test_a_folder_begun_before_films_had_a_choice_of_methods_is_gone_on_with(engine, table, written, tmp_path):
    plan = json.loads((written.out / "archive.json").read_text())
    assert plan.pop("image_method") == "gradcam"
    (tmp_path / "archive.json").write_text(json.dumps(plan))
    assert Archive(tmp_path, engine, table, **ASKED).remaining() == COUNT
    with pytest.raises(ArchiveError, match="another method for the film"):
        Archive(tmp_path, engine, table, **ASKED, image_method="layercam")


def test_an_archive_takes_any_method_and_scales_the_colours_of_a_finer_map(engine, table, written, tmp_path):
    chosen = {"image_method": "integrated_gradients", "report_method": "leave_one_word_out"}
    archive = Archive(tmp_path / "out", engine, table, **ASKED | chosen)
    archive.write_shard(0)
    (row, *_), (coarse, *_) = read(archive), read(written)
    assert row["methods"] == {"image": "integrated_gradients", "report": "leave_one_word_out"}
    (alone,) = explain_studies(engine, table.studies[:1], 0.3, "Effusion", **chosen)
    assert row["completeness_error"]["image"] == pytest.approx(alone.explained.image_error, rel=1e-3)
    assert row["completeness_error"]["report"] is None
    heat, known = row["heat"], coarse["heat"]
    assert (heat["rows"], heat["cols"]) == (2 * known["rows"], 2 * known["cols"])
    assert heat["scale"] == pytest.approx(known["scale"] / 4)
    assert [w["text"] for w in row["words"]] == [w["text"] for w in coarse["words"]]


def test_a_folder_begun_with_another_model_or_table_is_refused(engine, table, written, tmp_path):
    plan = json.loads((written.out / "archive.json").read_text())
    for key in ("model", "table"):
        (tmp_path / "archive.json").write_text(json.dumps(plan | {key: "0" * 64}))
        with pytest.raises(ArchiveError, match=f"another {key}"):
            Archive(tmp_path, engine, table, **ASKED)


def test_a_folder_of_something_else_is_left_alone(engine, table, tmp_path):
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(ArchiveError, match="not empty"):
        Archive(tmp_path, engine, table, **ASKED)
    (tmp_path / "archive.json").write_text("{torn")
    with pytest.raises(ArchiveError):
        Archive(tmp_path, engine, table, **ASKED)


@pytest.mark.parametrize("wrong", [{"beta": -1.0}, {"finding": "Fracture"}, {"split": "holdout"}])
def test_what_cannot_be_asked_leaves_no_folder(engine, table, tmp_path, wrong):
    with pytest.raises(ChoiceError):
        Archive(tmp_path / "out", engine, table, **ASKED | wrong)
    assert not (tmp_path / "out").exists()
