"""Nobody is sent the page, with the films that its picker offers first, without a line in the audit log."""

from starlette.types import ASGIApp, Receive, Scope, Send

from dashboard.access import audit
from dashboard.web.paths import path_of
from dashboard.web.problems import of_error
from model.errors import AuditError

PAGE = ("/", "/config")  # the page, and what it is made of, for programs


class Offered:
    """Middleware: whoever is sent the page is sent what its picker offers first.

    Args:
        cases: the studies.
    """

    def __init__(self, app: ASGIApp, cases: list[str]):
        self.app = app
        self.cases = cases

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET" and path_of(scope) in PAGE:
            try:
                audit.record_shown("picker", self.cases, scope["state"]["identity"])
            except AuditError as error:
                await of_error(error)(scope, receive, send)
                return
        await self.app(scope, receive, send)
