"""Sessions in a signed cookie: HttpOnly, SameSite=Lax, and Secure wherever the request came by TLS."""

from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboard import audit

COOKIE = "betalens_session"


class Sessions:
    """Middleware: Starlette's, once for each scheme.

    Args:
        secret: signs the cookies.
        seconds: without a request for so long, a session ends.
    """

    def __init__(self, app: ASGIApp, secret: str, seconds: int):
        self._by_scheme = {
            scheme: SessionMiddleware(
                app, secret, session_cookie=COOKIE, max_age=seconds, same_site="lax", https_only=scheme == "https"
            )
            for scheme in ("http", "https")
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scheme = "https" if scope.get("scheme") in ("https", "wss") else "http"
        await self._by_scheme[scheme](scope, receive, send)


async def log_out(request: Request) -> Response:
    """Ends the session."""
    audit.record("logout", request.state.identity)
    request.session.clear()
    return JSONResponse({"success": True})
