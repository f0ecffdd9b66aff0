"""Threads for requests: few of each kind, so that no kind takes those of another, and none for whoever only waits.

Libraries take theirs from the pool that Starlette and Gradio share. Who opens a case, asks a program's question or
saves a verdict takes one of a pool of its own: so whoever moves β finds one, whatever the others wait for.
"""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, TypeVar

import anyio.to_thread
from anyio.lowlevel import RunVar

# With the helpers of those that compute on all cores (`model.compute.threads`), well below the task limit in deploy/.
SHARED = 40

T = TypeVar("T")


class Pool:
    """So many threads, of each event loop."""

    def __init__(self, name: str, threads: int):
        self.threads = threads
        self._limiter: RunVar[anyio.CapacityLimiter] = RunVar(f"betalens-{name}")

    async def run(self, work: Callable[..., T], *args: Any) -> T:
        """What `work(*args)` returns or raises, in one of the threads."""
        limiter = self._limiter.get(None)
        if limiter is None:
            self._limiter.set(limiter := anyio.CapacityLimiter(self.threads))
        return await anyio.to_thread.run_sync(work, *args, limiter=limiter)


opening, asking = Pool("opening", 16), Pool("asking", 4)
explaining, judging = Pool("explaining", 8), Pool("judging", 8)


def in_pool(pool: Pool, function: Callable[..., T]) -> Callable[..., Awaitable[T]]:
    """A function of the page that takes its thread from a pool."""

    @wraps(function)
    async def run(*args: Any) -> T:
        return await pool.run(function, *args)

    return run
