"""Verdicts, as a reviewer gives them: two clicks, blind, with marks, by keyboard, taken back, and found again."""

import fcntl
import json
import time

import pandas as pd
import pytest
from e2e.driving import EXACT_LIMIT, NAMELESS, STAGE, beta_of, report_box, upload, wait_for_exact, with_module
from playwright.sync_api import expect

from model.feedback import FeedbackStore

LIMIT = 90_000
OUTCOME = ".bl-outcome"


def rows(server) -> pd.DataFrame:
    return pd.read_csv(server.flags, dtype=str, keep_default_na=False).set_index("flag_id")


def saved(page, server, words: str = "Saved.") -> pd.Series:
    """The row that the page was told is safe."""
    expect(page.locator(OUTCOME)).to_contain_text(words, timeout=LIMIT)
    return rows(server).loc[page.locator(".bl-flag").get_attribute("data-flag")]


def name_reviewer(page, name: str) -> None:
    page.locator("#bl-flag-reviewer").fill(name)


def open_feedback(page) -> None:
    page.get_by_role("tab", name="Feedback").click()
    expect(page.locator(".bl-feedback-filters")).to_be_visible(timeout=LIMIT)


def test_agreeing_takes_two_clicks(page, server):
    study = page.locator(STAGE).get_attribute("data-case")
    page.get_by_role("button", name="Agree", exact=True).click()
    row = saved(page, server)
    assert (row["verdict"], row["study_id"], row["blind"]) == ("agree", study, "false")
    page.get_by_role("button", name="Next case").click()
    expect(page.locator(STAGE)).not_to_have_attribute("data-case", study, timeout=EXACT_LIMIT)
    expect(page.locator(OUTCOME)).to_be_empty(timeout=LIMIT)


def test_blind_mode_hides_the_answer_until_one_is_given(page, server):
    page.get_by_role("button", name="Blind").click()
    expect(page.locator(STAGE)).to_have_attribute("data-tier", "veiled", timeout=LIMIT)
    expect(page.locator(".bl-veil")).to_contain_text("will not count as blind")
    page.get_by_role("button", name="Next case").click()
    expect(page.locator(".bl-veil")).to_contain_text("recorded as given blind", timeout=LIMIT)
    page.locator(".bl-beta input[type=range]").focus()
    page.keyboard.press("ArrowRight")
    for gone in (
        ".bl-bars",
        ".bl-shares",
        ".bl-curve",
        ".bl-p",
        ".bl-discord",
        ".bl-answer",
        ".bl-numbers",
        ".bl-fold",
        ".bl-pro",
        ".bl-con",
    ):
        assert page.locator(f"{STAGE} {gone}:visible").count() == 0, gone
    assert page.locator(".bl-word[data-score]").count() == 0
    assert page.locator(".bl-say-agree").is_hidden()
    names = page.locator(".bl-case-name").all_inner_texts()
    assert all(name.startswith("demo-") for name in names)
    page.locator(".bl-flag-findings input").first.check()
    page.get_by_role("button", name="Save verdict").click()
    row = saved(page, server, "The model says")
    assert row["blind"] == "true"
    assert row["verdict"] in ("agree", "disagree")
    wait_for_exact(page)
    expect(page.locator(f"{STAGE} .bl-bars")).to_be_visible()
    shown = {f: p >= 0.5 for f, p in json.loads(row["probabilities"]).items()}
    named = page.locator(".bl-flag-findings input").first.get_attribute("value")
    for finding, present in shown.items():
        same = present == (finding == named)
        own = page.locator(f".bl-bar[data-finding='{finding}'] .bl-own-{'same' if same else 'other'}")
        expect(own).to_have_text("✓" if same else "✗")
    page.get_by_role("button", name="Next case").click()
    expect(page.locator(STAGE)).to_have_attribute("data-tier", "veiled", timeout=LIMIT)  # the choice stays


