"""A | B: a case that is pinned stays, with its evidence, beside another β and another case."""

from e2e.driving import EXACT_LIMIT, STAGE, move_beta
from playwright.sync_api import expect

A, B = (f"() => document.querySelector('canvas[data-side={side}]').toDataURL()" for side in ("then", "now"))


def test_a_case_stands_beside_another_beta_and_another_case(page):
    page.keyboard.press("c")
    first = page.locator(STAGE).get_attribute("data-case")
    captions = page.locator(".bl-film-caption")
    expect(captions).to_have_count(2)
    expect(page.locator(".bl-pinned")).to_contain_text("A stays as it is now")

    move_beta(page, 50)
    expect(captions.first).to_contain_text(f"A · {first} · β 0.50")
    expect(captions.last).to_contain_text(f"B · {first} · β 1.00")
    at_half = page.evaluate(A)
    assert at_half != page.evaluate(B)
    page.locator(".bl-pin-follow").click()
    expect(captions.first).to_contain_text("β 1.00")
    page.locator(".bl-pin-follow").click()

    finding = page.locator(STAGE).get_attribute("data-finding")
    page.keyboard.press("n")
    page.wait_for_selector(f"{STAGE}:not([data-case='{first}'])[data-tier=exact]", timeout=EXACT_LIMIT)
    second = page.locator(STAGE).get_attribute("data-case")
    expect(captions.first).to_contain_text(f"A · {first} · β 1.00")
    expect(captions.last).to_contain_text(f"B · {second} · β 1.00")
    expect(page.locator(STAGE)).to_have_attribute("data-finding", finding)
    differ = [
        bar.locator(".bl-bar-name").inner_text()
        for bar in page.locator(".bl-bar").all()
        if (float(bar.locator(".bl-bar-before").inner_text().strip("<>")) >= 0.5)
        != (float(bar.locator(".bl-bar-value").inner_text().strip("<>")) >= 0.5)
    ]
    said = page.locator(".bl-pinned .bl-change-list").inner_text()
    assert all(name in said for name in differ)
    assert said == "A and B decide alike." if not differ else said.startswith(f"{len(differ)} of ")

    page.get_by_role("button", name="Zoom in").click()  # the server still has the film of A
    for side in ("now", "then"):
        expect(page.locator(f"canvas[data-side={side}]")).to_have_attribute("data-own", "true")
    page.keyboard.press("c")
    expect(page.locator("canvas[data-side=then]")).to_have_count(0)


def test_a_blind_reading_has_nothing_beside_it(page):
    page.keyboard.press("c")
    expect(page.locator("canvas[data-side=then]")).to_be_visible()
    page.keyboard.press("b")
    page.wait_for_selector("[data-tier=veiled]")
    expect(page.locator("canvas[data-side=then]")).to_have_count(0)
    expect(page.locator(".bl-pin")).to_be_hidden()
