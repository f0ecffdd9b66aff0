"""What stands on the stage is tested, beside it and in a tab of its own."""

import pytest
from e2e.driving import EXACT_LIMIT, wait_for_exact
from playwright.sync_api import expect


@pytest.fixture
def tested(page):
    wait_for_exact(page)
    page.wait_for_selector(".bl-trust[data-modality=report] .bl-fold", timeout=EXACT_LIMIT)
    return page


def test_the_tests_stand_under_film_and_report(tested):
    for modality, says in (("image", "Points at the finding"), ("report", "Top word states it")):
        strip = tested.locator(f".bl-trust[data-modality={modality}]")
        for name in (says, "Deletion", "Insertion", "Stable", "Differs from an untrained model"):
            expect(strip).to_contain_text(name)
    for part in (".bl-film", ".bl-words"):
        box = tested.locator(part).bounding_box()
        assert box["y"] + box["height"] <= 800, f"{part} is not on the screen"


def test_another_finding_is_tested_anew(tested):
    tested.locator(".bl-bar[aria-checked=false]").first.click()
    expect(tested.locator(".bl-trust .bl-fold")).to_have_count(0)
    tested.wait_for_selector(".bl-trust[data-modality=report] .bl-fold", timeout=EXACT_LIMIT)


def test_the_tab_shows_curves_and_every_method(tested):
    tested.get_by_role("tab", name="Trust").click()
    expect(tested.locator(".bl-trust-plot .main-svg").first).to_be_visible(timeout=30_000)
    expect(tested.locator(".bl-trust-plot").first).to_contain_text("area 0.")
    expect(tested.locator(".bl-trust-table").first).to_contain_text("hottest point")
    table = tested.locator(".bl-trust-methods")
    for name in ("Grad-CAM", "Occlusion", "Leave one word out"):
        expect(table).to_contain_text(name)
    expect(table.locator("td.bl-doubt", has_text="!").first).to_be_visible()
    expect(table.locator("th", has_text="Untrained model").first).to_contain_text("↓ ≤ 0.30")


def test_the_film_and_the_report_are_shown_as_they_were_tested(tested):
    tested.get_by_role("tab", name="Trust").click()
    film, report = tested.locator(".bl-trust-curves").all()
    canvas = film.locator("canvas").first
    expect(canvas).to_be_visible(timeout=30_000)
    colours = "canvas => new Set(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data).size"
    film.get_by_label("What stands where evidence is taken away").select_option("black")
    field = film.get_by_role("slider")
    field.press("End")
    assert canvas.evaluate(colours) == 2  # of one that is black all over: 0, and 255 of opacity
    field.press("Home")
    assert canvas.evaluate(colours) > 100
    words = report.get_by_role("slider")
    words.press("End")
    expect(report.locator(".bl-trust-insertion del")).to_have_count(0)
    expect(report.locator(".bl-trust-deletion")).to_contain_text("100\u2009% taken away")
    assert report.locator(".bl-trust-deletion del").count() > 3
