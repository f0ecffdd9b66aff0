"""What a function of the page fails with is said in the log without what it was sent.

Gradio writes an exception whole, and its words often hold the value that was the matter: a patient's text, or lines of
somebody's choosing.
"""

import contextlib
import functools
import inspect
import logging
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr

from dashboard.ui.i18n import phrases
from model.errors import BetaLensError

log = logging.getLogger(__name__)

# In every language: whose page it is, an error does not know.
FAILED = " ".join(words["error.failed"] for words in phrases().values())


def quieten(page: gr.Blocks) -> None:
    """Every function of the page says no more than where it failed."""
    for fn in page.fns.values():
        if fn.fn:
            fn.fn = _quiet(fn.fn)


def _quiet(function: Callable) -> Callable:
    """Of the four kinds of function there are, the same kind: Gradio looks which it is."""

    def call(*given: Any) -> Any:
        with _telling():
            return function(*given)

    def steps(*given: Any) -> Any:
        with _telling():
            yield from function(*given)

    async def call_later(*given: Any) -> Any:
        with _telling():
            return await function(*given)

    async def steps_later(*given: Any) -> Any:
        with _telling():
            async with contextlib.aclosing(function(*given)) as found:
                async for step in found:
                    yield step

    kinds = {inspect.isgeneratorfunction: steps, inspect.isasyncgenfunction: steps_later}
    kinds |= {inspect.iscoroutinefunction: call_later}
    return functools.wraps(function)(next((made for is_kind, made in kinds.items() if is_kind(function)), call))


@contextlib.contextmanager
def _telling() -> Iterator[None]:
    """Ours are sentences already, and so are Gradio's; of any other error the page is told that there was one."""
    try:
        yield
    except gr.Error:
        raise
    except BetaLensError as error:
        raise gr.Error(str(error), print_exception=False) from None
    except Exception as error:
        places = "".join(traceback.format_list(traceback.extract_tb(error.__traceback__)))
        log.error("A function of the page failed with %s:\n%s", type(error).__name__, places)
        raise gr.Error(FAILED, print_exception=False) from None
