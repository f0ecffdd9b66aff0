"""What every answer carries."""

import secrets

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.web.gradio import NONCE
from dashboard.web.paths import path_of

# Nothing may come from, or go to, another host. Scripts are files of this server, or stand in Gradio's own template and
# carry the nonce of the request; none is made of text (assets/js/page/functions.js). Styles Gradio's front end writes
# into the page.
POLICY = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self' 'nonce-{nonce}'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
SECURE = {"Strict-Transport-Security": "max-age=31536000"}
# The page's own code is the same for everybody; all else may be about a patient.
CODE = ("/assets/", "/static/", "/betalens/")


class Headers:
    """Middleware: adds the headers."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        nonce = scope.setdefault("state", {})[NONCE] = secrets.token_urlsafe(16)
        wanted = ALWAYS | {"Content-Security-Policy": POLICY.format(nonce=nonce)}
        if scope["scheme"] == "https":
            wanted = wanted | SECURE
        if not path_of(scope).startswith(CODE):
            wanted = wanted | {"Cache-Control": "no-store"}

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in wanted.items():
                    headers[name] = value
            await send(message)

        await self.app(scope, receive, send_with_headers)
