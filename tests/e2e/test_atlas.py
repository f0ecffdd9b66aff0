"""The atlas, as a person uses it, with 5,000 studies: morph, hover, click, lasso, colour, filter, export."""

import csv
import io
from pathlib import Path

import pytest
from e2e.conftest import serving
from e2e.driving import EXACT_LIMIT, STAGE, beta_of, move_beta
from playwright.sync_api import Page, expect

from benchmarks.many import make

# 5,000 studies, whose WebGL the CPU draws: minutes.
pytestmark = pytest.mark.slow

COUNT = 5000
ATLAS = "#bl-atlas .bl-widget"
MAP = "document.querySelector('.bl-map-over').mapView"
# A screen's point of a study that nothing lies over, near the middle of the map.
LONELY = f"""() => {{ const view = {MAP}, at = [];
  view.each((point, x, y) => at.push([point, x, y]));
  const {{ width, height }} = view.camera;
  const inside = at.filter(([, x, y]) => x > 40 && y > 40 && x < width - 40 && y < height - 40);
  const apart = ([p, x, y]) => Math.min(...at.filter(([q]) => q !== p).map(([, a, b]) => Math.hypot(a - x, b - y)));
  return inside.slice(0, 300).sort((a, b) => apart(b) - apart(a))[0]; }}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """`betalens serve` over 5,000 studies."""
    many = make(tmp_path_factory.mktemp("many"), COUNT)
    yield from serving(
        tmp_path_factory.mktemp("flags"), "--studies", str(many.studies), "--checkpoint", str(many.checkpoint)
    )


@pytest.fixture
def atlas(page: Page) -> Page:
    page.get_by_role("tab", name="Atlas").click()
    page.wait_for_selector(f"{ATLAS}[data-state=ready][data-column]", timeout=EXACT_LIMIT)
    return page


def point_at(page: Page) -> int:
    """Move the mouse to a study; which one."""
    point, x, y = page.evaluate(LONELY)
    box = page.locator(".bl-map-over").bounding_box()
    page.mouse.move(box["x"] + x, box["y"] + y)
    return point


def lasso(page: Page, left=0.1, top=0.1, right=0.9, bottom=0.9) -> None:
    """Draw a box on the map, in shares of its sides."""
    page.get_by_role("button", name="Box").click()
    box = page.locator(".bl-map-over").bounding_box()
    page.mouse.move(box["x"] + left * box["width"], box["y"] + top * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + right * box["width"], box["y"] + bottom * box["height"], steps=4)
    page.mouse.up()


def test_beta_morphs_the_map_while_the_server_is_silent(atlas):
    expect(atlas.locator(ATLAS)).to_have_attribute("data-points", str(COUNT))
    atlas.route("**/gradio_api/**", lambda route: None)  # never answered
    where = f"() => {MAP}.screenOf(17).map(Math.round)"
    picture = f"() => {{ {MAP}.paint(); return {MAP}.canvas.toDataURL(); }}"
    before = atlas.evaluate(where)
    move_beta(atlas, 30)
    expect(beta_of(atlas)).to_have_value("0.8")
    atlas.wait_for_function(f"([x, y]) => ({where})().join() !== [x, y].join()", arg=before)
    assert len(atlas.evaluate(picture)) > 2000  # something is drawn
    atlas.unroute("**/gradio_api/**")


def test_a_slow_machine_moves_a_sample_and_rests_on_all_points(atlas):
    slow = f"() => {{ const view = {MAP}; view.paint(); view.inTime = 0; view.paint(); return view.drawn; }}"
    assert 0 < atlas.evaluate(slow) < COUNT
    atlas.wait_for_function(f"() => {MAP}.drawn === {COUNT}")


def test_hovering_shows_film_findings_and_report_and_a_click_opens_it(atlas):
    point = point_at(atlas)
    card = atlas.locator(".bl-map-card")
    expect(card.locator("img")).to_be_visible(timeout=EXACT_LIMIT)
    expect(card).to_contain_text(f"many-{point:06d}")
    assert len(card.locator(".bl-card-words").inner_text()) > 20
    point, x, y = atlas.evaluate(LONELY)
    atlas.locator(".bl-map-over").click(position={"x": x, "y": y})
    expect(atlas.get_by_role("tab", name="Review")).to_have_attribute("aria-selected", "true", timeout=EXACT_LIMIT)
    expect(atlas.locator(STAGE)).to_have_attribute("data-case", f"many-{point:06d}", timeout=EXACT_LIMIT)
    near = atlas.locator(".bl-neighbours-row")
    expect(near).to_have_count(3, timeout=EXACT_LIMIT)
    for row in near.all():
        expect(row.locator(".bl-neighbour img")).to_have_count(5)
    study = near.last.locator(".bl-neighbour").first
    wanted = study.get_attribute("data-study")
    study.click()
    expect(atlas.locator(STAGE)).to_have_attribute("data-case", wanted, timeout=EXACT_LIMIT)


def test_a_keyboard_goes_from_study_to_study(atlas):
    over = atlas.locator(".bl-map-over")
    over.focus()
    atlas.keyboard.press("ArrowRight")
    expect(over).not_to_have_attribute("data-pointed", "-1")
    first = over.get_attribute("data-pointed")
    atlas.keyboard.press("ArrowUp")
    expect(over).not_to_have_attribute("data-pointed", first)
    second = int(over.get_attribute("data-pointed"))
    atlas.keyboard.press("Enter")
    expect(atlas.locator(STAGE)).to_have_attribute("data-case", f"many-{second:06d}", timeout=EXACT_LIMIT)


def test_a_lasso_tells_what_it_holds_and_is_saved(atlas):
    lasso(atlas)
    selection = atlas.locator(".bl-selection")
    expect(selection).to_be_visible(timeout=EXACT_LIMIT)
    size = int(selection.get_attribute("data-size"))
    assert 0 < size < COUNT
    expect(selection.locator("tbody tr")).to_have_count(8)
    expect(selection.locator(".bl-telling b").first).to_be_visible()
    expect(selection.locator(".bl-regions")).to_be_visible(timeout=EXACT_LIMIT)
    with atlas.expect_download(timeout=EXACT_LIMIT) as saved:
        atlas.get_by_role("button", name="Save as CSV").click()
    rows = list(csv.DictReader(io.StringIO(Path(saved.value.path()).read_text("utf-8-sig"))))
    assert len(rows) == size
    assert {"study_id", "label", "beta", "p_Nodule"} <= rows[0].keys()
    atlas.get_by_role("button", name="Clear").click()
    expect(selection).to_be_hidden()


def test_the_legend_filters_and_the_filter_stays(atlas):
    shown = atlas.locator(".bl-atlas-legend-shown")
    expect(shown).to_contain_text("5,000 of 5,000")
    atlas.locator("#bl-atlas-by").select_option("split")
    atlas.locator(".bl-atlas-legend-row", has_text="Train").click()
    expect(shown).not_to_contain_text("5,000 of")
    left = shown.inner_text()
    for by in ("probability", "error", "confidence", "discordance", "source", "feedback", "label"):
        atlas.locator("#bl-atlas-by").select_option(by)
        atlas.wait_for_selector(f"{ATLAS}[data-column^='{by}/']", timeout=EXACT_LIMIT)
        expect(shown).to_have_text(left)
    lasso(atlas, 0.01, 0.01, 0.99, 0.99)
    expect(atlas.locator(".bl-selection")).to_have_attribute(
        "data-size", left.split()[0].replace(",", ""), timeout=EXACT_LIMIT
    )
    atlas.locator(".bl-atlas-legend-chip").click()
    expect(shown).to_contain_text("5,000 of 5,000")


def test_films_stand_for_dots_when_zoomed_in(atlas):
    view = f"() => {MAP}.films.filter(({{ point }}) => {MAP}.cards.get(point)?.image?.complete).length"
    point_at(atlas)
    for _ in range(5):
        atlas.mouse.wheel(0, -300)
    atlas.wait_for_function(f"() => ({view})() > 0", timeout=EXACT_LIMIT)


def test_other_maps_can_be_compared(atlas):
    atlas.locator("#bl-atlas-method").select_option("pca")
    atlas.wait_for_selector(f"{ATLAS}[data-map=fused-pca]", timeout=EXACT_LIMIT)
    atlas.locator("#bl-atlas-space").select_option("image")
    atlas.wait_for_selector(f"{ATLAS}[data-map=image-pca]", timeout=EXACT_LIMIT)
    expect(atlas.locator(".bl-atlas-facts")).to_contain_text("Trustworthiness of the map: 0.")


def test_the_trustworthiness_is_that_of_the_beta_it_names(atlas):
    facts = atlas.locator(".bl-atlas-facts")
    at = {}
    for steps in (0, 12):  # from a slice to between two
        move_beta(atlas, steps)
        beta = beta_of(atlas).input_value()
        expect(facts).to_contain_text(f"at β = {float(beta):.2f}: 0.", timeout=EXACT_LIMIT)
        at[beta] = facts.inner_text()
    assert len(at) == 2
    expect(atlas.locator(".bl-atlas-here")).to_contain_text("★")
