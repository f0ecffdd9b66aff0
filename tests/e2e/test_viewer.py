"""The film, looked at closely: its own pixels, through a window, larger, without what lies over it."""

import io
import json
import re

import numpy as np
import pandas as pd
import pytest
from e2e.driving import EXACT_LIMIT, PIXELS, STAGE, move_beta, upload, wait_for_exact
from PIL import Image
from playwright.sync_api import Page, expect

from model.inputs import read_film

FILM = ".bl-film-canvas[data-side=now]"
ROWS, COLUMNS = 4000, 3000


@pytest.fixture(scope="module")
def large() -> bytes:
    """A film of 3,000 × 4,000 greys of 16 bits, each row and column of which can be told from the next."""
    y, x = np.mgrid[:ROWS, :COLUMNS]
    greys = (y * 9 + x * 7 + 4000 * ((x // 100 + y // 100) % 2)).astype(np.uint16)
    Image.fromarray(greys).save(out := io.BytesIO(), "PNG", compress_level=1)
    return out.getvalue()


def place(page: Page) -> dict[str, float]:
    """Where the film lies on its canvas, in pixels of it."""
    shown = page.locator(FILM).evaluate("canvas => ({...canvas.dataset})")
    return {name: float(shown[name]) for name in ("scale", "left", "top")}


def settled(page: Page) -> dict[str, float]:
    """The same, once two frames have been drawn."""
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return place(page)


def spot(page: Page, across: float, down: float) -> tuple[float, float]:
    """The whole pixel of the page over the film, at these shares of its canvas."""
    box = page.locator(FILM).bounding_box()
    return round(box["x"] + across * box["width"]), round(box["y"] + down * box["height"])


def on_film(page: Page, across: float, down: float) -> tuple[float, float]:
    """The point of the film there, in its own pixels."""
    box, now, (x, y) = page.locator(FILM).bounding_box(), settled(page), spot(page, across, down)
    return (x - box["x"] - now["left"]) / now["scale"], (y - box["y"] - now["top"]) / now["scale"]


def wait_for_own_pixels(page: Page) -> None:
    expect(page.locator(f"{FILM}[data-own=true]")).to_have_count(1, timeout=30_000)
    settled(page)


def greys(page: Page) -> np.ndarray:
    """What the canvas shows."""
    data = page.locator(FILM).evaluate(
        "canvas => { const { width, height } = canvas;"
        " const all = canvas.getContext('2d').getImageData(0, 0, width, height).data;"
        " return [width, height, [...all.filter((_, i) => i % 4 === 0)]]; }"
    )
    width, height, values = data
    return np.array(values, np.uint8).reshape(height, width)


def drag(page: Page, start: tuple[float, float], by: tuple[float, float], key: str = "") -> None:
    page.mouse.move(*start)
    if key:
        page.keyboard.down(key)
    page.mouse.down()
    page.mouse.move(start[0] + by[0], start[1] + by[1], steps=4)
    page.mouse.up()
    if key:
        page.keyboard.up(key)


def test_the_wheel_zooms_about_the_pointer_and_zero_shows_the_whole_film_again(page):
    whole = settled(page)
    at = (0.7, 0.4)
    page.mouse.move(*spot(page, *at))
    before = on_film(page, *at)
    for _ in range(5):
        page.mouse.wheel(0, -150)
    page.wait_for_function(
        "([film, scale]) => document.querySelector(film).dataset.scale > 2 * scale", arg=[FILM, whole["scale"]]
    )
    assert on_film(page, *at) == pytest.approx(before, abs=0.01)
    wait_for_own_pixels(page)
    page.keyboard.press("0")
    assert settled(page) == whole


def test_two_fingers_zoom_about_what_lies_between_them(page):
    before, between = settled(page)["scale"], on_film(page, 0.5, 0.5)
    (x, y), touch = spot(page, 0.5, 0.5), page.context.new_cdp_session(page)

    def fingers(kind: str, apart: int) -> None:
        points = [{"x": x - apart, "y": y, "id": 0}, {"x": x + apart, "y": y, "id": 1}] if apart else []
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    fingers("touchStart", 30)
    for apart in (40, 50, 60):
        fingers("touchMove", apart)
    fingers("touchEnd", 0)
    assert settled(page)["scale"] == pytest.approx(2 * before, rel=0.05)
    assert on_film(page, 0.5, 0.5) == pytest.approx(between, abs=1)
    expect(page.locator(".bl-view-readout")).not_to_contain_text("W")


def test_a_zoomed_film_is_moved_by_shift_by_the_middle_button_and_by_arrows(page):
    page.mouse.move(*spot(page, 0.5, 0.5))
    for _ in range(4):
        page.keyboard.press("+")
    before = settled(page)
    drag(page, spot(page, 0.5, 0.5), (40, -25), "Shift")
    after = settled(page)
    assert (after["left"] - before["left"], after["top"] - before["top"]) == pytest.approx((40, -25), abs=0.5)
    page.mouse.down(button="middle")
    page.mouse.move(*spot(page, 0.5, 0.5))
    page.mouse.up(button="middle")
    assert settled(page) == pytest.approx(before, abs=0.5)
    page.locator(FILM).focus()
    page.keyboard.press("ArrowRight")
    assert settled(page)["left"] < before["left"]
    beta = page.locator(STAGE).get_attribute("data-beta")
    page.keyboard.press("-")
    assert settled(page)["scale"] < before["scale"]
    assert page.locator(STAGE).get_attribute("data-beta") == beta


def test_a_drag_sets_window_and_level_inversion_inverts_and_reset_takes_both_back(page):
    page.mouse.move(*spot(page, 0.2, 0.2))
    page.keyboard.down("h")
    settled(page)
    plain = greys(page).astype(int)
    page.mouse.move(*spot(page, 0.5, 0.5))
    page.keyboard.press("i")
    settled(page)
    assert np.abs(greys(page) + plain - 255).max() <= 8  # what is between two pixels of the film
    page.keyboard.press("i")
    page.keyboard.up("h")
    drag(page, spot(page, 0.5, 0.5), (-0.25 * page.locator(FILM).bounding_box()["width"], 0))
    expect(page.locator(".bl-view-readout")).to_contain_text("W 71 · L 50")
    wait_for_own_pixels(page)
    page.keyboard.down("h")
    settled(page)
    windowed = greys(page).astype(float)
    expected = np.clip((plain / 255 - 0.5) * 2**0.5 + 0.5, 0, 1) * 255
    assert np.abs(windowed - expected).mean() < 4
    page.keyboard.up("h")
    page.locator("[data-does=reset]").click()
    settled(page)
    expect(page.locator(".bl-view-readout")).not_to_contain_text("W")
    page.keyboard.down("h")
    settled(page)
    assert np.array_equal(greys(page), plain)


def test_a_large_film_of_16_bits_is_shown_in_its_own_pixels(page, large):
    upload(page, "large.png", large)
    expect(page.locator(STAGE)).to_have_attribute("data-case", re.compile("^film-"), timeout=EXACT_LIMIT)
    wait_for_exact(page)
    page.mouse.dblclick(*spot(page, 0.5, 0.6))
    expect(page.locator(f"{FILM}[data-scale='1']")).to_have_count(1)
    wait_for_own_pixels(page)
    page.keyboard.down("h")
    now = settled(page)
    shown = greys(page)
    top, left = int(-now["top"]), int(-now["left"])
    height, width = shown.shape
    own = read_film(large).pixels[top : top + height, left : left + width]
    assert own.shape == shown.shape
    assert np.abs(shown - own * 255).max() <= 0.51
    page.keyboard.up("h")
    page.mouse.dblclick(*spot(page, 0.5, 0.6))
    assert settled(page)["scale"] < 1


def test_h_shows_the_bare_film_while_it_is_held(page):
    before = page.evaluate(PIXELS)
    page.mouse.move(*spot(page, 0.5, 0.5))
    page.keyboard.down("h")
    settled(page)
    assert page.evaluate(PIXELS) != before
    page.keyboard.up("h")
    settled(page)
    assert page.evaluate(PIXELS) == before


def test_keys_of_the_film_do_nothing_while_somebody_types_or_is_elsewhere(page):
    whole = settled(page)
    page.mouse.move(*spot(page, 0.5, 0.5))
    page.locator(".bl-case-search").focus()
    page.keyboard.type("i+1")
    assert settled(page) == whole
    page.locator(".bl-case-search").fill("")
    page.locator("h1").first.hover()
    page.locator("h1").first.click()
    page.keyboard.press("+")
    assert settled(page) == whole
    expect(page.locator("[data-does=invert]")).to_have_attribute("aria-pressed", "false")


def test_the_heat_follows_zoom_and_beta_repaints_it_at_once(page):
    page.mouse.move(*spot(page, 0.7, 0.7))
    for _ in range(4):
        page.mouse.wheel(0, -150)
    wait_for_own_pixels(page)
    page.route("**/gradio_api/**", lambda route: None)  # never answered
    before = page.evaluate(PIXELS)
    move_beta(page, 20)
    expect(page.locator(STAGE)).to_have_attribute("data-beta", "0.70")
    assert page.evaluate(PIXELS) != before
    assert float(page.locator(STAGE).get_attribute("data-draw-ms")) < 100
    page.unroute("**/gradio_api/**")


def test_the_value_under_the_pointer_is_that_of_the_same_place_however_it_is_zoomed(page):
    page.mouse.move(*spot(page, 0.7, 0.7))
    expect(page.locator(".bl-value")).to_contain_text("evidence")
    value = page.locator(".bl-value").inner_text()
    for _ in range(4):
        page.mouse.wheel(0, -150)
    settled(page)
    page.mouse.move(*spot(page, 0.701, 0.7))
    page.mouse.move(*spot(page, 0.7, 0.7))
    expect(page.locator(".bl-value")).to_have_text(value)
    page.locator("h1").first.hover()
    expect(page.locator(".bl-value")).to_contain_text("Evidence")


def test_evidence_against_is_drawn_when_asked_and_its_sum_is_said(page):
    expect(page.locator(".bl-film-sum")).to_contain_text(re.compile(r"Evidence for .+: \+\d"))
    expect(page.locator(".bl-film-sum")).to_contain_text("against, not drawn:")
    before = page.evaluate(PIXELS)
    page.locator("[data-does=signed]").click()
    settled(page)
    assert page.evaluate(PIXELS) != before
    expect(page.locator(".bl-film-sum")).not_to_contain_text("not drawn")
    before = page.evaluate(PIXELS)
    page.locator(".bl-threshold").focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    settled(page)
    assert page.evaluate(PIXELS) != before
    assert re.search(r"Strongest in the \w+ third, image (left|right)", page.locator(FILM).get_attribute("aria-label"))


def test_a_region_that_is_marked_while_zoomed_is_stored_where_it_is_on_the_film(page, server):
    page.mouse.move(*spot(page, 0.6, 0.6))
    for _ in range(4):
        page.mouse.wheel(0, -150)
    settled(page)
    page.locator(".bl-film .bl-mark-wrong").click()
    corners = [on_film(page, 0.3, 0.4), on_film(page, 0.6, 0.8)]
    drag(
        page,
        spot(page, 0.3, 0.4),
        tuple(b - a for a, b in zip(spot(page, 0.3, 0.4), spot(page, 0.6, 0.8), strict=True)),
    )
    page.keyboard.press("Escape")
    page.locator("#bl-flag-reviewer").fill("Dr Zoom")
    page.get_by_role("button", name="Disagree", exact=True).click()
    page.locator("#bl-flag-comment").fill("zoomed")
    page.get_by_role("button", name="Save verdict").click()
    expect(page.locator(".bl-outcome")).to_contain_text("Saved.", timeout=20_000)
    rows = pd.read_csv(server.flags, dtype=str, keep_default_na=False).set_index("flag_id")
    ((top, left, height, width),) = json.loads(
        rows.loc[page.locator(".bl-flag").get_attribute("data-flag"), "wrong_regions"]
    )
    side = 320  # pixels of the demo's films
    (x0, y0), (x1, y1) = corners
    assert (left, top, width, height) == pytest.approx(
        (x0 / side, y0 / side, (x1 - x0) / side, (y1 - y0) / side), abs=0.005
    )


def test_each_button_has_a_name_and_none_is_cut_off_at_any_width(page):
    buttons = page.locator(".bl-view-bar button")
    assert all(button.get_attribute("aria-label") for button in buttons.all())
    for wide in (300, 362, 480, 620, 900):
        page.locator(".bl-film").evaluate("(film, wide) => { film.style.width = `${wide}px`; }", wide)
        settled(page)
        panel = page.locator(".bl-film").bounding_box()
        for part in page.locator(".bl-film figcaption :is(button, select, input, .bl-film-sum, .bl-ticks)").all():
            box = part.bounding_box()
            if box is None:
                continue  # not offered now
            assert box["x"] >= panel["x"], (wide, part)
            assert box["x"] + box["width"] <= panel["x"] + panel["width"] + 0.5, (wide, part)
            assert box["y"] + box["height"] <= panel["y"] + panel["height"] + 0.5, (wide, part)


def test_full_screen_shows_the_film_with_its_buttons(page):
    page.mouse.move(*spot(page, 0.5, 0.5))
    page.keyboard.press("f")
    page.wait_for_function("document.fullscreenElement?.classList.contains('bl-film')")
    settled(page)
    assert page.locator(FILM).bounding_box()["height"] > 500
    expect(page.locator("[data-does=full]")).to_be_visible()
    page.keyboard.press("f")
    page.wait_for_function("!document.fullscreenElement")
