"""Tabs are found by themselves, and the page they make keeps its promises."""

import json

import gradio as gr
import pytest

from dashboard.app import PAGE, build, look
from dashboard.page import tabs
from dashboard.serving.model_registry import ModelRegistry
from dashboard.ui.assets import css
from dashboard.ui.i18n import phrases
from dashboard.ui.theme import TOKENS
from dashboard.web.scripts import served
from model.feedback import FeedbackStore


@pytest.fixture(scope="module")
def page(engine, table, tmp_path_factory) -> gr.Blocks:
    return build(ModelRegistry(engine, table), FeedbackStore(tmp_path_factory.mktemp("flags")))


def test_the_tabs_in_order():
    assert [tabs.name(tab) for tab in tabs.discover()] == ["review", "beta_lab", "trust", "atlas", "feedback", "about"]


@pytest.mark.parametrize("tab", tabs.discover(), ids=tabs.name)
def test_tab_keeps_its_contract(tab):
    assert isinstance(tab.ORDER, int)
    assert tab.TITLE in phrases()["en"]
    assert callable(tab.build)
    assert tab.__doc__


def test_moving_beta_has_one_public_endpoint_and_no_queue(page):
    named = [f for f in page.fns.values() if f.api_visibility == "public" and f.fn]
    assert [f.api_name for f in named] == ["predict_at"]
    assert named[0].queue is False
    assert named[0].trigger_mode == "always_last"


def test_widget_templates_are_fixed(page):
    for block in page.blocks.values():
        if isinstance(block, gr.HTML):
            assert "{" not in block.html_template


def test_the_page_keeps_no_history_and_shows_no_traceback():
    assert PAGE["run_history"] is False
    assert PAGE["show_error"] is False
    assert PAGE["enable_monitoring"] is False
    assert PAGE["max_file_size"]


def test_page_names_no_address_outside():
    parts = look()
    assert "http" not in parts["css"]
    assert parts["theme"]._stylesheets == []
    for text in (parts["head"], *served().values()):
        assert not [word for word in text.split() if "//" in word and "http" in word and "w3.org" not in word]


def test_every_token_of_the_theme_is_defined_in_both_lights():
    light, dark = css().split(".dark {", 1)
    for token in TOKENS.values():
        assert f"--bl-{token}:" in light
        assert f"--bl-{token}:" in dark.split("}")[0]


def test_versions_and_cards_are_text(page):
    assert json.dumps(page.get_config_file()["title"])
