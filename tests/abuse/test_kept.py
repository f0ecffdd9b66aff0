"""What is kept of patients: read again whatever became of the file, said where it cannot be, and taken out whole."""

import hashlib
import io
import json
import logging
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from writing import FLAG, a_flag

from dashboard.cli import main
from dashboard.server import make_app
from dashboard.serving.model_registry import ModelRegistry
from model.feedback import FeedbackStore, open_store, standing
from model.feedback.corrections import corrections
from model.studies.opening import open_studies

HERE = "http://127.0.0.1"
ROOT = Path(__file__).resolve().parents[2]
VERDICT = {"report": "No effusion is seen.", "beta": 0.5, "verdict": "agree"}


@pytest.fixture(scope="module")
def serving(engine, tmp_path_factory) -> ModelRegistry:
    table = tmp_path_factory.mktemp("studies") / "studies.csv"
    table.write_text("study_id,image,report,label\none,,No effusion.,\ntwo,,An effusion.,Effusion\n")
    return ModelRegistry(engine, open_studies(table))


@pytest.fixture
def betalens(monkeypatch, capsys, tmp_path):
    """Run `betalens feedback …` on a folder; exit status, output and errors."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "gradio"))

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["betalens", "feedback", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
        code = 0
        try:
            main()
        except SystemExit as stopped:
            code = stopped.code or 0
        return code, *capsys.readouterr()

    return run


def test_a_server_over_a_file_that_cannot_be_read_says_so_and_saves_into_a_new_one(serving, tmp_path, caplog):
    store = FeedbackStore(tmp_path)
    store.append(FLAG)
    mangled = b"an article, pasted by mistake\r\nand saved"
    store.path.write_bytes(mangled)
    with (
        caplog.at_level(logging.WARNING),
        TestClient(make_app(serving, FeedbackStore(tmp_path)), base_url=HERE) as page,
    ):
        assert page.post("/api/v1/flag", json=VERDICT).status_code == 200
        store = FeedbackStore(tmp_path)
        assert [flag.report for flag in store.rows()] == [VERDICT["report"]]
        assert [path.read_bytes() for path in tmp_path.glob("*.set-aside.csv")] == [mangled]
        for _ in range(600):  # it looks every few seconds
            answer = page.get("/readyz")
            if "set-aside.csv" in answer.text:
                break
            time.sleep(0.1)
    (notice,) = answer.json()["notices"]
    assert "set-aside.csv was changed by another program" in notice
    assert notice in caplog.text
    assert "article" not in caplog.text + answer.text


def test_a_verdict_on_a_report_alone_is_purged_by_the_name_of_the_report_and_by_its_own_id(serving, tmp_path, betalens):
    store = FeedbackStore(tmp_path / "flags")
    with TestClient(make_app(serving, store), base_url=HERE) as page:
        ids = [page.post("/api/v1/flag", json=VERDICT | {"comment": c}).json()["flag_id"] for c in "abc"]
        other = page.post("/api/v1/flag", json=VERDICT | {"report": "Another."}).json()["flag_id"]
    store.append(FLAG.tombstone().changed(verdict="undo", undoes=ids[0], comment="Her name"))
    code, out, err = betalens("purge", "--flag", ids[0], "--feedback", store.folder)
    assert (code, out) == (0, "rows purged: 2\n")
    assert f"removed: verdict {ids[0]}" in err
    name = f"report-{hashlib.sha256(VERDICT['report'].encode()).hexdigest()[:12]}"
    assert [flag.case for flag in standing(store.rows())][:2] == [name, name]
    assert betalens("purge", "--study", name, "--feedback", store.folder)[:2] == (0, "rows purged: 2\n")
    assert [flag.flag_id for flag in standing(store.rows())] == [other]
    kept = b"".join(path.read_bytes() for path in store.folder.rglob("*") if path.is_file())
    assert b"No effusion is seen" not in kept
    assert b"Her name" not in kept


def test_a_purge_by_hand_reaches_what_was_torn_or_garbled_and_names_what_it_cannot_search(tmp_path, betalens):
    store = FeedbackStore(tmp_path / "flags")
    for flag in (FLAG.changed(study_id="study-9"), a_flag(study_id="s2")):
        store.append(flag)
    whole = store.path.read_bytes()
    store.path.write_bytes(whole.replace(b",disagree,", b",perhaps,", 1) + b'f8,2,2026-01-31T12:00:00Z,,study-9,,,"Her')
    store.append(a_flag(study_id="s2"))
    (store.folder / "flags.20260101T000000Z.set-aside.csv").write_bytes(b"study-9 in somebody's notes")
    code, out, err = betalens("purge", "--study", "study-9", "--feedback", store.folder)
    assert (code, out) == (0, "rows purged: 1\n")
    assert "left: flags.20260101T000000Z.set-aside.csv" in err
    left = [path for path in store.folder.rglob("*") if path.is_file() and b"study-9" in path.read_bytes()]
    assert [path.name for path in left] == ["flags.20260101T000000Z.set-aside.csv"]
    assert len(store.rows()) == 2


def test_a_purge_removes_vectors_and_what_older_versions_left_of_uploads(tmp_path, betalens):
    FeedbackStore(tmp_path / "flags").append(FLAG)
    gone = [
        tmp_path / "cache" / "betalens" / f"pooled-{'a' * 16}-{'b' * 16}.safetensors",
        tmp_path / "gradio" / "tmpabc",
        tmp_path / "gradio" / "deep_links" / "x" / "state.json",
    ]
    stays = [tmp_path / "cache" / "betalens" / "vocabulary.txt", tmp_path / "gradio" / "now"]
    for path in (*gone, *stays):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
        os.utime(path, (1, 1))
    os.utime(stays[1])
    code, _, err = betalens("purge", "--study", "s1", "--feedback", tmp_path / "flags")
    assert code == 0
    assert [path.exists() for path in (*gone, *stays)] == [False] * 3 + [True] * 2
    assert err.count("removed: ") == 3  # the verdict, the vectors, the uploads


def test_verdicts_stand_in_the_order_of_saving_though_the_clock_went_back(tmp_path):
    if not shutil.which("faketime"):
        pytest.skip("faketime is not installed: apt-get install faketime")
    first = {"flag_id": "first", "verdict": "agree", "beta": 0.5, "study_id": "s1", "reviewer": "r"}
    first["probabilities"] = {"Effusion": 0.9}
    later = first | {"flag_id": "later", "verdict": "disagree"}
    undone = first | {"flag_id": "undone", "study_id": "s2"}
    sent = [(None, [first, undone]), ("2001-01-01", [later, {"verdict": "undo", "undoes": "undone"}])]
    for clock, flags in sent:
        command = [sys.executable, "-m", "dashboard.cli", "feedback", "add", "--feedback", str(tmp_path)]
        lines = "".join(json.dumps(flag) + "\n" for flag in flags)
        command = ["faketime", clock, *command] if clock else command
        subprocess.run(command, cwd=ROOT, input=lines, text=True, check=True, capture_output=True)
    rows = open_store(tmp_path).rows()
    assert [flag.flag_id for flag in rows][:3] == ["first", "undone", "later"]
    assert rows[2].time_utc.startswith("2001")
    assert [flag.flag_id for flag in standing(rows)] == ["first", "later"]
    assert corrections(rows, ("Effusion",), "multi_label")["s1"].labels == {"Effusion": False}
