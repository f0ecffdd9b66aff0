"""The slider's own sweep on the first visit: seen once, without the server, and ended by any touch."""

import pytest
from e2e.driving import EXACT_LIMIT, STAGE, beta_of, move_beta, wait_for_exact
from playwright.sync_api import Page, expect

SWEEPING = ".bl-beta.bl-sweeping"
WATCH = """
    window.betas = [];
    document.addEventListener("betalens:beta", ({ detail }) => window.betas.push(detail));
"""


@pytest.fixture
def visit(server, browser):
    """Opens the page for the first time, as whoever asks for it."""
    contexts = []

    def open_page(key: str = "", **asked) -> Page:
        context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-US", **asked)
        contexts.append(context)
        context.add_init_script(WATCH)
        page = context.new_page()
        page.goto(server.url)
        if key:
            page.keyboard.press(key)
        wait_for_exact(page)
        return page

    yield open_page
    for context in contexts:
        context.close()


def begin(page: Page) -> None:
    """Wait for the sweep to be under way."""
    page.wait_for_function("() => Math.min(...window.betas) < 0.35", timeout=EXACT_LIMIT)
    expect(page.locator(SWEEPING)).to_have_count(1)


def test_the_slider_sweeps_once_by_itself_and_stops_where_it_began(visit):
    page = visit()
    before = beta_of(page).input_value()
    page.locator(SWEEPING).wait_for(timeout=EXACT_LIMIT)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_function("() => Math.max(...window.betas) > 0.9", timeout=EXACT_LIMIT)
    assert float(page.locator(STAGE).get_attribute("data-beta")) > 0.5  # what is drawn moves with it
    expect(page.locator(SWEEPING)).to_have_count(0, timeout=EXACT_LIMIT)
    # At most that for the tests of the case, which are asked for once it stands still: nothing for β.
    assert len([url for url in asked if url.endswith("/queue/join?")]) <= 1
    assert not [url for url in asked if "/gradio_api/run/" in url]
    betas = page.evaluate("window.betas")
    assert min(betas) < 0.05
    assert max(betas) > 0.95
    assert betas[-1] == float(before)
    assert beta_of(page).input_value() == before
    expect(page.locator(STAGE)).to_have_attribute("data-beta", f"{float(before):.2f}")
    page.reload()
    wait_for_exact(page)
    page.wait_for_timeout(2500)
    assert page.evaluate("window.betas") == []


def test_a_key_ends_it_at_its_start_and_is_taken_from_there(visit):
    page = visit()
    begin(page)
    move_beta(page, 1)
    expect(page.locator(SWEEPING)).to_have_count(0)
    assert page.evaluate("window.betas.at(-1)") == pytest.approx(0.51)
    assert beta_of(page).input_value() == "0.51"
    page.wait_for_timeout(500)
    assert beta_of(page).input_value() == "0.51"


@pytest.mark.parametrize("touch", ["pointer", "wheel"])
def test_any_touch_ends_it(visit, touch):
    page = visit()
    begin(page)
    page.mouse.move(20, 700)
    page.mouse.down() if touch == "pointer" else page.mouse.wheel(0, 10)
    expect(page.locator(SWEEPING)).to_have_count(0)
    assert beta_of(page).input_value() == "0.5"
    expect(page.locator(STAGE)).to_have_attribute("data-beta", "0.50")


def test_who_touched_the_page_before_or_asked_for_less_motion_sees_none(visit):
    for page in (visit(reduced_motion="reduce"), visit(key="Tab")):
        page.wait_for_timeout(2500)
        assert page.evaluate("window.betas") == []
        assert page.evaluate("localStorage.getItem('betalens.visited')") == "yes"
