"""Explain by another method, and change a case to see what the decision would be."""

import re

from e2e.driving import EXACT_LIMIT, STAGE, move_beta, numbers, report_box
from playwright.sync_api import Page, expect

NOW, THEN = "canvas[data-side=now]", "canvas[data-side=then]"
SAID = ".bl-report-text[data-side=now]"


def wait_for_changes(page: Page, count: int) -> None:
    page.wait_for_selector(f"[data-changes='{count}'][data-tier=exact]", timeout=EXACT_LIMIT)


def erase(page: Page, share: float = 0.5) -> None:
    """A stroke of the mouse across the film, at this share of its height."""
    page.locator(".bl-erase").click()
    box = page.locator(NOW).bounding_box()
    at = [(box["x"] + box["width"] * x, box["y"] + box["height"] * share) for x in (0.55, 0.7, 0.85)]
    page.mouse.move(*at[0])
    page.mouse.down()
    for place in at[1:]:
        page.mouse.move(*place, steps=5)
    page.mouse.up()


def take_report(page: Page, number: int) -> None:
    page.locator(".bl-swap").click()
    expect(page.locator(".bl-picking")).to_be_visible()
    page.locator(".bl-case").nth(number).click()


def test_a_method_is_chosen_and_stays_for_the_next_case(page):
    before = page.evaluate(f"() => document.querySelector('{NOW}').toDataURL()")
    page.locator(".bl-film .bl-method select").select_option("layercam")
    page.wait_for_function(
        f"before => document.querySelector('{NOW}').toDataURL() !== before", arg=before, timeout=EXACT_LIMIT
    )
    study = page.locator(".bl-case").nth(1).get_attribute("data-study")
    page.locator(".bl-case").nth(1).click()
    page.wait_for_selector(f"[data-case={study}][data-tier=exact]", timeout=EXACT_LIMIT)
    expect(page.locator(".bl-film .bl-method select")).to_have_value("layercam")


def test_help_opens_by_key_and_closes_by_key(page):
    page.locator(".bl-words .bl-help-button").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#bl-help-report")).to_be_visible()
    expect(page.locator("#bl-help-report")).to_contain_text("Integrated gradients")
    page.keyboard.press("Escape")
    expect(page.locator("#bl-help-report")).to_be_hidden()


def test_erasing_shows_two_films_and_another_probability(page):
    before = numbers(page)
    erase(page)
    wait_for_changes(page, 1)
    expect(page.locator(".bl-film-canvas")).to_have_count(2)
    assert page.locator(NOW).bounding_box()["width"] == page.locator(THEN).bounding_box()["width"]
    expect(page.locator(".bl-p-then")).to_contain_text("→")
    move_beta(page, 50)  # the film alone decides
    expect(page.locator(STAGE)).to_have_attribute("data-beta", "1.00")
    shown = "side => document.querySelector(side).toDataURL()"
    assert page.evaluate(shown, NOW) != page.evaluate(shown, THEN)
    assert numbers(page) != before
    for part in (".bl-film", ".bl-decision", ".bl-bars", ".bl-shares", ".bl-curve", ".bl-words"):
        box = page.locator(part).bounding_box()
        assert box["y"] + box["height"] <= 800, f"{part} is not on the screen"
    page.locator(".bl-undo").click()
    wait_for_changes(page, 0)
    expect(page.locator(".bl-film-canvas")).to_have_count(1)


def test_the_report_of_another_case_is_taken_and_given_back(page):
    own, case = page.locator(SAID).inner_text(), page.locator(STAGE).get_attribute("data-case")
    take_report(page, 4)
    wait_for_changes(page, 1)
    expect(page.locator(STAGE)).to_have_attribute("data-case", case)
    expect(page.locator(".bl-report-text[data-side=then]")).to_have_text(own)
    expect(page.locator(SAID)).not_to_have_text(own)
    expect(report_box(page)).to_have_value(page.locator(SAID).inner_text())
    expect(page.locator(".bl-curve-then")).to_have_count(1)
    erase(page)
    wait_for_changes(page, 2)
    page.locator(".bl-reset").click()
    wait_for_changes(page, 0)
    expect(page.locator(SAID)).to_have_text(own)


def test_picking_is_given_up_with_escape(page):
    page.locator(".bl-swap").click()
    expect(page.locator(".bl-pick-hint")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".bl-pick-hint")).to_be_hidden()
    study = page.locator(".bl-case").nth(1).get_attribute("data-study")
    page.locator(".bl-case").nth(1).click()
    expect(page.locator(STAGE)).to_have_attribute("data-case", study, timeout=EXACT_LIMIT)


def test_no_verdict_while_the_case_is_changed(page):
    report_box(page).fill("No acute abnormality.")
    page.get_by_role("button", name="Analyse").click()
    wait_for_changes(page, 1)
    expect(page.locator(".bl-outcome")).to_contain_text("undo the changes first")
    expect(page.get_by_role("button", name="Agree", exact=True)).to_be_disabled()
    page.locator(".bl-undo").click()
    wait_for_changes(page, 0)
    expect(page.get_by_role("button", name="Agree", exact=True)).to_be_enabled()
    expect(page.locator(".bl-outcome")).to_have_text(re.compile("^$"))