def test_region_and_word_marks_are_stored_and_shown_again(page, server):
    name_reviewer(page, "Dr Marks")
    word = page.locator(".bl-word[data-word]").nth(3)
    word.click()
    expect(page.locator(".bl-flag-marks")).to_be_hidden()  # nothing is marked before that is asked for
    page.locator(".bl-film .bl-mark-wrong").click()
    canvas = page.locator(".bl-film-canvas[data-side=now]")
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 0.4 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.7 * box["height"], steps=4)
    page.mouse.up()
    canvas.focus()
    for key in ("ArrowDown", "Shift+ArrowRight", "Enter"):
        page.keyboard.press(key)
    text = word.inner_text()
    word.click()
    expect(page.locator(".bl-flag-marks")).to_contain_text("regions 2 · words 1")
    page.keyboard.press("l")
    canvas.focus()
    for key in ("ArrowUp", "Enter", "ArrowLeft", "Enter"):
        page.keyboard.press(key)
    found = page.locator(".bl-flag-found button")
    expect(found).to_have_count(2)
    found.last.press("Enter")  # taken away again
    explained = page.locator(".bl-bar[aria-checked=true]")
    finding, called = explained.get_attribute("data-finding"), explained.locator(".bl-bar-name").inner_text()
    expect(found).to_have_attribute("aria-label", f"Remove the box of {called}")
    page.get_by_role("button", name="Disagree", exact=True).click()
    page.locator("#bl-flag-comment").fill("not there")
    page.get_by_role("button", name="Save verdict").click()
    row = saved(page, server)
    regions, ((start, end),) = json.loads(row["wrong_regions"]), json.loads(row["wrong_words"])
    assert len(regions) == 2
    assert all(0 <= edge <= 1 for region in regions for edge in region)
    assert row["report"][start:end] == text
    assert (row["reviewer"], row["wrong_evidence"]) == ("Dr Marks", "both")
    ((boxed, *_),) = json.loads(row["finding_boxes"])
    assert boxed == finding
    expect(page.locator("[aria-pressed=true]:is(.bl-mark-wrong, .bl-mark-here)")).to_have_count(0)

    open_feedback(page)
    page.locator(f"tr[data-flag='{row.name}'] .bl-link").click()
    expect(page.locator(".bl-record-box")).to_have_count(3, timeout=LIMIT)
    expect(page.locator(".bl-record-here")).to_have_text(called)
    expect(page.locator(".bl-record .bl-wrong")).to_have_text(text)
    page.locator(".bl-beta input[type=range]").focus()
    page.keyboard.press("End")
    page.locator(".bl-record-open").click()
    expect(page.locator(".bl-recorded-line")).to_contain_text("Dr Marks", timeout=EXACT_LIMIT)
    expect(page.locator(".bl-was-wrong")).to_have_text(text)
    expect(page.locator(".bl-recorded-line")).to_contain_text(f"boxed: {called}")
    expect(page.locator(STAGE)).to_have_attribute("data-beta", f"{float(row['beta']):.2f}", timeout=LIMIT)


def test_a_verdict_opens_at_its_beta_although_the_page_hears_late_of_its_request(page, server):
    """What the server sends of a request before its number arrives is kept by Gradio's client, then shown at once."""

    def late(route) -> None:
        answer = route.fetch()
        time.sleep(0.5)
        route.fulfill(response=answer)

    page.get_by_role("button", name="Agree", exact=True).click()
    row = saved(page, server)
    page.locator(".bl-case").nth(4).click()  # its explanation keeps the stream of messages open
    open_feedback(page)
    page.locator(f"tr[data-flag='{row.name}'] .bl-link").click()
    expect(page.locator(".bl-record-open")).to_be_visible(timeout=LIMIT)
    beta_of(page).focus()
    page.keyboard.press("End")
    page.route("**/queue/join*", late)
    page.locator(".bl-record-open").click()
    expect(page.locator(".bl-recorded-line")).to_be_visible(timeout=EXACT_LIMIT)
    expect(beta_of(page)).to_have_value(f"{float(row['beta']):g}", timeout=LIMIT)
    page.unroute_all(behavior="wait")  # one of a later request may still be held back


def test_an_event_that_is_joined_while_the_stream_of_answers_ends_is_answered(page):
    """The server ends the stream when no event is left. Here the page hears of every end a second late."""
    page.add_init_script("""
      const ask = window.fetch;
      window.fetch = async (...asked) => {
        const answer = await ask(...asked);
        if (!/queue.data/.test(asked[0].url ?? asked[0])) return answer;
        const text = new TextDecoder();
        const wait = new TransformStream({
          transform: async (chunk, to) => {
            if (text.decode(chunk).includes("close_stream")) {
              window.ends = (window.ends ?? 0) + 1;
              await new Promise((done) => setTimeout(done, 1000));
            }
            to.enqueue(chunk);
          },
        });
        return new Response(answer.body.pipeThrough(wait), { headers: answer.headers });
      };
    """)
    page.reload()
    wait_for_exact(page)
    for place in (3, 4, 5):
        ends = page.evaluate("window.ends ?? 0")
        page.locator(".bl-case").nth(place).click()
        study = page.locator(".bl-case").nth(place).get_attribute("data-study")
        expect(page.locator(STAGE)).to_have_attribute("data-case", study, timeout=LIMIT)
        page.wait_for_function("(before) => (window.ends ?? 0) > before", arg=ends, timeout=EXACT_LIMIT)
    upload(page, "notes.png", b"this is no image")
    expect(page.locator("#bl-notice [role=alert]")).to_contain_text("The film was not accepted.", timeout=LIMIT)


