"""Both languages say everything the page asks for."""

import re
from pathlib import Path

import pytest

from dashboard.ui.assets import ASSETS
from dashboard.ui.i18n import FALLBACK, phrases, t

HOLE = re.compile(r"\{(\w+)\}")
ROOT = ASSETS.parent


def test_languages_have_the_same_keys():
    assert set(phrases()) == {"en", "zh-CN"}
    assert phrases()["en"].keys() == phrases()["zh-CN"].keys()


@pytest.mark.parametrize("key", sorted(phrases()[FALLBACK]))
def test_translations_fill_the_same_holes_and_are_not_empty(key):
    assert all(language[key].strip() for language in phrases().values())
    assert len({frozenset(HOLE.findall(language[key])) for language in phrases().values()}) == 1


def test_every_key_in_the_sources_exists():
    sources = [*(ASSETS / "js").rglob("*.js"), *(ROOT / "dashboard").rglob("*.py")]
    known = phrases()[FALLBACK]
    # Some stand for all that begin so: the heads of a table's columns.
    beginnings = {key.rpartition(".")[0] for key in known}
    prefixes = {key.partition(".")[0] for key in known}
    asked = set()
    for source in map(Path, sources):
        for key in re.findall(r"""["']([a-z]+\.[a-z_]+(?:\.[a-z_]+)?)["']""", source.read_text("utf-8")):
            if key.partition(".")[0] in prefixes and not key.endswith(
                (".html", ".json", ".js", ".css", ".language", ".theme")
            ):
                asked.add(key)
    assert asked - known.keys() - beginnings == set()


def test_unknown_phrase_is_refused():
    with pytest.raises(KeyError, match="no phrase"):
        t("no.such")
