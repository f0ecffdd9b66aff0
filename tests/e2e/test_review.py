"""Review, as a person does it: open, drag β, explain, upload, judge, and be told what is wrong."""

import json
import re

import pandas as pd
import pytest
from e2e.driving import (
    EXACT_LIMIT,
    PIXELS,
    STAGE,
    beta_of,
    dicom,
    move_beta,
    numbers,
    report_box,
    upload,
    wait_for_exact,
    with_module,
)
from playwright.sync_api import expect

from model.inputs import read_report
from model.storage.spreadsheet import unescape


def assert_fixed(page) -> None:
    """Neither the mouse nor a key reaches the slider."""
    beta_of(page).focus()
    assert not beta_of(page).evaluate("slider => slider === document.activeElement")
    expect(page.locator(".bl-beta[inert]")).to_have_count(1)


def test_a_case_is_open_with_all_its_evidence(page):
    assert len(numbers(page)) >= 2
    assert page.locator(".bl-bar-alone").count() == 2 * len(numbers(page))
    expect(page.locator(".bl-interaction")).to_contain_text("shared equally")
    expect(page.locator(".bl-curve-line")).to_have_count(1)  # a flat line has no height to be seen by
    expect(page.locator(".bl-share-legend")).to_contain_text("Report pushes up")  # film and report are opposed
    expect(page.locator(".bl-numbers")).to_contain_text("Numbers exact")
    for part in (".bl-film-canvas", ".bl-bars", ".bl-shares", ".bl-curve", ".bl-words", ".bl-beta"):
        box = page.locator(part).first.bounding_box()
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= 800, f"{part} is not on the screen with β"


def test_beta_moves_everything_while_the_server_is_silent(page):
    page.route("**/gradio_api/**", lambda route: None)  # never answered
    before = numbers(page), page.evaluate(PIXELS), page.locator(".bl-share-legend").inner_text()
    move_beta(page, 30)
    expect(page.locator(STAGE)).to_have_attribute("data-beta", "0.80")
    after = numbers(page), page.evaluate(PIXELS), page.locator(".bl-share-legend").inner_text()
    for was, now in zip(before, after, strict=True):
        assert was != now
    assert float(page.locator(STAGE).get_attribute("data-draw-ms")) < 100
    page.unroute("**/gradio_api/**")


def test_the_model_confirms_what_was_drawn(page):
    move_beta(page, -7)
    expect(page.locator(STAGE)).to_have_attribute("data-settled", "0.43", timeout=10_000)
    expect(page.locator(".bl-numbers")).to_contain_text("checked by the model")
    with_module(page, "lib/beta.js", "m.setBeta(0.43)")  # as Gradio's slider does once the server has answered
    expect(page.locator(".bl-numbers")).to_contain_text("checked by the model")
    move_beta(page, 1)
    expect(page.locator(STAGE)).to_have_attribute("data-settled", "0.44", timeout=10_000)
    expect(page.locator(".bl-numbers")).to_contain_text("checked by the model")


def keep_what_is_opened(page) -> None:
    """As `window.opened`; `window.times` counts."""
    keep = "m.on('opened', (opened) => { window.opened = opened; window.times = (window.times ?? 0) + 1; })"
    with_module(page, "lib/events.js", keep)


def test_what_was_drawn_otherwise_than_the_model_says_is_drawn_anew_and_said(page):
    keep_what_is_opened(page)
    case = page.locator(".bl-case").nth(3)
    study = case.get_attribute("data-study")
    case.click()
    expect(page.locator(STAGE)).to_have_attribute("data-case", study, timeout=EXACT_LIMIT)
    wait_for_exact(page)
    of_all = (
        "[0, 0.25, 0.43, 1].flatMap((beta) => window.opened.findings.map((_, i) => window.opened.probability(beta, i)))"
    )
    right, alone = page.evaluate(of_all), page.locator(".bl-bar-alone").all_inner_texts()
    times = page.evaluate("window.times")
    page.evaluate("window.opened.arrays.curve.values.forEach((p, i, all) => { all[i] = p > 0.5 ? p - 0.2 : p + 0.2; })")
    with_module(page, "lib/beta.js", "m.askBeta(0.43)")  # at one go
    expect(page.locator(".bl-differs")).to_contain_text("≠ corrected", timeout=10_000)
    expect(page.locator(".bl-differs")).to_contain_text("0.200 off")
    page.wait_for_function("(times) => window.times > times", arg=times)
    assert page.evaluate(of_all) == pytest.approx(right, abs=1e-5)
    assert page.locator(".bl-bar-alone").all_inner_texts() == alone
    expect(page.locator(".bl-differs")).to_contain_text("≠ corrected")
    shown = with_module(page, "lib/format.js", "m.probability(window.opened.probability(0.43))")
    expect(page.locator(".bl-decision-p output")).to_have_text(shown)


