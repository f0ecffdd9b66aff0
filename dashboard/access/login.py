"""The page for whoever is not logged in: a form for name and password, or the way to where that is asked."""

import hmac
import secrets
from functools import cache
from html import escape
from string import Template

from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, RedirectResponse

from dashboard.access.base import REASONS, AuthBackend
from dashboard.access.cookies import FORM, get, put
from dashboard.ui.assets import ASSETS
from dashboard.ui.i18n import FALLBACK, phrases

FORM_LASTS = 12 * 3600  # seconds that a form can stay open


def login_page(connection: HTTPConnection, way: AuthBackend, reason: str, status: int) -> HTMLResponse:
    """The page, in the language that the browser asks for.

    Args:
        reason: why nobody is logged in, of REASONS; "" for the one that the address names.
    """
    language = "zh-CN" if connection.headers.get("accept-language", "").lower().startswith("zh") else FALLBACK
    words = phrases()[language]
    reason = reason or connection.query_params.get("failed", "")
    token = get(connection, FORM) or secrets.token_urlsafe(16)
    page = _template().substitute(
        language=language,
        nonce=connection.state.nonce,
        tokens=(ASSETS / "css" / "00-tokens.css").read_text("utf-8"),
        lead=escape(words["login.lead" if way.start else "login.elsewhere"]),
        failed=f'<p class="failed" role="alert">{escape(words[f"login.{reason}"])}</p>' if reason in REASONS else "",
        way=_form(words, token) if way.asks else _link(words, way.start),
        notice=escape(words["page.notice"]),
    )
    answer = HTMLResponse(page, status)
    if way.asks:
        put(answer, connection, FORM, token, FORM_LASTS, strict=True)
    return answer


def is_ours(request: Request, token: str) -> bool:
    """Whether a form that was sent is one of ours, which another site cannot fill in: its token is also in a cookie,
    which a browser sends with our own pages' requests alone. ("Double submit", OWASP, Cross-Site Request Forgery
    Prevention.)

    A program shows no form and is no browser with somebody else's page in it; it says nothing of where it comes from.
    """
    if "origin" not in request.headers and "sec-fetch-site" not in request.headers and not token:
        return True
    cookie = get(request, FORM)
    return bool(cookie) and hmac.compare_digest(cookie.encode(), token.encode())


def to_page(request: Request, failed: str = "") -> RedirectResponse:
    """Sends a browser to the page, which says what failed: one of REASONS, or nothing."""
    root = request.scope.get("root_path", "")
    return RedirectResponse(f"{root}/?failed={failed}" if failed else f"{root}/", 303)


@cache
def _template() -> Template:
    return Template((ASSETS / "login.html").read_text("utf-8"))


def _form(words: dict[str, str], token: str) -> str:
    """Addresses are relative: a proxy may serve the page below another path."""
    name, password, button = (escape(words[f"login.{key}"]) for key in ("name", "password", "button"))
    return (
        '<form method="post" action="login"><input type="hidden" name="page" value="1">'
        f'<input type="hidden" name="token" value="{escape(token)}">'
        f'<label>{name}<input name="username" autocomplete="username" required autofocus></label>'
        f'<label>{password}<input name="password" type="password" autocomplete="current-password" required></label>'
        f"<button>{button}</button></form>"
    )


def _link(words: dict[str, str], start: str) -> str:
    return f'<a class="start" href="{escape(start.lstrip("/"))}">{escape(words["login.button"])}</a>' if start else ""
