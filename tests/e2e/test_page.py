"""The page as a whole: languages, light, tabs, keyboard."""

import re

import pytest
from e2e.driving import EXACT_LIMIT, STAGE, beta_of, reload, wait_for_exact
from playwright.sync_api import expect

TABS = ["Review", "β lab", "Trust", "Atlas", "Feedback", "About"]
TABS_CHINESE = ["阅片", "β 实验室", "可信度", "图谱", "反馈", "关于"]


def test_the_tabs_and_the_notice(page):
    assert page.get_by_role("tab").all_inner_texts() == TABS
    expect(page.locator(".bl-foot")).to_contain_text("Not a medical device.")


def test_language_changes_in_the_page_and_stays(page):
    page.locator(".bl-facts select").select_option("zh-CN")
    expect(page.get_by_role("tab")).to_have_text(TABS_CHINESE)
    expect(page.locator(".bl-cases h2")).to_have_text("参考病例")
    expect(page.get_by_role("button", name="同意", exact=True)).to_be_visible()
    expect(page.locator(".bl-upload button")).to_have_text(re.compile("将文件拖放到此处.*点击上传", re.DOTALL))
    expect(page.locator(".bl-method option", has_text="积分梯度")).to_have_count(2)
    page.get_by_role("tab").nth(2).click()
    expect(page.get_by_role("tab")).to_have_text(TABS_CHINESE)
    reload(page)
    expect(page.get_by_role("tab")).to_have_text(TABS_CHINESE)
    expect(page.locator(".bl-cases h2")).to_have_text("参考病例")
    page.locator(".bl-facts select").select_option("en")
    expect(page.get_by_role("tab")).to_have_text(TABS)


def test_language_follows_the_browser(browser, server):
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    page.goto(server.url)
    wait_for_exact(page)
    expect(page.get_by_role("tab").first).to_have_text("阅片")
    expect(page.locator(".bl-foot")).to_contain_text("不是医疗器械")
    context.close()


def test_the_light_is_the_systems_until_it_is_chosen(page):
    dark = "() => document.body.classList.contains('dark')"
    assert page.evaluate(dark)
    page.emulate_media(color_scheme="light")
    reload(page)
    assert not page.evaluate(dark)
    page.get_by_role("button", name="Light or dark").click()
    assert page.evaluate(dark)
    reload(page)
    assert page.evaluate(dark)


def test_the_slider_is_not_offered_where_it_would_move_nothing(page):
    ends = page.locator("#bl-beta-ends")
    for tab, inert in (("Feedback", True), ("β lab", False), ("About", True), ("Review", False)):
        page.get_by_role("tab", name=tab).click()
        expect(page.locator(".bl-beta[inert]")).to_have_count(int(inert))
        expect(ends).to_contain_text("Nothing in this tab depends on β" if inert else "0 = report alone")


# A telephone, 200 % of a small screen, a tablet, and three screens.
@pytest.mark.parametrize("width", [390, 640, 820, 1280, 1920, 2560])
def test_nothing_is_wider_than_the_screen_or_out_of_reach(page, width):
    page.set_viewport_size({"width": width, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for part in (
        ".bl-film-canvas[data-side=now]",
        ".bl-decision",
        ".bl-words",
        ".bl-flag",
        ".bl-beta input[type=range]",
    ):
        box = page.locator(part).bounding_box()
        assert box["x"] >= 0, part
        assert box["x"] + box["width"] <= width, part
        assert box["width"] > (250 if width < 1100 else 150), part
        assert box["height"] >= 32, part
    if width < 1100:  # one below the other
        tops = [
            page.locator(part).bounding_box()["y"]
            for part in (".bl-cases", ".bl-film", ".bl-decision", ".bl-words", ".bl-flag")
        ]
        assert tops == sorted(tops)


def test_beta_is_moved_by_a_click_beside_its_line_and_shows_its_flips(page):
    box = beta_of(page).bounding_box()
    page.mouse.click(box["x"] + 0.25 * box["width"], box["y"] + 4)
    expect(page.locator(STAGE)).to_have_attribute("data-beta", re.compile(r"0\.2[3-7]"))
    flips = page.evaluate("() => document.querySelectorAll('.bl-beta-tick.bl-flips').length")
    assert flips == page.locator(".bl-curve .bl-flip").count()
    assert page.locator(".bl-beta-tick:not(.bl-flips)").count() == 2


def test_what_is_selected_on_the_atlas_by_keyboard_is_seen_beside_it(page):
    page.get_by_role("tab", name="Atlas").click()
    page.wait_for_selector("#bl-atlas [data-state=ready][data-column]", timeout=EXACT_LIMIT)
    page.get_by_role("button", name="Several findings").press("Shift+Enter")
    expect(page.locator(".bl-atlas-legend-row[aria-pressed=true]")).to_have_count(1)
    shown = page.locator(".bl-atlas-legend-shown").inner_text().split()[0]
    page.get_by_role("button", name="Select what is in view").press("Enter")
    chip = page.locator(".bl-map-chip")
    expect(chip).to_have_text(f"{shown} studies selected ✕", timeout=EXACT_LIMIT)
    rows = page.locator(".bl-selection tbody tr")
    expect(rows).to_have_count(8)
    expect(rows.last).to_be_in_viewport()
    expect(page.locator(".bl-atlas-here")).to_contain_text("at β = 0.50", timeout=EXACT_LIMIT)
    chip.press("Enter")
    expect(page.locator(".bl-selection")).to_be_hidden()


def test_about_says_what_it_is_for(page):
    page.get_by_role("tab", name="About").click()
    expect(page.locator(".bl-about")).to_contain_text("not a medical device")
    expect(page.locator(".bl-about")).to_contain_text("gradio")
