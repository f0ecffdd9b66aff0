"""Gradio's own flagging, for a `gr.Interface` over a model: its Flag buttons write to a store of feedback."""

import contextlib
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components import Component

from dashboard.feedback.new_flag import new_flag
from model.errors import ImageError
from model.feedback import VERDICTS, FeedbackStore, Flag, Store
from model.inputs import name_of, read_film

FIELDS = Flag.model_fields.keys()


class StoreFlagging(gr.FlaggingCallback):
    """Keeps flags in a store: `gr.Interface(…, flagging_callback=StoreFlagging(), flagging_options=VERDICTS)`.

    A component whose label is the name of a field of `Flag` ("report", "beta", "study id", …) gives that field, a
    `gr.Label` the probabilities and a `gr.Image` the film, of which a copy is kept under a name of its own; what any
    other shows is written into the comment. The option is the verdict; where it is none of VERDICTS the verdict is
    "unsure" and the option stands in the comment. The reviewer is who is logged in.

    Mind that a `gr.Image` has Pillow decode what it is given before this sees it; `model.inputs.jpeg` says why not to.

    Args:
        store: None for the folder that Gradio names, `flagging_dir`.
    """

    def __init__(self, store: Store | None = None):
        self.store = store
        self.components: Sequence[Component] = ()

    def setup(self, components: Sequence[Component], flagging_dir: str) -> None:
        """
        Raises:
            FeedbackError: the folder cannot be used.
        """
        self.components = components
        if self.store is None:
            self.store = FeedbackStore(flagging_dir)

    def flag(self, flag_data: list[Any], flag_option: str | None = None, username: str | None = None) -> int:
        """Save one flag; return how many there are.

        Raises:
            FeedbackError: not saved. Gradio shows "Error!" on the button.
        """
        assert self.store  # Gradio calls `setup` first
        shown: dict[str, Any] = {}
        rest: dict[str, Any] = {}
        for component, value in zip(self.components, flag_data, strict=True):
            if value is not None:
                is_field, given = _read(component, value)
                (shown if is_field else rest).update(given)
        if path := shown.pop("film", None):
            shown |= _keep_film(self.store, Path(path))
        shown["verdict"] = flag_option if flag_option in VERDICTS else "unsure"
        if flag_option and flag_option not in VERDICTS:
            rest["flag"] = flag_option
        if rest:
            shown["comment"] = f"{shown.get('comment', '')}\n{json.dumps(rest, ensure_ascii=False)}".strip()
        if username:
            shown["reviewer"] = username
        # A model without β weighs a film wholly where there is one.
        self.store.append(new_flag(**{"beta": float("image_sha256" in shown)} | shown))
        return self.store.count()


def _keep_film(store: Store, path: Path) -> dict[str, str]:
    data = path.read_bytes()
    with contextlib.suppress(ImageError):  # a picture that is no film is named, and not kept
        store.keep_film(read_film(data))
    digest = hashlib.sha256(data).hexdigest()
    return {"image_sha256": digest, "image_name": name_of(digest)}


def _read(component: Component, value: Any) -> tuple[bool, dict[str, Any]]:
    """Whether a flag has a field for what the component shows, and what that gives."""
    if isinstance(component, gr.Image):
        return True, {"film": value["path"]}
    if isinstance(component, gr.Label):
        single = [{"label": value["label"], "confidence": 1.0}]
        return True, {"probabilities": {c["label"]: c["confidence"] for c in value.get("confidences") or single}}
    label = str(getattr(component, "label", None) or component.get_block_name())
    name = label.strip().lower().replace(" ", "_")
    return (True, {name: value}) if name in FIELDS else (False, {label: value})
