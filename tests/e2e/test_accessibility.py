"""The page for whoever sees it badly, enlarged or not at all, or has no mouse: WCAG 2.2 at its level AA.

axe-core looks for what a program can find; the rest asks the page what axe cannot.
"""

import pytest
from e2e.conftest import ROOT
from e2e.driving import EXACT_LIMIT, STAGE, report_box
from playwright.sync_api import Page, expect

AXE = ROOT / "tests/js/node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Colours that are on their way to others are nobody's choice.
VIOLATIONS = """async (tags) => {
  for (const moving of document.getAnimations()) moving.cancel();
  const { violations } = await axe.run({ runOnly: tags, resultTypes: ["violations"] });
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) =>
    `${id}: ${target.join(" ")}: ${failureSummary.split("\\n")[1]}`));
}"""
# What each tab shows once it is there.
TABS = {
    "Review": f"{STAGE}[data-tier=exact]",
    "β lab": "#bl-beta-lab [data-state=ready]",
    "Trust": ".bl-trust-methods table",
    "Atlas": "#bl-atlas [data-state=ready][data-column]",
    "Feedback": ".bl-queued",
    "About": ".bl-about [tabindex='0'] table",
}
# Texts that something cuts off for good: what is scrolled to is not, nor the beginning of a report that is given as
# one, nor a tab for which there is no room: Gradio puts it into a menu.
CUT_OFF = """() => {
  const SEEN = { opacityProperty: true, visibilityProperty: true };
  const found = [], range = document.createRange();
  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (words.nextNode()) {
    const { data, parentElement } = words.currentNode;
    const unseen = parentElement.closest(".sr-only, .tab-wrapper, svg, .bl-card-words");
    if (!data.trim() || unseen || !parentElement.checkVisibility(SEEN)) continue;
    range.selectNodeContents(words.currentNode);
    const text = range.getBoundingClientRect();
    for (let at = parentElement; at; at = at.parentElement) {
      const { overflowX, overflowY, position } = getComputedStyle(at);
      if (/auto|scroll/.test(overflowX + overflowY)) break;
      const edge = at.getBoundingClientRect();
      const inside = text.left >= edge.left - 1 && text.right <= edge.right + 1
        && text.top >= edge.top - 1 && text.bottom <= edge.bottom + 1;
      if (!inside && /hidden|clip/.test(overflowX + overflowY)) {
        found.push(`${data.trim()} in ${at.className}`);
        break;
      }
      if (position === "fixed") break;
    }
  }
  return found;
}"""
# As success criterion 1.4.12 has it.
SPACED = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: 0.12em !important;
    word-spacing: 0.16em !important } p { margin-bottom: 2em !important }`);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}"""


@pytest.fixture
def axed(page: Page) -> Page:
    """The page with axe in it, and nothing that moves by itself."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed: make check-js")
    page.emulate_media(reduced_motion="reduce")
    page.evaluate(AXE.read_text("utf-8"))
    return page


def violations(page: Page) -> list[str]:
    return page.evaluate(VIOLATIONS, RULES)


def go_to(page: Page, tab: str) -> None:
    page.get_by_role("tab", name=tab).click()
    expect(page.locator(TABS[tab]).first).to_be_visible(timeout=EXACT_LIMIT)


def speak(page: Page, language: str, first_tab: str) -> None:
    page.locator(".bl-facts select").select_option(language)
    expect(page.get_by_role("tab").first).to_have_text(first_tab)


def other_light(page: Page) -> None:
    page.locator(".bl-facts .bl-icon").click()


@pytest.mark.timeout(900)  # thirty looks, on a machine that is busy with something else
def test_axe_finds_nothing_in_any_tab_in_either_light_and_language_nor_on_a_telephone(axed):
    found = {}
    for tab in TABS:
        go_to(axed, tab)
        if tab == "Atlas":
            axed.get_by_role("button", name="Select what is in view").click()
            expect(axed.locator(".bl-selection tbody tr")).to_have_count(8, timeout=EXACT_LIMIT)
        found[tab, "English, dark"] = violations(axed)
        other_light(axed)
        found[tab, "English, light"] = violations(axed)
        speak(axed, "zh-CN", "阅片")
        found[tab, "Chinese, light"] = violations(axed)
        axed.set_viewport_size({"width": 390, "height": 844})
        found[tab, "telephone"] = violations(axed)
        axed.set_viewport_size({"width": 1280, "height": 800})
        other_light(axed)
        found[tab, "Chinese, dark"] = violations(axed)
        speak(axed, "en", "Review")
    assert found == {place: [] for place in found}


def test_axe_finds_nothing_in_what_is_opened_on_review(axed):
    report_box(axed)
    for fold in axed.locator("details").all():
        fold.evaluate("fold => { fold.open = true; }")
    found = {"unfolded": violations(axed)}
    axed.get_by_role("button", name="Disagree").click()
    expect(axed.get_by_role("button", name="Save verdict")).to_be_visible()
    found["disagree"] = violations(axed)
    other_light(axed)
    for help in axed.locator(".bl-help-button").all():
        help.click()
        found[str(help.get_attribute("popovertarget"))] = violations(axed)
        axed.keyboard.press("Escape")
    assert len(found) == 5
    assert found == {place: [] for place in found}


def test_a_keyboard_reaches_everything_on_review_in_its_order_and_sees_where_it_is(axed):
    axed.locator(".bl-skip").focus()
    looks = """() => {
      const at = document.activeElement, { outlineStyle, outlineWidth } = getComputedStyle(at);
      const box = at.getBoundingClientRect();
      return { tag: at.tagName, name: at.id || at.className || at.ariaLabel, top: box.top,
        shown: outlineStyle !== "none" && parseFloat(outlineWidth) >= 2 };
    }"""
    stops = []
    for _ in range(120):
        axed.keyboard.press("Tab")
        stop = axed.evaluate(looks)
        if stop["tag"] == "BODY":
            break
        stops.append(stop)
    assert stop["tag"] == "BODY"  # out of the page again: nothing keeps the keyboard
    assert [stop for stop in stops if not stop["shown"]] == []
    names = " ".join(str(stop["name"]) for stop in stops)
    for part in ("bl-case", "bl-say", "bl-film-canvas", "bl-word", "bl-help-button", "upload-container"):
        assert part in names


def test_nothing_is_cut_off_where_text_is_spaced_out_nor_at_320_pixels(page):
    found = {}
    for tab in TABS:
        go_to(page, tab)
        page.evaluate(SPACED)
        found[tab, "spaced"] = page.evaluate(CUT_OFF)
        page.evaluate("() => { document.adoptedStyleSheets = []; }")
        page.set_viewport_size({"width": 320, "height": 640})
        found[tab, "narrow"] = page.evaluate(CUT_OFF)
        page.set_viewport_size({"width": 1280, "height": 800})
    assert found == {place: [] for place in found}
