"""The six stories that the list of cases begins with, and the one that the page opens on."""

from e2e.driving import EXACT_LIMIT, STAGE, beta_of, move_beta, report_box, wait_for_exact
from playwright.sync_api import expect

from model.storage.paths import DEMO_STUDIES
from model.studies.stories import FILE, Stories

LIMIT = 60_000
STORIES = Stories.model_validate_json((DEMO_STUDIES / FILE).read_bytes())
SAYS = {
    "report_saw": "The report saw it; the film did not",
    "film_saw": "The film saw it; the report is silent",
    "negation": "A negation: the report says “no”",
    "other_patient": "The report is another patient’s",
    "nodule": "A subtle nodule: β decides",
    "confidently_wrong": "The model is sure, and wrong",
}


def story_of(page, kind: str):
    return page.locator(f".bl-story[data-kind={kind}]")


def shows(page, story) -> None:
    stage = page.locator(STAGE)
    expect(stage).to_have_attribute("data-case", story.study, timeout=EXACT_LIMIT)
    expect(stage).to_have_attribute("data-finding", story.finding, timeout=EXACT_LIMIT)
    expect(stage).to_have_attribute("data-beta", f"{story.beta:.2f}", timeout=LIMIT)
    expect(page.locator(".bl-case-story")).to_have_text(SAYS[story.kind])


def test_the_page_opens_on_a_story_that_a_small_move_of_beta_decides_otherwise(page):
    story = STORIES.opening(STORIES.checkpoint)
    shows(page, story)
    assert beta_of(page).input_value() == f"{story.beta:g}"
    expect(page.locator(".bl-beta-tick.bl-flips")).to_have_count(1)
    answer = page.locator(".bl-answer")
    said = "present" if "present" in answer.inner_text() else "absent"
    expect(answer).to_contain_text(said)
    move_beta(page, 10 if story.flip > story.beta else -10)
    expect(answer).to_contain_text("absent" if said == "present" else "present")


def test_six_stories_come_first_a_line_each_and_open_with_finding_and_beta(page):
    lines = page.locator(".bl-case-scroll > :first-child > .bl-story")
    assert lines.all_inner_texts() == [SAYS[story.kind] for story in STORIES.stories]
    assert len({line.bounding_box()["height"] for line in lines.all()}) == 1
    assert all(line.evaluate("one => one.scrollWidth <= one.clientWidth") for line in lines.all())
    expect(lines.first).to_have_attribute("aria-current", "true")
    for story in (s for s in STORIES.stories if s.kind in ("nodule", "confidently_wrong")):
        story_of(page, story.kind).click()
        shows(page, story)
        expect(beta_of(page)).to_have_value(f"{story.beta:g}")
        expect(story_of(page, story.kind)).to_have_attribute("aria-current", "true")
    expect(page.locator(".bl-story[tabindex='0']")).to_have_count(1)


def test_lines_are_one_stop_of_the_tab_key_and_enter_opens_one(page):
    page.locator(".bl-story[tabindex='0']").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".bl-story").nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    shows(page, STORIES.stories[1])


def test_a_story_is_of_its_finding_and_of_the_case_as_it_came(page):
    expect(page.locator(".bl-case-story")).to_be_visible()
    page.locator(".bl-bar[aria-checked=false]").first.click()
    expect(page.locator(".bl-case-story")).to_have_count(0, timeout=LIMIT)
    story_of(page, "report_saw").click()
    shows(page, STORIES.stories[0])
    wait_for_exact(page)
    report_box(page).fill("The lungs are clear.")
    page.get_by_role("button", name="Analyse").click()
    expect(page.locator(STAGE)).to_have_attribute("data-changes", "1", timeout=EXACT_LIMIT)
    expect(page.locator(".bl-case-story")).to_have_count(0)


def test_a_blind_list_tells_no_story(page):
    page.get_by_role("button", name="Blind").click()
    expect(page.locator(STAGE)).to_have_attribute("data-tier", "veiled", timeout=LIMIT)
    expect(page.locator(".bl-story")).to_have_count(0, timeout=LIMIT)
    expect(page.locator(".bl-case-story")).to_have_count(0)
    page.get_by_role("button", name="Blind").click()
    expect(page.locator(".bl-story")).to_have_count(6, timeout=LIMIT)


def test_what_is_searched_for_stands_alone_and_the_stories_come_back(page):
    search = page.get_by_label("Search ids and reports")
    search.fill("effusion")
    expect(page.locator(".bl-stories")).to_be_hidden(timeout=LIMIT)
    search.fill("")
    expect(page.locator(".bl-story")).to_have_count(6, timeout=LIMIT)


def test_both_languages_have_a_sentence_for_each_kind(page):
    page.get_by_label("Language").select_option("zh-CN")
    expect(page.locator(".bl-story").first).to_have_text("报告看到了，影像没有", timeout=LIMIT)
    expect(page.locator(".bl-case-story")).to_have_text("报告看到了，影像没有")
    assert not any("story." in text for text in page.locator(".bl-story").all_inner_texts())
