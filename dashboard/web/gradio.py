"""What we touch of Gradio that it does not promise to keep; `tests/abuse/test_gradio.py` fails when it changes."""

from pathlib import Path
from typing import Any

import gradio as gr
from gradio.context import LocalContext
from gradio.routes import templates
from gradio.utils import get_upload_folder
from jinja2 import BaseLoader, Environment
from starlette.requests import Request

NONCE = "nonce"  # of a request's state


def check_paths(page: gr.Blocks) -> None:
    """Gradio takes files from below its upload folder alone, but only once a page was `launch`ed; one that is mounted
    never is, and takes any (6.31, processing_utils._check_allowed)."""
    page.has_launched = True


def admit(page: gr.Blocks, jobs: int) -> None:
    """So many functions of the page may be at work or wait at once. Gradio lets 40, and one reader's explanations would
    keep everybody else's clicks waiting; `max_threads`, which raises it, gives Gradio as many threads of its own."""
    page._queue.max_thread_count = jobs


def current_event() -> tuple[gr.Request | None, str | None]:
    """The request whose function of the page runs, and the number of its event; None outside of any."""
    return LocalContext.request.get(None), LocalContext.event_id.get(None)


def current_request() -> Request | None:
    """The HTTP request behind that; None outside of any."""
    found, _ = current_event()
    if found is None:
        return None
    assert found.request  # Gradio leaves it out of what it makes for an example alone
    return found.request


def page_of_event(page: gr.Blocks, event: str) -> str | None:
    """The number (session_hash) of the page that asked for what an event answers; None where there is no such event."""
    found = page._queue.event_ids_to_events.get(event)
    return found.session_hash if found else None


def as_file(name: str) -> dict[str, Any]:
    """What a function of the page gets as a file of that name. It names none on the disk: Gradio is not to open it."""
    return {"path": str(Path(get_upload_folder()) / name), "is_stream": True, "meta": {"_type": "gradio.FileData"}}


def upload_name(file: Any) -> str:
    """The name that `as_file` was given; "" for anything else."""
    return Path(file["path"]).name if isinstance(file, dict) else ""


def name_scripts(ours: str) -> None:
    """The scripts in Gradio's own template carry the nonce of the request, and ours come before its modules.

    What is put into the template, such as a study's name, carries none.

    Args:
        ours: tags.
    """
    environment = templates.env
    if not isinstance(environment.loader, _Named):
        assert environment.loader
        environment.loader = _Named(environment.loader, ours)
        if environment.cache is not None:
            environment.cache.clear()


class _Named(BaseLoader):
    def __init__(self, loader: BaseLoader, ours: str):
        self._loader = loader
        self._ours = ours

    def get_source(self, environment: Environment, template: str):
        source, name, is_current = self._loader.get_source(environment, template)
        # Modules run in the order in which they stand.
        first = source.rindex("<script", 0, source.index('type="module"'))
        source = source[:first] + self._ours + source[first:]
        return source.replace("<script", f'<script nonce="{{{{ request.state.{NONCE} }}}}"'), name, is_current


def locale_module() -> str | None:
    """The address of the module of Gradio's front end that exports `changeLocale`, or None where there is none.

    Gradio offers the switch in its own settings, which the page has not; without this the page follows the browser.
    """
    folder = Path(gr.__file__).parent / "templates" / "frontend" / "assets"
    found = [p.name for p in folder.glob("core-*.js") if "as changeLocale" in p.read_text("utf-8")]
    return f"./assets/{found[0]}" if found else None