def test_a_row_opens_although_the_list_is_sent_again_while_it_is_clicked(page, server):
    page.get_by_role("button", name="Agree", exact=True).click()
    row = saved(page, server)
    open_feedback(page)
    page.locator(f"tr[data-flag='{row.name}'] .bl-link").hover(timeout=LIMIT)
    page.mouse.down()
    page.locator(".bl-counts > *").first.evaluate("counted => counted.classList.add('bl-before')")
    for tab in ("Review", "Feedback"):  # by script: the mouse is held
        page.get_by_role("tab", name=tab).dispatch_event("click")
    expect(page.locator(".bl-counts .bl-before")).to_have_count(0, timeout=LIMIT)
    page.mouse.up()
    expect(page.locator(".bl-record")).to_be_visible(timeout=LIMIT)


def test_a_verdict_that_was_purged_while_it_was_read_says_that_it_is_gone(page, server):
    page.locator(".bl-case").nth(6).click()
    expect(page.locator(STAGE)).to_have_attribute(
        "data-case", page.locator(".bl-case").nth(6).get_attribute("data-study")
    )
    wait_for_exact(page)
    page.get_by_role("button", name="Agree", exact=True).click()
    row = saved(page, server)
    open_feedback(page)
    page.locator(f"tr[data-flag='{row.name}'] .bl-link").click()
    expect(page.locator(".bl-record-open")).to_be_visible(timeout=LIMIT)
    FeedbackStore(server.flags.parent).take_out(flag_id=row.name)
    page.locator(".bl-record-open").click()
    expect(page.get_by_text("That verdict is not there any more.")).to_be_visible(timeout=LIMIT)
    page.locator(f"tr[data-flag='{row.name}'] .bl-link").click()
    expect(page.locator(".bl-record")).to_contain_text("That verdict is not there any more.", timeout=LIMIT)


def test_keys_judge_but_not_while_typing(page, server):
    before = len(rows(server)) if server.flags.exists() else 0
    report_box(page).focus()
    page.keyboard.type("add")
    expect(page.locator(OUTCOME)).to_be_empty()
    page.locator(".bl-answer").click()
    page.keyboard.press("?")
    expect(page.locator(".bl-keys")).to_be_visible()
    expect(page.locator(".bl-keys")).to_contain_text("next case")
    page.keyboard.press("Escape")
    page.keyboard.press("u")
    page.wait_for_timeout(500)
    expect(page.locator(OUTCOME)).to_be_empty()  # a letter saves nothing before that is switched on
    page.keyboard.press("?")
    page.get_by_label("Letters save and take back verdicts").check()
    page.keyboard.press("Escape")
    page.locator(".bl-case-title").click()
    page.keyboard.press("u")
    assert saved(page, server)["verdict"] == "unsure"
    assert len(rows(server)) == before + 1


COMMENT = "The left costophrenic angle.\nNot the right one."


def disagree(page) -> list[bool]:
    """Say why the answer is wrong, and try to save that; which findings are ticked."""
    page.get_by_role("button", name="Disagree", exact=True).click()
    page.locator(".bl-flag-findings .bl-choice").last.click()
    page.locator("#bl-flag-comment").fill(COMMENT)
    page.get_by_role("button", name="Save verdict").click()
    return ticked(page)


def ticked(page) -> list[bool]:
    return [box.is_checked() for box in page.locator(".bl-flag-findings input").all()]


def says_not_saved(page, said: str, findings: list[bool]) -> None:
    """And all that was entered is still there, to be sent again."""
    expect(page.locator(OUTCOME)).to_contain_text(said, timeout=LIMIT)
    expect(page.locator("#bl-flag-comment")).to_have_value(COMMENT)
    assert ticked(page) == findings
    expect(page.get_by_role("button", name="Save verdict")).to_be_enabled()


def test_what_was_typed_stays_where_another_program_keeps_it_from_being_saved(page, server):
    with server.flags.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        findings = disagree(page)
        says_not_saved(page, "Not saved: The flag was not saved: another program holds its lock", findings)
    page.get_by_role("button", name="Save verdict").click()
    assert saved(page, server)["comment"] == COMMENT


def test_what_was_typed_stays_where_no_answer_comes(server, browser):
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-US")
    context.add_init_script(NAMELESS)
    page = context.new_page()
    page.goto(server.url)
    wait_for_exact(page)
    before = len(rows(server)) if server.flags.exists() else 0

    def go_on(route) -> None:
        route.continue_()

    def instead(answer) -> None:
        """Of the server, or of a proxy before it, to a verdict."""
        page.unroute_all()
        page.route(
            "**/gradio_api/**", lambda r: answer(r) if "wrong_words" in (r.request.post_data or "") else r.continue_()
        )

    instead(lambda route: route.fulfill(status=503, content_type="text/html", body="<h1>Service Unavailable</h1>"))
    findings = disagree(page)
    says_not_saved(page, "Not saved: no answer", findings)
    instead(lambda route: route.abort())
    page.get_by_role("button", name="Save verdict").click()
    says_not_saved(page, "Not saved: no answer", findings)
    instead(lambda route: (route.fetch(), route.fulfill(status=503)))  # it was saved, and nobody was told
    page.get_by_role("button", name="Save verdict").click()
    says_not_saved(page, "Not saved: no answer", findings)
    page.unroute_all()
    page.get_by_role("button", name="Save verdict").click()
    assert saved(page, server)["comment"] == COMMENT
    assert len(rows(server)) == before + 1
    context.close()