def test_where_the_model_still_says_otherwise_the_page_asks_once_and_says_so(page):
    def answer_otherwise(route):
        answer = route.fetch()
        value = json.loads(answer.json()["data"][0])
        value["probabilities"][0] = 0.5 + 0.1 * (value["probabilities"][0] < 0.5)
        route.fulfill(response=answer, json=answer.json() | {"data": [json.dumps(value)]})

    page.route("**/gradio_api/run/**", answer_otherwise)
    keep_what_is_opened(page)
    with_module(page, "lib/beta.js", "m.askBeta(0.53)")
    expect(page.locator(".bl-differs")).to_contain_text("≠ differs", timeout=20_000)
    first = page.evaluate("window.opened.probability(0.53, 0)")
    assert first in (pytest.approx(0.5, abs=1e-5), pytest.approx(0.6, abs=1e-5))
    page.wait_for_timeout(1500)
    assert page.evaluate("window.times") == 1
    expect(page.locator(".bl-differs")).to_contain_text("≠ differs")


def test_the_tests_of_the_explanation_stay_in_their_panel(page):
    page.locator(".bl-trust[data-modality=image] summary").click(timeout=EXACT_LIMIT)
    panel = page.locator(".bl-film").bounding_box()
    for test in page.locator(".bl-trust[data-modality=image] .bl-test").all():
        box = test.bounding_box()
        assert box["x"] + box["width"] <= panel["x"] + panel["width"] - 4
        assert box["y"] + box["height"] <= panel["y"] + panel["height"]


def test_a_finding_is_explained_by_click_and_by_key(page):
    bar = page.locator(".bl-bar[aria-checked=false]").first
    finding = bar.get_attribute("data-finding")
    bar.click()
    expect(page.locator(STAGE)).to_have_attribute("data-finding", finding, timeout=EXACT_LIMIT)
    page.locator(".bl-bar[aria-checked=true]").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator(STAGE)).not_to_have_attribute("data-finding", finding, timeout=EXACT_LIMIT)


def test_a_word_tells_its_value(page):
    page.locator(".bl-word[data-word]").first.hover()
    expect(page.locator(".bl-readout")).to_contain_text(re.compile(r"[+\u2212]\d"))


def test_another_case_replaces_the_first(page):
    card = page.locator(".bl-case").nth(2)
    study = card.get_attribute("data-study")
    card.click()
    expect(page.locator(STAGE)).to_have_attribute("data-case", study, timeout=EXACT_LIMIT)
    expect(card).to_have_attribute("aria-selected", "true")


def test_an_uploaded_dicom_is_read_without_a_report(page):
    upload(page, "film.dcm", dicom())
    expect(page.locator(STAGE)).to_have_attribute("data-case", re.compile("^film-"), timeout=EXACT_LIMIT)
    expect(page.locator(".bl-beta-fixed")).to_contain_text("Fixed at 1")
    assert_fixed(page)
    expect(page.locator(".bl-words")).to_contain_text("no report")
    report_box(page).fill("There is a large left pleural effusion.")
    page.get_by_role("button", name="Analyse").click()
    expect(page.locator(".bl-beta[inert]")).to_have_count(0, timeout=EXACT_LIMIT)
    expect(page.locator(".bl-words")).to_contain_text("effusion")


IMAGE = '<img src=x onerror="window.hacked=1">'


