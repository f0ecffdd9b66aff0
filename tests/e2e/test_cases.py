"""Which case is on the screen, how it is found, and that a verdict is on it and on no other."""

import re

import pandas as pd
import pytest
from e2e.driving import EXACT_LIMIT, NAMELESS, STAGE, report_box, upload, wait_for_exact
from playwright.sync_api import Page, expect

LIMIT = 90_000
OUTCOME = ".bl-outcome"
AGREE, DISAGREE, UNSURE = (f".bl-say[data-verdict={verdict}]" for verdict in ("agree", "disagree", "unsure"))


def rows(server) -> pd.DataFrame:
    if not server.flags.exists():
        return pd.DataFrame(columns=["flag_id"]).set_index("flag_id")
    return pd.read_csv(server.flags, dtype=str, keep_default_na=False).set_index("flag_id")


def on_stage(page: Page, study: str) -> None:
    expect(page.locator(STAGE)).to_have_attribute("data-case", study, timeout=EXACT_LIMIT)


def open_card(page: Page, place: int) -> str:
    card = page.locator(".bl-case").nth(place)
    study = card.get_attribute("data-study")
    card.click()
    return study


def ask(page: Page, label: str, value: str) -> None:
    """Choose in the picker, and wait for its answer."""
    if not page.get_by_label(label).first.is_visible():
        page.locator(".bl-case-filters summary").click()
    page.get_by_label(label).first.select_option(value)
    expect(page.locator(".bl-cases")).to_have_attribute("aria-busy", "false", timeout=LIMIT)


@pytest.mark.parametrize("by_key", [False, True])
def test_a_verdict_in_a_hurry_goes_to_nobody_elses_case(page, server, by_key):
    before, first = len(rows(server)), page.locator(STAGE).get_attribute("data-case")
    page.evaluate("localStorage.setItem('betalens.keys', 'on')")
    held = []
    page.route("**/queue/join*", lambda route: held.append(route))  # the server hears of it later
    study = open_card(page, 3)
    expect(page.locator(AGREE)).to_be_disabled()
    if by_key:
        page.locator(".bl-case-title").click()
        page.keyboard.press("a")
    else:
        page.locator(AGREE).click(force=True)
    page.wait_for_timeout(300)
    assert page.locator(STAGE).get_attribute("data-case") == first  # it has not been opened yet
    page.unroute_all()  # they go on
    on_stage(page, study)
    assert len(rows(server)) == before
    expect(page.locator(OUTCOME)).to_be_empty()
    page.locator(AGREE).click()
    expect(page.locator(OUTCOME)).to_contain_text("Saved.", timeout=LIMIT)
    assert rows(server).iloc[-1]["study_id"] == study


def test_a_double_click_saves_once_and_takes_nothing_back(page, server):
    before = len(rows(server))
    page.locator(AGREE).dblclick()
    expect(page.locator(OUTCOME)).to_contain_text("Saved.", timeout=LIMIT)
    page.locator(AGREE).click()
    page.wait_for_timeout(500)
    assert list(rows(server)["verdict"].iloc[before:]) == ["agree"]


def test_nothing_moves_under_the_pointer(page):
    def places() -> list:
        return [page.locator(button).bounding_box() for button in (AGREE, DISAGREE, UNSURE, "[aria-keyshortcuts=n]")]

    before = places()
    page.locator(AGREE).click()
    expect(page.locator(OUTCOME)).to_contain_text("Saved.", timeout=LIMIT)
    assert places() == before
    page.locator(DISAGREE).click()
    expect(page.locator("#bl-flag-comment")).to_be_visible()
    assert places() == before
    page.get_by_role("button", name="Save verdict").click()
    expect(page.locator(OUTCOME)).to_contain_text("Say what differs")
    assert places() == before


