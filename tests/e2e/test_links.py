"""A state of the page has an address: it can be loaded again, gone back to, and sent to somebody else."""

import re

from e2e.driving import EXACT_LIMIT, NAMELESS, STAGE, beta_of, move_beta, report_box, wait_for_exact
from playwright.sync_api import expect

LIMIT = 60_000


def case_on(page) -> str:
    return page.locator(STAGE).get_attribute("data-case")


def test_a_link_opens_the_study_the_finding_beta_the_methods_and_the_tab(page, server, browser):
    study = page.locator(".bl-case").nth(4).get_attribute("data-study")
    page.locator(".bl-case").nth(4).click()
    expect(page.locator(STAGE)).to_have_attribute("data-case", study, timeout=EXACT_LIMIT)
    page.locator(".bl-bar[aria-checked=false]").nth(2).click()
    page.get_by_label("How the report is explained").select_option("contextual_cam")
    wait_for_exact(page)
    finding = page.locator(STAGE).get_attribute("data-finding")
    move_beta(page, 17)
    expect(page).to_have_url(re.compile("beta=0.67"), timeout=LIMIT)
    link = page.evaluate("location.href")
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-US")
    context.add_init_script(NAMELESS)
    other = context.new_page()
    sent = []
    other.on("request", lambda request: sent.append(request.url))
    other.goto(link)
    wait_for_exact(other)
    shown = {name: other.locator(STAGE).get_attribute(f"data-{name}") for name in ("case", "finding", "beta")}
    assert shown == {"case": study, "finding": finding, "beta": "0.67"}
    expect(other.get_by_label("How the report is explained")).to_have_value("contextual_cam")
    expect(beta_of(other)).to_have_value("0.67")
    assert not [url for url in sent if study in url]  # what is behind the # stays in the browser
    context.close()


def test_loading_again_keeps_the_state(page):
    page.locator(".bl-case").nth(5).click()
    study = page.locator(".bl-case").nth(5).get_attribute("data-study")
    expect(page.locator(STAGE)).to_have_attribute("data-case", study, timeout=EXACT_LIMIT)
    page.reload()
    wait_for_exact(page)
    assert case_on(page) == study


def test_back_and_forward_go_from_case_to_case_and_from_tab_to_tab(page):
    first = case_on(page)
    page.locator(".bl-case").nth(3).click()
    expect(page.locator(STAGE)).not_to_have_attribute("data-case", first, timeout=EXACT_LIMIT)
    second = case_on(page)
    expect(page).to_have_url(re.compile(f"study={second}"), timeout=LIMIT)
    page.get_by_role("tab", name="About").click()
    expect(page).to_have_url(re.compile("tab=about"), timeout=LIMIT)
    page.go_back()
    expect(page.get_by_role("tab", name="Review")).to_have_attribute("aria-selected", "true", timeout=LIMIT)
    page.go_back()
    expect(page.locator(STAGE)).to_have_attribute("data-case", first, timeout=EXACT_LIMIT)
    page.go_forward()
    expect(page.locator(STAGE)).to_have_attribute("data-case", second, timeout=EXACT_LIMIT)


def test_a_case_that_was_sent_has_no_address(page):
    words = "Small left pleural effusion of somebody."
    report_box(page).fill(words)
    page.get_by_role("button", name="Without film").click()
    page.wait_for_selector("[data-case^=report-]", timeout=EXACT_LIMIT)
    move_beta(page, -3)
    page.wait_for_timeout(600)
    address = page.evaluate("location.href")
    assert "study=" not in address
    assert not any(word in address for word in words.split())


def test_a_study_that_is_not_there_is_said_in_one_sentence(server, browser):
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-US")
    page = context.new_page()
    page.goto(f"{server.url}/#study=%3Cimg%20src=x%20onerror=alert(1)%3E&finding=nothing&beta=7")
    expect(page.locator("#bl-notice [role=alert]")).to_contain_text("There is no study", timeout=EXACT_LIMIT)
    expect(page.get_by_text("Nothing was opened.")).to_be_visible()
    page.locator(".bl-case").first.click()
    wait_for_exact(page)
    context.close()


def test_a_tab_is_read_from_its_top_and_then_from_where_it_was_left(page):
    page.set_viewport_size({"width": 1280, "height": 500})
    page.evaluate("scrollTo(0, 130)")
    page.get_by_role("tab", name="About").click()
    expect(page.get_by_role("tab", name="About")).to_have_attribute("aria-selected", "true")
    page.wait_for_function("() => scrollY === 0", timeout=LIMIT)
    page.get_by_role("tab", name="Review").click()
    page.wait_for_function("() => scrollY === 130", timeout=LIMIT)
