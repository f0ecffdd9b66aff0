"""Gradio's own flagging, kept in the store: called as Gradio calls it, and by the button of a real interface."""

import errno
import hashlib
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
from gradio.data_classes import FileData
from helpers import random_film
from page_reader import PageReader
from PIL import Image

from dashboard.feedback.flagging import StoreFlagging
from model.errors import FeedbackError
from model.feedback import FeedbackStore

COMPONENTS = (
    gr.Textbox(label="Report"), gr.Slider(0, 1, label="beta"), gr.Textbox(label="Study ID"), gr.Textbox(label="Mood"),
    gr.Label(label="Findings"), gr.Image(label="Film", type="filepath"),
)  # fmt: skip
PROBABILITIES = {"label": "Effusion", "confidences": [{"label": "Effusion", "confidence": 0.75}]}


@pytest.fixture
def film(tmp_path) -> Path:
    path = tmp_path / "film.png"
    Image.fromarray((random_film(1).pixels * 255).astype(np.uint8)).save(path)
    return path


def no_space(file):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_flag_holds_what_the_components_show(tmp_path, film):
    store = FeedbackStore(tmp_path / "store")
    callback = StoreFlagging(store)
    callback.setup(COMPONENTS, str(tmp_path / "unused"))
    shown = FileData(path=str(film), orig_name="her film.png").model_dump()
    assert callback.flag(["- dash first", 0.25, "s1", "fine", PROBABILITIES, shown], "disagree", "reader 1") == 1
    assert callback.flag(["", 0.25, "s1", None, None, None], "Flag as odd") == 2
    first, second = store.rows()
    sha256 = hashlib.sha256(film.read_bytes()).hexdigest()
    assert (first.report, first.beta, first.study_id, first.reviewer) == ("- dash first", 0.25, "s1", "reader 1")
    assert (first.verdict, first.probabilities, first.comment) == ("disagree", {"Effusion": 0.75}, '{"Mood": "fine"}')
    assert (first.image_name, first.image_sha256) == (f"film-{sha256[:12]}", sha256)
    assert store.film(sha256).sha256 == sha256
    assert (second.verdict, second.comment) == ("unsure", '{"flag": "Flag as odd"}')
    assert not (tmp_path / "unused").exists()


def test_without_a_store_the_folder_is_gradios(tmp_path):
    callback = StoreFlagging()
    callback.setup(COMPONENTS[:2], str(tmp_path / "flagged"))
    assert [callback.flag([text, 0.5], "agree") for text in ("one", "two")] == [1, 2]
    assert [flag.report for flag in FeedbackStore(tmp_path / "flagged").rows()] == ["one", "two"]


def test_what_cannot_be_kept_is_said(tmp_path):
    callback = StoreFlagging(FeedbackStore(tmp_path))
    callback.setup(COMPONENTS[:2], "")
    with pytest.raises(FeedbackError, match="β must lie"):
        callback.flag(["", 7], "agree")
    with pytest.raises(ValueError, match="shorter"):
        callback.flag([""], "agree")


def test_the_button_of_an_interface_saves_a_flag_and_says_when_it_could_not(tmp_path, film, monkeypatch):
    store = FeedbackStore(tmp_path / "store")
    interface = gr.Interface(
        lambda report, film: {"Effusion": 0.5},
        [gr.Textbox(label="report"), gr.Image(label="film", type="filepath")],
        gr.Label(),
        flagging_mode="manual",
        flagging_options=["agree", "disagree"],
        flagging_callback=StoreFlagging(store),
    )
    interface.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1")
    page, sha256 = PageReader(interface.local_url), hashlib.sha256(film.read_bytes()).hexdigest()
    try:
        shown = {"report": "typed", "film": page.upload(film), "output": PROBABILITIES}
        flag_buttons = [number for number, label in page.buttons().items() if label.startswith("Flag as")]
        for button in flag_buttons:
            page.send(button, "click", values=shown)
        rows = store.rows()
        assert sorted(flag.verdict for flag in rows) == ["agree", "disagree"]
        assert [(f.report, f.image_sha256, f.probabilities) for f in rows] == [
            ("typed", sha256, {"Effusion": 0.75})
        ] * 2
        monkeypatch.setattr("os.fsync", no_space)
        (said,) = page.send(flag_buttons[0], "click", values=shown)
        assert said == "Error!"
        assert len(store.rows()) == 2
    finally:
        page.close()
        interface.close()