def test_a_server_that_is_silent_is_said_within_five_seconds_and_asked_again(page, server):
    before, unanswered, is_silent = len(rows(server)), [], True

    def answer(route) -> None:
        if is_silent and "wrong_words" in (route.request.post_data or ""):
            unanswered.append(route)
        else:
            route.continue_()

    page.route("**/gradio_api/**", answer)
    page.clock.install()  # five seconds are the page's own, however busy the machine is
    page.locator(AGREE).click()
    page.clock.run_for(3_000)  # and what goes by meanwhile
    expect(page.locator(OUTCOME)).to_have_text("Saving…")
    page.clock.run_for(2_100)
    expect(page.locator(OUTCOME)).to_contain_text("Not saved")
    page.clock.resume()
    is_silent = False
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(OUTCOME)).to_contain_text("Saved.", timeout=LIMIT)
    assert len(rows(server)) == before + 1
    for route in unanswered:
        route.fulfill(json={})


def test_after_a_film_that_was_refused_no_other_case_stands_for_it(page, server):
    before, first = len(rows(server)), page.locator(STAGE).get_attribute("data-case")
    upload(page, "notes.png", b"this is no image")
    expect(page.locator("#bl-notice [role=alert]")).to_contain_text("The film was not accepted.", timeout=LIMIT)
    expect(page.locator(".bl-not-opened")).to_be_visible()
    for gone in (".bl-film-canvas", ".bl-finding", ".bl-report-text", ".bl-neighbours", ".bl-case-bar"):
        expect(page.locator(f"{gone}:visible")).to_have_count(0)
    expect(page.locator(AGREE)).to_be_disabled()
    page.get_by_role("button", name=f"Back to {first}").click()
    expect(page.locator(".bl-case-title")).to_have_text(first)
    expect(page.locator(AGREE)).to_be_enabled()
    assert len(rows(server)) == before
    study = open_card(page, 1)
    on_stage(page, study)
    expect(page.locator("#bl-notice [role=alert]")).to_have_count(0)


def test_a_verdict_needs_a_name_once(server, browser):
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-US")
    page = context.new_page()
    page.goto(server.url)
    wait_for_exact(page)
    before = len(rows(server))
    page.locator(AGREE).click()
    expect(page.locator("#bl-flag-reviewer")).to_be_focused()
    assert len(rows(server)) == before
    page.keyboard.type("Reader One")
    page.keyboard.press("Enter")
    expect(page.locator(OUTCOME)).to_contain_text("Saved.", timeout=LIMIT)
    page.reload()
    wait_for_exact(page)
    expect(page.locator("#bl-flag-reviewer")).to_have_value("Reader One")
    expect(page.locator(".bl-case-bar")).to_contain_text("you: Agree", timeout=LIMIT)
    page.locator(UNSURE).click()
    expect(page.locator(OUTCOME)).to_contain_text("Saved.", timeout=LIMIT)
    assert list(rows(server)["reviewer"].iloc[before:]) == ["Reader One"] * 2
    context.close()


def test_the_open_case_is_named_with_its_split_and_its_place(page):
    study = open_card(page, 2)
    on_stage(page, study)
    bar = page.locator(".bl-case-bar")
    expect(bar).to_contain_text(re.compile(rf"{study}\s*Test\s*3 of 514"))
    assert page.title() == f"{study} · BetaLens"
    page.get_by_role("button", name="Case before").click()
    expect(bar).to_contain_text("2 of 514", timeout=EXACT_LIMIT)
    page.locator(AGREE).click()
    expect(bar).to_contain_text("you: Agree", timeout=LIMIT)
    expect(page.locator(".bl-case[aria-selected=true] .bl-case-judged")).to_be_visible()
    ask(page, "Split", "train")
    study = open_card(page, 0)
    on_stage(page, study)
    expect(bar).to_contain_text(re.compile(rf"{study}\s*Training\s*1 of "))


