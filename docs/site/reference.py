"""The pages of docs/reference that say what the code says: `python -m docs.site.reference` writes them again.

They are committed, so that they can be read as files; `tests/test_reference.py` holds them to the code.
"""

import dataclasses
import importlib
import tempfile
import threading
import typing
from pathlib import Path
from typing import Any

from dashboard.server import make_app
from dashboard.serving.model_registry import ModelRegistry
from docs.site import command_line, http
from docs.site.markdown import between, code, prose, table
from explain import DEFAULT, methods_of
from model.config import FEW, FEW_STUDIES, FUSIONS, Config
from model.feedback import FeedbackStore
from model.feedback.record import COLUMNS, SCHEMA, Flag
from model.inference.engine import Engine
from model.studies.opening import open_studies

FOLDER = Path(__file__).parents[1] / "reference"
NOTE = "<!-- Written by `make docs` from the code: change it there. -->\n\n"
TYPES = {bool: "true or false", int: "whole number", float: "number", str: "text"}


def pages(described: dict[str, Any]) -> dict[str, str]:
    """Each generated page by its file's name.

    Args:
        described: the OpenAPI description that a server gives of itself.
    """
    texts = {
        "cli.md": command_line.page(),
        "config.md": config(),
        "flags-csv.md": columns(),
        "fusions.md": fusions(),
        "http.md": http.page(described),
        "methods.md": explanations(),
    }
    return {name: f"{NOTE}{text}\n" for name, text in texts.items()}


def config() -> str:
    """Each field of a config."""
    rows = []
    for field in dataclasses.fields(Config):
        said = field.metadata
        takes = " or ".join(map(code, said["choices"])) or between(said["low"], said["high"])
        few = code(FEW_STUDIES[field.name]) if field.name in FEW_STUDIES else ""
        rows.append((code(field.name), _type(field.type), code(field.default), few, takes, said["help"]))
    return f"""# Config

What a model is made of, and how it is trained: what `betalens train --config FILE` takes as a JSON object, and what a
checkpoint keeps as `config.json`. `betalens options` prints the same. On fewer than {FEW:,} studies some fields start
from another value, unless the file names them. [Training](../training.md) says which encoders there are.

{table(("field", "type", "default", "few studies", "takes", "what it is"), rows)}"""


def columns() -> str:
    """Each column of the CSV of verdicts."""
    kinds = typing.get_type_hints(Flag)
    said = {name: (kinds[name], field.description) for name, field in Flag.model_fields.items()}
    said["schema"] = (int, f"Version of the columns that the row was written in: {SCHEMA}.")
    rows = [(code(name), _cell(said[name][0]), said[name][1]) for name in COLUMNS]
    return f"""# Columns of flags.csv

A row is a verdict, or takes one back. The file is UTF-8 with a byte-order mark; commas separate cells, CR LF ends a
row. Text stands as it was typed, but for what a spreadsheet would take for a formula; all else is JSON.
[Verdicts](../feedback.md) says what is kept when, and what becomes of a file that a spreadsheet saved.

{table(("column", "holds", "what it is"), rows)}"""


def explanations() -> str:
    """Each method of explanation, by modality; its docstring is its help in the page, too."""
    parts = ["# Methods of explanation", "Those that page, API and command line offer, by the name that programs use."]
    for modality, default in DEFAULT.items():
        parts.append(f"## Of the {modality}")
        for method in methods_of(modality).values():
            usual = " (unless another is chosen)" if method.name == default else ""
            parts += [f"### {method.title}", f"`{method.name}`{usual}", method.help]
    return "\n\n".join(parts)


def fusions() -> str:
    """Each way in which the embeddings become one."""
    parts = ["# Fusions", "How the embeddings of image and report become one at β: what `fusion` in a config names."]
    for name in FUSIONS:
        parts += [f"## {name}", prose(importlib.import_module(f"model.network.fusions.{name}").__doc__)]
    return "\n\n".join(parts)


def _type(kind: Any) -> str:
    of = typing.get_args(kind)
    return f"list of {_type(of[0])}s" if of else TYPES[kind]


def _cell(kind: Any) -> str:
    if of := typing.get_origin(kind):
        return {dict: "JSON object", tuple: "JSON list", typing.Literal: "text"}[of]
    return TYPES[kind]


def describe() -> dict[str, Any]:
    """The OpenAPI description of a server on the embedded demo."""
    with tempfile.TemporaryDirectory() as folder:
        serving = ModelRegistry(Engine.load(None, "cpu"), open_studies(None))
        described = make_app(serving, FeedbackStore(Path(folder))).openapi()
    for thread in threading.enumerate():
        if thread.name == "warm-up":  # PyTorch aborts where Python ends while it computes
            thread.join()
    return described


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, text in pages(describe()).items():
        (FOLDER / name).write_text(text, "utf-8")
