"""The page for whoever is not logged in: a form for name and password, or the way to where that is asked."""

from functools import cache
from html import escape
from string import Template

from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, RedirectResponse

from dashboard.access.base import Way
from dashboard.assets import ASSETS
from dashboard.i18n import FALLBACK, phrases

FAILURES = ("wrong", "locked", "provider", "role")


def login_page(connection: HTTPConnection, way: Way, refusal: str = "") -> HTMLResponse:
    """Answers 401, in the language that the browser asks for.

    Args:
        refusal: why a known person is not let in, as a sentence.
    """
    language = "zh-CN" if connection.headers.get("accept-language", "").lower().startswith("zh") else FALLBACK
    words = phrases()[language]
    failed = connection.query_params.get("failed", "")
    said = refusal or (words[f"login.{failed}"] if failed in FAILURES else "")
    page = _template().substitute(
        language=language,
        tokens=(ASSETS / "css" / "00-tokens.css").read_text("utf-8"),
        lead=escape(words["login.lead" if way.start else "login.elsewhere"]),
        failed=f'<p class="failed" role="alert">{escape(said)}</p>' if said else "",
        way=_form(words) if way.asks else _link(words, way.start),
        notice=escape(words["page.notice"]),
    )
    return HTMLResponse(page, 401)


def to_page(request: Request, failed: str = "") -> RedirectResponse:
    """Sends a browser to the page, which says what failed: one of FAILURES, or nothing."""
    root = request.scope.get("root_path", "")
    return RedirectResponse(f"{root}/?failed={failed}" if failed else f"{root}/", 303)


@cache
def _template() -> Template:
    return Template((ASSETS / "login.html").read_text("utf-8"))


def _form(words: dict[str, str]) -> str:
    """Addresses are relative: a proxy may serve the page below another path."""
    name, password, button = (escape(words[f"login.{key}"]) for key in ("name", "password", "button"))
    return (
        '<form method="post" action="login"><input type="hidden" name="page" value="1">'
        f'<label>{name}<input name="username" autocomplete="username" required autofocus></label>'
        f'<label>{password}<input name="password" type="password" autocomplete="current-password" required></label>'
        f"<button>{button}</button></form>"
    )


def _link(words: dict[str, str], start: str) -> str:
    return f'<a class="start" href="{escape(start.lstrip("/"))}">{escape(words["login.button"])}</a>' if start else ""