def test_a_verdict_becomes_a_row(page, server):
    page.get_by_role("button", name="Disagree", exact=True).click()
    page.locator("#bl-flag-evidence").select_option("image")
    page.locator("#bl-flag-comment").fill(f"=not a formula, “肺” {IMAGE}")
    page.locator("#bl-flag-reviewer").fill(f"reader one {IMAGE}")
    page.get_by_role("button", name="Save verdict").click()
    expect(page.locator(".bl-outcome")).to_contain_text("Saved.", timeout=20_000)
    flag_id = page.locator(".bl-flag").get_attribute("data-flag")
    rows = pd.read_csv(server.flags, dtype=str, keep_default_na=False).set_index("flag_id")
    row = rows.loc[flag_id]
    assert (row["verdict"], row["wrong_evidence"]) == ("disagree", "image")
    assert unescape(row["reviewer"]) == f"reader one {IMAGE}"
    assert row["study_id"] == page.locator(STAGE).get_attribute("data-case")
    assert unescape(row["comment"]) == f"=not a formula, “肺” {IMAGE}"
    page.get_by_role("tab", name="Feedback").click()
    listed = page.locator(f"tr[data-flag='{flag_id}']")
    expect(listed).to_contain_text(f"reader one {IMAGE}", timeout=20_000)
    listed.locator(".bl-link").click()
    expect(page.locator(".bl-record")).to_contain_text(IMAGE, timeout=20_000)
    assert page.locator("img[src=x]").count() == 0
    assert page.evaluate("window.hacked") is None


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("notes.png", b"this is no image", "The film was not accepted."),
        ("cut.dcm", dicom()[:2000], "The film was not accepted."),
    ],
)
def test_a_wrong_film_gets_one_sentence(page, name, content, sentence):
    upload(page, name, content)
    expect(page.locator("#bl-notice [role=alert]")).to_contain_text(sentence, timeout=20_000)
    assert "Traceback" not in page.content()
    expect(page.locator(".bl-film-canvas")).to_be_hidden()  # it is not the film that was sent


def test_too_long_a_report_gets_one_sentence(page):
    report_box(page).fill("word " * 10_000)
    page.get_by_role("button", name="Analyse").click()
    expect(page.locator("#bl-notice [role=alert]")).to_contain_text("The report was not accepted.", timeout=20_000)


RUN = "window.hacked=1"
HOSTILE = (
    f'<img src=x onerror="{RUN}"> ${{{RUN}}} {{{{value}}}} {{{{{RUN}}}}} '
    f"</textarea></script><script>{RUN};alert(1)</script>"
    " &lt;b&gt; \u202egnp.exe\u202c \u2066left\u2069 \0nul \u200bzero javascript:alert(1)"
)
SAID = ".bl-report-text[data-side=now]"


def test_a_hostile_report_stays_text(page):
    dialogs = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    report_box(page).fill(HOSTILE)
    page.get_by_role("button", name="Analyse").click()
    expect(page.locator(SAID)).to_contain_text("onerror", timeout=EXACT_LIMIT)
    wait_for_exact(page)
    shown = read_report(HOSTILE)
    assert page.locator(SAID).inner_text().strip() == shown
    assert page.locator(".bl-report textarea").input_value() == shown
    assert not set(shown) & set("\0\u202e\u202c\u2066\u2069\u200b")
    assert page.locator(".bl-words img, .bl-words script, .bl-words b").count() == 0
    assert page.evaluate("window.hacked") is None
    assert dialogs == []


def test_a_million_characters_get_one_sentence_and_change_nothing(page):
    before = page.locator(SAID).inner_text()
    report_box(page).evaluate(
        "(box, text) => { box.value = text.repeat(50_000); box.dispatchEvent(new Event('input', {bubbles: true})); }",
        "Clear lungs. <b>${1}",
    )
    page.get_by_role("button", name="Analyse").click()
    alert = page.locator("#bl-notice [role=alert]")
    expect(alert).to_contain_text("1,000,000 characters; at most 2,000 words and 20,000 characters", timeout=60_000)
    assert page.locator(SAID).inner_text() == before


def test_a_report_alone_is_a_case_without_a_film(page):
    report_box(page).fill("Small left pleural effusion.")
    page.get_by_role("button", name="Without film").click()
    page.wait_for_selector("[data-case^=report-][data-tier=exact]", timeout=120_000)
    assert_fixed(page)
    assert page.locator(STAGE).get_attribute("data-finding") == "Effusion"
