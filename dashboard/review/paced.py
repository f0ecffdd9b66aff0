"""The steps of Review shown one after the other, without a thread held while they wait."""

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Callable, Generator
from typing import Any, TypeVar

from dashboard.review.steps import Staged, Waiting
from dashboard.web.thread_pools import opening

# Seconds between two looks at a place in line: what came of it is sent to every page that waits.
TELL = 2.0

S = TypeVar("S")
T = TypeVar("T")


async def paced(steps: Generator[S, bool | None, None], show: Callable[[S], T]) -> AsyncIterator[T]:
    """What `show` makes of each step. Steps are made, and shown, in a thread, which is let go while they wait."""

    def follow(waited: bool | None) -> tuple[S, T] | None:
        try:
            step = steps.send(waited)
        except StopIteration:
            return None
        return step, show(step)

    waited, previous = None, None
    try:
        while made := await opening.run(follow, waited):
            step, shown = made
            if not (isinstance(step, Waiting) and step == previous):
                yield shown
            waited = await _wait(step)
            previous = step
    finally:
        with contextlib.suppress(ValueError):  # a thread is within a step: it ends them, as nothing else holds them
            steps.close()


def streamed(function: Callable[..., AsyncIterator[T]]) -> Callable[..., AsyncIterator[T]]:
    """A generator function of one that returns a generator: Gradio looks which of the two a function is."""

    @functools.wraps(function)
    async def stream(*given: Any) -> AsyncIterator[T]:
        async for values in function(*given):
            yield values

    return stream


async def _wait(step: object) -> bool | None:
    """Wait as long as a step asks for; whether that was so."""
    if isinstance(step, Waiting) and step.place:
        await step.place.moved(TELL)
        return True
    if isinstance(step, Staged) and step.pause:
        await asyncio.sleep(step.pause)
        return True
    return None
