"""The words of the page in its languages: one flat JSON a language in assets/i18n, with the same keys.

Gradio translates its own labels with `gr.I18n`; our widgets look the same keys up in the browser
(assets/js/lib/i18n.js).
"""

import json
from functools import cache

import gradio as gr
from gradio.i18n import I18nData

from dashboard.ui.assets import ASSETS

FALLBACK = "en"


@cache
def phrases() -> dict[str, dict[str, str]]:
    """Language tag to its phrases."""
    return {p.stem: json.loads(p.read_text("utf-8")) for p in sorted((ASSETS / "i18n").glob("*.json"))}


@cache
def translator() -> gr.I18n:
    """Gradio's side of the phrases. A browser that asks for plain `zh` or for `zh-TW` is given zh-CN."""
    chinese = phrases()["zh-CN"]
    return gr.I18n(**phrases(), zh=chinese, **{"zh-TW": chinese})


def t(key: str) -> I18nData:
    """A phrase as a Gradio label.

    Raises:
        KeyError: assets/i18n/en.json does not have the key.
    """
    if key not in phrases()[FALLBACK]:
        raise KeyError(f"assets/i18n/{FALLBACK}.json has no phrase {key!r}")
    return translator()(key)