def test_every_study_is_reached_by_scrolling_and_by_going_on(page):
    ask(page, "In which order", "id")
    ids = [card.get_attribute("data-study") for card in page.locator(".bl-case").all()]
    assert ids == sorted(ids)
    page.locator(".bl-case").last.scroll_into_view_if_needed()
    expect(page.locator(".bl-case").nth(30)).to_be_attached(timeout=LIMIT)
    known = page.locator(".bl-case").count()
    last = open_card(page, known - 1)
    on_stage(page, last)
    page.locator(".bl-case-title").click()
    page.keyboard.press("n")
    expect(page.locator(".bl-case-bar")).to_contain_text(f"{known + 1} of 514", timeout=EXACT_LIMIT)


def test_a_search_finds_a_study_by_its_id_or_its_words(page):
    study = page.locator(".bl-case").nth(7).get_attribute("data-study")
    page.get_by_label("Search ids and reports").fill(study)
    expect(page.locator(".bl-case")).to_have_count(1, timeout=LIMIT)
    on_stage(page, open_card(page, 0))
    page.get_by_label("Search ids and reports").fill("no such words in any report")
    expect(page.locator(".bl-case")).to_have_count(0, timeout=LIMIT)
    expect(page.get_by_text("No study is like that.")).to_be_visible()


def test_the_list_is_narrowed_by_finding(page):
    ask(page, "Show studies with", "Effusion")
    labels = page.locator(".bl-case-why").all_inner_texts()
    assert labels
    assert all("Effusion" in label for label in labels)


@pytest.mark.parametrize(("queue", "split"), [("evaluation", {"Validation", "Test"}), ("training", {"Training"})])
def test_a_queue_says_what_it_is_for_opens_its_first_case_and_says_why(page, queue, split):
    page.get_by_label("Which studies").first.select_option(queue)
    bar = page.locator(".bl-case-bar")
    expect(bar).to_contain_text("Why this one:", timeout=EXACT_LIMIT)
    expect(page.locator(".bl-case-purpose").first).to_contain_text("teach" if queue == "evaluation" else "learns")
    first = page.locator(".bl-case").first.get_attribute("data-study")
    on_stage(page, first)
    assert page.locator(".bl-case-bar .bl-chip").inner_text() in split


def test_a_blind_list_is_shuffled_and_names_no_label(server, browser):
    orders = []
    for name in ("Reader A", "Reader B"):
        context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-US")
        context.add_init_script(NAMELESS.replace("''", f"'{name}'"))
        page = context.new_page()
        page.goto(server.url)
        wait_for_exact(page)
        open_order = [card.get_attribute("data-study") for card in page.locator(".bl-case").all()]
        page.get_by_role("button", name="Blind").click()
        expect(page.locator(".bl-case-why")).to_have_count(0, timeout=LIMIT)
        orders.append([card.get_attribute("data-study") for card in page.locator(".bl-case").all()])
        titles = [card.get_attribute("title") for card in page.locator(".bl-case").all()]
        assert all(re.fullmatch(r"demo-\d+( · You: \w+)?", title) for title in titles)
        assert orders[-1] != open_order
        context.close()
    assert orders[0] != orders[1]


def test_cards_are_one_stop_of_the_tab_key_and_arrows_go_on(page):
    assert page.locator(".bl-case[tabindex='0']").count() == 1
    page.locator(".bl-case").first.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".bl-case").nth(1)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".bl-case").nth(4)).to_be_focused()
    page.keyboard.press("Home")
    expect(page.locator(".bl-case").first).to_be_focused()


def test_a_case_that_was_sent_is_named_as_ones_own(page):
    report_box(page).fill("Small left pleural effusion.")
    page.get_by_role("button", name="Without film").click()
    expect(page.locator(".bl-case-title")).to_have_text(re.compile(r"^Your case \(report-"), timeout=EXACT_LIMIT)
    expect(page.locator(".bl-case-bar .bl-chip")).to_be_hidden()


def test_the_first_stop_of_the_tab_key_skips_to_the_case(page):
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Skip to the case")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".bl-case-title")).to_be_focused()
