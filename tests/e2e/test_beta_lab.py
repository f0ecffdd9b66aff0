"""The β lab: what is best at which β, the cases behind a decision, and what the measurement leads to."""

import re

import pytest
from e2e.driving import EXACT_LIMIT, STAGE, beta_of, move_beta
from playwright.sync_api import expect


@pytest.fixture
def lab(page):
    page.get_by_role("tab", name="β lab").click()
    page.wait_for_selector("#bl-beta-lab [data-state=ready]", timeout=EXACT_LIMIT)
    return page


def test_every_finding_has_a_best_beta_with_its_interval(lab):
    rows = lab.locator(".bl-lab-table tbody tr")
    expect(rows).to_have_count(9)  # eight findings and all of them together
    texts = rows.all_inner_texts()
    assert any("no interval" in text for text in texts)  # no resample decides a pair of it wrongly
    for text in texts:
        assert not re.search(r"(\d\.\d+) to \1(?!\d)", text), text
        assert re.search(r"0\.\d\d.*0\.\d\d to [01]\.\d\d", text.replace("\n", " ")), text


def test_it_opens_on_a_finding_that_a_blend_serves_better_than_either_end_or_on_all(lab):
    height = "(chart, kind) => -parseFloat(chart.querySelector(`.bl-mark-${kind}`).style.top)"
    served = []
    for chart in lab.locator(".bl-multiple").all():
        best, report, image = (chart.evaluate(height, kind) for kind in ("best", "report", "image"))
        if best > max(report, image):
            served.append(chart.get_attribute("data-finding"))
    chosen = lab.locator("#bl-beta-lab .bl-widget").get_attribute("data-finding")
    assert chosen in (served or [""])
    expect(lab.locator(".bl-multiple[aria-pressed=true]")).to_have_count(len(served[:1]))


def test_what_has_nothing_to_show_yet_says_so(page):
    held = []
    page.route("**/plotly.js", lambda route: held.append(route))
    with page.expect_request("**/plotly.js", timeout=EXACT_LIMIT):
        page.get_by_role("tab", name="β lab").click()
    expect(page.locator(".bl-wait")).to_be_visible()
    expect(page.locator(".bl-lab-cards")).to_be_hidden()
    expect(page.locator(".bl-lab-save")).to_be_hidden()
    for route in held:
        route.continue_()
    expect(page.locator(".bl-lab-cards")).to_be_visible(timeout=EXACT_LIMIT)
    expect(page.locator(".bl-lab-save")).to_have_text(re.compile("0.50"))
    expect(page.locator(".bl-wait")).to_be_hidden()


def test_the_cursor_moves_everything_and_loses_no_step(lab):
    cards = lab.locator(".bl-lab-cards")
    before = cards.inner_text()
    cursor = lab.locator("[data-plot=auroc]")
    cursor.focus()
    for _ in range(8):
        lab.keyboard.press("ArrowRight")
    expect(beta_of(lab)).to_have_value("0.9")
    expect(cursor).to_have_attribute("aria-valuenow", "0.9")
    expect(cards).not_to_have_text(before)


def test_a_small_chart_chooses_its_finding_and_gives_it_back(lab):
    charts = lab.locator(".bl-multiple")
    expect(charts).to_have_count(8)
    for panel in lab.locator(".bl-lab .bl-panel:visible").all():
        assert panel.locator("path, button, td, .bl-lab-big").count(), panel.inner_text()  # none is empty
    nodule = lab.locator(".bl-multiple[data-finding=Nodule]")
    nodule.focus()
    lab.keyboard.press("Enter")
    expect(nodule).to_have_attribute("aria-pressed", "true")
    expect(nodule).to_be_focused()
    expect(lab.locator("#bl-lab-finding")).to_have_value("Nodule")
    expect(lab.locator(".bl-confusion")).to_be_visible()
    nodule.press("Enter")
    expect(nodule).to_have_attribute("aria-pressed", "false")
    expect(lab.locator(".bl-lab-decisions")).to_be_hidden()


def test_a_confusion_cell_opens_its_case_and_the_case_leads_back(lab):
    lab.locator("#bl-lab-finding").select_option("Nodule")
    lab.locator("[data-cell=tp]").click()
    case = lab.locator(".bl-lab-case").first
    expect(case).to_be_visible(timeout=30_000)
    study = case.get_attribute("data-study")
    case.click()
    expect(lab.locator(STAGE)).to_have_attribute("data-case", study, timeout=EXACT_LIMIT)
    expect(lab.locator(STAGE)).to_have_attribute("data-finding", "Nodule", timeout=EXACT_LIMIT)
    expect(lab.locator(STAGE)).to_be_visible()
    lab.wait_for_function("() => scrollY === 0", timeout=EXACT_LIMIT)
    move_beta(lab, 10)
    expect(lab.locator(".bl-case-back")).to_have_text(re.compile(r"← \d+ true positives of Nodule"))
    lab.keyboard.press("r")
    expect(case).to_be_focused()
    expect(case).to_have_attribute("data-study", study)
    expect(lab.locator("#bl-beta-lab .bl-widget")).to_have_attribute("data-finding", "Nodule")
    expect(beta_of(lab)).to_have_value("0.5")


def test_saving_beta_asks_first_and_names_old_and_new(lab, server):
    asked = []
    lab.locator("[data-plot=auroc]").focus()
    lab.keyboard.press("ArrowRight")
    lab.on("request", lambda request: asked.append(request.post_data or ""))
    save = lab.locator(".bl-lab-save")
    expect(save).to_contain_text("0.55")
    save.click()
    said = lab.locator(".bl-lab-saved")
    expect(said).to_contain_text("open at β = 0.50 now")
    expect(said).to_contain_text("β = 0.55 from now on")
    said.get_by_role("button", name="Cancel").click()
    expect(said).to_be_hidden()
    assert not [body for body in asked if '"event_data":{"beta":0.55}' in body]  # which is what would save it