def test_undo_adds_a_row_and_the_verdict_stands_no_more(page, server):
    page.get_by_role("button", name="Agree", exact=True).click()
    taken = saved(page, server).name
    content = server.flags.read_bytes()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(OUTCOME)).to_contain_text("Verdict undone", timeout=LIMIT)
    assert server.flags.read_bytes().startswith(content)
    last = rows(server).iloc[-1]
    assert (last["verdict"], last["undoes"]) == ("undo", taken)
    open_feedback(page)
    expect(page.locator(f"tr[data-flag='{taken}']")).to_have_count(0)
    page.locator("#bl-feedback-verdict").select_option("undo")
    expect(page.locator(f"tr[data-flag='{taken}']")).to_have_count(1, timeout=LIMIT)


def test_verdicts_are_filtered_counted_and_downloaded(page, server):
    for name in ("Dr One", "Dr Two"):
        name_reviewer(page, name)
        page.get_by_role("button", name="Agree" if name == "Dr One" else "Unsure", exact=True).click()
        saved(page, server)
    open_feedback(page)
    expect(page.locator("#bl-feedback-reviewer option[value='Dr Two']")).to_have_count(1, timeout=LIMIT)
    page.locator("#bl-feedback-reviewer").select_option("Dr Two")
    expect(page.locator(".bl-verdicts tbody tr td:nth-child(2)").first).to_have_text("Dr Two", timeout=LIMIT)
    expect(page.locator(".bl-verdicts tbody tr").filter(has_not_text="Dr Two")).to_have_count(0)
    page.locator("#bl-feedback-text").fill("no such words anywhere")
    expect(page.locator(".bl-verdicts .bl-empty")).to_contain_text("No verdict passes", timeout=LIMIT)
    page.locator("#bl-feedback-text").fill("")
    page.locator("#bl-feedback-reviewer").select_option("")
    expect(page.locator(".bl-agreement .js-plotly-plot").first).to_be_visible(timeout=LIMIT)
    for what, name in (("csv", "flags.csv"), ("finetune", "fine-tuning.csv")):
        with page.expect_download() as download:
            page.locator(f"[data-what={what}]").click()
        assert download.value.suggested_filename == name
        assert len(pd.read_csv(download.value.path())) >= 1


def test_the_queue_says_why_and_opens_in_review(page):
    open_feedback(page)
    first = page.locator(".bl-queued").first
    expect(first).to_be_visible(timeout=EXACT_LIMIT)
    study = first.get_attribute("data-study")
    assert first.locator(".bl-queued-why > span").count() >= 2
    first.click()
    expect(page.locator(STAGE)).to_have_attribute("data-case", study, timeout=EXACT_LIMIT)
    expect(page.get_by_label("Which studies").first).to_have_value("evaluation", timeout=LIMIT)
    expect(page.locator(".bl-case").first).to_have_attribute("data-study", study)
    page.keyboard.press("n")
    expect(page.locator(STAGE)).not_to_have_attribute("data-case", study, timeout=EXACT_LIMIT)


def test_a_queued_study_opens_although_the_verdict_form_is_sent_again_while_it_is_clicked(page):
    open_feedback(page)
    first = page.locator(".bl-queued").first
    first.hover(timeout=EXACT_LIMIT)
    study = first.get_attribute("data-study")
    page.mouse.down()
    with_module(page, "review/blind.js", "m.setBlind(m.blind)")  # as the form does with whatever it is sent
    page.mouse.up()
    expect(page.locator(STAGE)).to_have_attribute("data-case", study, timeout=EXACT_LIMIT)


def test_one_of_something_is_said_as_one(page):
    said = with_module(page, "lib/i18n.js", "[0, 1, 2].map((n) => m.t('feedback.total', { n }))")
    assert said == ["0 verdicts", "1 verdict", "2 verdicts"]


@pytest.mark.parametrize("width", [1280, 1920])
def test_the_verdict_is_on_the_screen(page, width):
    page.set_viewport_size({"width": width, "height": 800})
    for button in ("Agree", "Disagree", "Unsure"):
        box = page.get_by_role("button", name=button, exact=True).bounding_box()
        assert box["y"] + box["height"] <= 800
    assert page.evaluate("document.documentElement.scrollWidth") <= width
