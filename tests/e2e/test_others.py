"""Readers among others: the place in line is shown, and work for a page that was closed stops."""

import re
import time
import urllib.request

import pytest
from e2e.driving import EXACT_LIMIT, wait_for_exact
from playwright.sync_api import Page, expect

# Takes many seconds on a CPU.
LONG = "integrated_gradients"
METHOD = "How the film is explained"


def in_line(url: str) -> int:
    """Explanations at work or waiting."""
    with urllib.request.urlopen(f"{url}/metrics", timeout=30) as answer:
        return int(float(re.search(r"^betalens_explanations_in_line (\S+)", answer.read().decode(), re.MULTILINE)[1]))


def wait_for_line(url: str, wanted, seconds: float = EXACT_LIMIT / 1000) -> None:
    end = time.monotonic() + seconds
    while not wanted(in_line(url)):
        if time.monotonic() > end:
            pytest.fail(f"not within {seconds} s")
        time.sleep(0.1)


def explain_at_length(page: Page, url: str) -> None:
    """Ask for what takes long, once the tests of what is on the stage are done."""
    page.wait_for_selector(".bl-trust[data-modality=report] .bl-fold", timeout=EXACT_LIMIT)
    wait_for_line(url, lambda n: n == 0)
    page.get_by_label(METHOD).select_option(LONG)
    wait_for_line(url, lambda n: n > 0)


@pytest.mark.slow
def test_work_for_a_page_that_was_closed_stops(server, browser):
    context = browser.new_context()
    page = context.new_page()
    page.goto(server.url)
    wait_for_exact(page)
    page.locator(".bl-case").nth(1).click()  # a case of its own: nothing of it is at hand
    wait_for_exact(page)
    explain_at_length(page, server.url)
    context.close()
    wait_for_line(server.url, lambda n: n == 0)


@pytest.mark.slow
def test_who_waits_is_told_how_many_are_ahead(page, server, browser):
    card = page.locator(".bl-case").nth(9)  # no other test asks for a second finding of this case
    card.click()
    page.wait_for_selector(f"[data-case='{card.get_attribute('data-study')}'][data-tier=exact]", timeout=EXACT_LIMIT)
    context = browser.new_context()
    other = context.new_page()
    other.goto(server.url)
    wait_for_exact(other)
    explain_at_length(other, server.url)
    page.locator(".bl-bar[aria-checked=false]").first.click()
    expect(page.locator(".bl-numbers")).to_contain_text("ahead in line", timeout=EXACT_LIMIT)
    context.close()
    page.wait_for_selector("[data-tier=exact]", timeout=EXACT_LIMIT)
