"""The server: the page, the API beside it, and what stands before both.

From the outside in a request passes: `ClientAddressMiddleware` (whose connection), `RequestLimitsMiddleware` (size and
time), `Headers`, `Origins` (not from a page on another site), `LocalHosts` (which names are answered to without a
login), `Sessions` and `AuthMiddleware` (who asks), `Routes` (which of Gradio's there are), `Streams` (whose page it
is), `Offered` (what the page itself shows), `Listening` (who waits for an answer), `GradioCallValidator` (what the
page's functions take), the routes.
"""

import asyncio
import contextlib
import logging
import socket
import sys
from collections.abc import AsyncIterator

import anyio.to_thread
import gradio as gr
import uvicorn
from fastapi import FastAPI, Request
from starlette.middleware.cors import CORSMiddleware

from dashboard.access import Access, audit
from dashboard.access.gate import AuthMiddleware
from dashboard.access.looking import Offered
from dashboard.access.peer import ClientAddressMiddleware
from dashboard.access.sessions import Sessions
from dashboard.api.core import Core
from dashboard.api.health import health
from dashboard.api.routes import FUNCTIONS, QueuedPools, functions, router
from dashboard.app import PAGE, build, look
from dashboard.cases.uploads import receiving, waiting
from dashboard.guard.calls import GradioCallValidator
from dashboard.guard.headers import Headers
from dashboard.guard.hosts import LocalHosts
from dashboard.guard.mounted import Mounted
from dashboard.guard.origins import Origins
from dashboard.guard.owners import Owners, Streams
from dashboard.guard.quiet import quieten
from dashboard.guard.routes import Routes
from dashboard.review.case_picker import ids_of, offered_cases
from dashboard.serving.model_registry import ModelRegistry
from dashboard.serving.open_pages import SWEEP, pages
from dashboard.ui.version import app_version
from dashboard.ui.widgets.troubles import watch
from dashboard.web import problems
from dashboard.web.connections import Connection, LogRateLimit, allow_descriptors
from dashboard.web.gradio import admit, check_paths, name_scripts
from dashboard.web.listening import Listening, listeners
from dashboard.web.request_limits import RequestLimitsMiddleware
from dashboard.web.scripts import page_tags, scripts
from dashboard.web.thread_pools import SHARED
from model.errors import ChoiceError
from model.feedback import Store

DRAIN = 10  # seconds that requests at work have to end when the server is stopped
# Longer than a reverse proxy or a client keeps a connection: who closes first must not be the one that is just asked.
KEEP = 75  # seconds
BACKLOG = 256  # connections that the system accepts meanwhile; asyncio tries as many times where it has no descriptor
# Python hands over between threads after so long, instead of 5 ms: a move of β takes a dozen turns beside explanations.
SWITCH = 0.0005  # seconds
# Functions of the page at once: more than all lines admit (256 explanations, three times 128 questions of programs).
# Those that wait hold no thread.
JOBS = 1024
# Paths of our own, and beginnings of some; all others are Gradio's.
OURS = frozenset({"/healthz", "/readyz", "/metrics", "/api/v1/", "/betalens/"})


