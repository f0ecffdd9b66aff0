"""The server: the page, the API beside it, and what stands before both.

From the outside in a request passes: `Peer` (whose connection), `Watching` (size and time), `Headers`, the hosts that a
page without a login answers to, `Sessions` and `Gate` (who asks), `Calls` (what the page's functions take), the routes.
"""

import contextlib
import socket
import sys
from collections.abc import AsyncIterator
from ipaddress import ip_address

import anyio.to_thread
import gradio as gr
import uvicorn
from fastapi import FastAPI, Request
from starlette.middleware.trustedhost import TrustedHostMiddleware

from dashboard.access import Access
from dashboard.access.gate import Gate
from dashboard.access.headers import Headers
from dashboard.access.peer import Peer
from dashboard.access.sessions import Sessions, log_out
from dashboard.api import problems
from dashboard.api.calls import Calls
from dashboard.api.core import Core
from dashboard.api.health import health
from dashboard.api.routes import FUNCTIONS, functions, router
from dashboard.api.watching import Watching
from dashboard.app import PAGE, build, look
from dashboard.serving import Serving
from dashboard.version import app_version
from model.errors import ChoiceError
from model.feedback import Store

DRAIN = 10  # seconds that requests at work have to end when the server is stopped
# Longer than a reverse proxy or a client keeps a connection: who closes first must not be the one that is just asked.
KEEP = 75  # seconds
# Python hands over between threads after so long, instead of 5 ms: a move of β takes a dozen turns beside explanations.
SWITCH = 0.0005  # seconds
# Who waits in line for an explanation holds a thread; who moves β must always find one.
THREADS = 256
# A page on another site must not reach a server without a login through a name that it points at 127.0.0.1.
LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]"]


def make_app(serving: Serving, feedback: Store, access: Access | None = None, root_path: str = "") -> FastAPI:
    """Everything that is served, as one ASGI application.

    Args:
        access: None where everybody who reaches the server may do everything.
        root_path: where a proxy mounts it.
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
    core = Core(serving, feedback)
    page = build(serving, feedback, lambda: functions(core))
    page.max_threads = THREADS  # as its own `launch` would; of the usual 40 jobs, 40 may wait in line
    page.queue()
    problems.register(app)
    app.include_router(router(core))
    app.include_router(health(serving))
    if access:
        app.router.routes.extend(access.way.routes())
        app.add_route("/logout", log_out, methods=["POST"])
    gr.mount_gradio_app(
        app,
        page,
        path="/",
        root_path=root_path or None,
        auth_dependency=_name if access else None,
        **PAGE,
        **look(),
    )
    app.add_middleware(Calls, page=page, schemas=FUNCTIONS)
    app.add_middleware(Gate, access=access)
    if access:
        app.add_middleware(Sessions, secret=access.secret, seconds=access.session_seconds)
    else:
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=LOCAL_HOSTS, www_redirect=False)
    app.add_middleware(Headers)
    app.add_middleware(Watching)
    app.add_middleware(Peer, proxies=access.proxies if access else ())
    return app


def serve(app: FastAPI, host: str, port: int, root_path: str = "") -> None:
    """Serve until SIGTERM or Ctrl-C; requests at work then have ten seconds to end.

    Args:
        port: 0 takes any that is free.

    Raises:
        ChoiceError: the address cannot be used.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.create_server((host, port), family=family)
    except OSError as error:
        raise ChoiceError(f"Port {port} on {host} cannot be used ({error.strerror}): name another.") from error
    config = uvicorn.Config(
        app,
        root_path=root_path,
        log_level="warning",
        access_log=False,  # addresses are nobody's business
        server_header=False,
        proxy_headers=False,  # `Peer` does it, for known proxies
        timeout_graceful_shutdown=DRAIN,
        timeout_keep_alive=KEEP,
    )
    sys.setswitchinterval(SWITCH)
    shown = f"[{host}]" if ":" in host else host
    print(f"BetaLens is at http://{shown}:{listening.getsockname()[1]}{root_path}/", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listening])


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _name(request: Request) -> str:
    """What Gradio calls the reader. The gate has let them in."""
    return request.state.identity.name


@contextlib.asynccontextmanager
async def _threads(app: FastAPI) -> AsyncIterator[None]:
    anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
    yield