def make_app(serving: ModelRegistry, feedback: Store, access: Access | None = None, root_path: str = "") -> FastAPI:
    """Everything that is served, as one ASGI application.

    Args:
        access: None where everybody who reaches the server may do everything.
        root_path: where a proxy mounts it, "" or as in /betalens.
    """
    app = FastAPI(
        title="BetaLens",
        version=app_version(),
        description="Why an image-and-report model decided, at every fusion weight. Not a medical device.",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,  # its page would come from a CDN
        redoc_url=None,
        lifespan=_threads,
    )
    core, pools = Core(serving, feedback), QueuedPools()
    page = build(serving, feedback, lambda: functions(core, pools))
    page.queue(api_open=False)  # functions that queue are not to be called past it
    admit(page, JOBS)
    check_paths(page)
    name_scripts(page_tags())
    quieten(page)
    problems.register(app)
    app.include_router(router(core, pools))
    watch(feedback)
    troubles = [audit.trouble, *([access.way.trouble] if access else [])]
    app.include_router(health(serving, troubles, lambda: map(str, feedback.troubles)))
    app.include_router(receiving())
    app.include_router(scripts())
    if access:
        app.router.routes.extend(access.way.routes())
        app.add_route("/session", access.sessions.is_on, methods=["GET"])
        app.add_route("/logout", access.sessions.log_out, methods=["POST"])
    gr.mount_gradio_app(
        app,
        page,
        path="/",
        root_path=root_path or None,
        auth_dependency=_name if access else None,
        **PAGE,
        **look(),
    )
    owners = Owners()
    app.add_middleware(GradioCallValidator, page=page, schemas=FUNCTIONS, owners=owners, uploads=waiting)
    app.add_middleware(Listening)
    app.add_middleware(Offered, cases=ids_of(offered_cases(serving.now.table)))
    app.add_middleware(Streams, owners=owners, page=page)
    app.add_middleware(Routes, ours=OURS | (access.way.paths | {"/logout", "/session"} if access else frozenset()))
    app.add_middleware(AuthMiddleware, access=access)
    if access:
        app.add_middleware(Sessions, secret=access.secret, seconds=access.sessions.longest)
    else:
        app.add_middleware(LocalHosts)
    app.add_middleware(CORSMiddleware)  # that allows nobody: where there is none, Gradio adds its own, which does
    app.add_middleware(Origins)
    app.add_middleware(Headers)
    app.add_middleware(RequestLimitsMiddleware)
    app.add_middleware(ClientAddressMiddleware, proxies=access.proxies if access else ())
    if root_path:
        app.add_middleware(Mounted, root_path=root_path, routes=app.router.routes)
    return app


def bind(host: str, port: int) -> socket.socket:
    """Take the address before anything is loaded that takes its time; nobody can connect to it yet.

    Args:
        port: 0 takes any that is free.

    Raises:
        ChoiceError: the address cannot be used.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends small packets at once only on sockets that name TCP: else the end of each answer waits 40 ms.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a server that was just stopped holds it no longer
    if ":" in host:
        bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    try:
        bound.bind((host, port))
        return bound
    except OSError as error:
        bound.close()
        why = error.strerror or str(error)
        raise ChoiceError(f"Port {port} on {host} cannot be used ({why}): name another.") from error


def serve(app: FastAPI, bound: socket.socket, root_path: str = "") -> None:
    """Serve until SIGTERM or Ctrl-C; requests at work then have ten seconds to end."""
    Connection.most = allow_descriptors()
    for log in ("uvicorn.error", "asyncio"):
        logging.getLogger(log).addFilter(LogRateLimit())
    config = uvicorn.Config(
        app,
        http=Connection,
        backlog=BACKLOG,
        root_path=root_path,
        log_level="warning",
        access_log=False,  # addresses are nobody's business
        server_header=False,
        proxy_headers=False,  # `ClientAddressMiddleware` does it, for known proxies
        timeout_graceful_shutdown=DRAIN,
        timeout_keep_alive=KEEP,
    )
    sys.setswitchinterval(SWITCH)
    bound.listen()  # who reads the address may connect at once
    host, port = bound.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    print(f"BetaLens is at http://{shown}:{port}{root_path}/", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[bound])
    listeners.stop()  # who still computes ends


def _name(request: Request) -> str:
    """What Gradio calls the reader. The gate has let them in."""
    return request.state.identity.id


@contextlib.asynccontextmanager
async def _threads(app: FastAPI) -> AsyncIterator[None]:
    anyio.to_thread.current_default_thread_limiter().total_tokens = SHARED
    sweeping = asyncio.create_task(_sweep())
    yield
    sweeping.cancel()


async def _sweep() -> None:
    while True:
        await asyncio.sleep(SWEEP)
        pages.sweep()
