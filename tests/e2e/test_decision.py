"""The decision in words and numbers: the sentence, the axis, the shares, what is provisional, what was typed."""

import json
import re

import numpy as np
import pytest
from e2e.driving import (
    EXACT_LIMIT,
    STAGE,
    move_beta,
    numbers,
    report_box,
    upload,
    wait_for_exact,
    with_module,
)
from films import saved
from helpers import chest
from PIL import Image
from playwright.sync_api import expect
from unlike import PICTURES, pictures

from model.storage.paths import DEMO_STUDIES

ANSWER = ".bl-answer"
STALE = ".bl-stale-line"
NO_FILM = "Cannot tell: the film does not look like a chest radiograph."


def test_the_answer_stands_first_and_follows_beta(page):
    finding = page.locator(".bl-bar[aria-checked=true] .bl-bar-name").inner_text()
    expect(page.locator(ANSWER)).to_have_text(re.compile(rf"^{finding}: (present|absent) \(.+\)"))
    first = page.locator(".bl-decision > :visible").first.bounding_box()
    box = page.locator(ANSWER).bounding_box()
    assert box["y"] <= first["y"] + 1
    # With the server silent, at every step.
    page.route("**/gradio_api/**", lambda route: None)
    move_beta(page, 30)
    expect(page.locator(STAGE)).to_have_attribute("data-beta", "0.80")
    said = page.locator(".bl-decision-p output").inner_text()
    expect(page.locator(ANSWER)).to_contain_text(f"({said})")
    page.unroute("**/gradio_api/**")


def test_the_answer_is_in_the_language_of_the_page(page):
    page.locator(".bl-header select").select_option("zh-CN")
    expect(page.locator(ANSWER)).to_have_text(re.compile("：.*（.+）.*。$"))
    expect(page.locator(".bl-numbers")).to_contain_text("数值精确")


def test_nothing_green_stands_beside_the_finding_and_the_foot_says_that_numbers_are_checked(page):
    assert page.locator(".bl-decision-head .bl-chip").count() == 0
    move_beta(page, 3)
    expect(page.locator(STAGE)).to_have_attribute("data-settled", "0.53", timeout=20_000)
    expect(page.locator(".bl-numbers")).to_have_text("Numbers exact, checked by the model")
    assert page.locator(".bl-numbers").get_attribute("role") == "status"


def test_details_stay_as_the_reader_left_them(page):
    fold = page.locator(".bl-decision .bl-fold")
    expect(page.locator(".bl-interaction")).to_be_hidden()
    fold.locator("summary").click()
    expect(page.locator(".bl-interaction")).to_contain_text("shared equally")
    expect(page.locator(".bl-completeness")).to_contain_text("Completeness error")
    page.locator(".bl-bar[aria-checked=false]").first.click()
    page.reload()
    wait_for_exact(page)
    expect(page.locator(".bl-interaction")).to_be_visible()


def test_a_logit_axis_shows_what_saturates_and_is_remembered(page):
    page.get_by_role("button", name="Logit", exact=True).click()
    assert all(re.fullmatch(r"[+\u2212]?\d+\.\d\d", n) for n in numbers(page))
    fill = page.locator(".bl-bar[aria-checked=true] .bl-bar-fill")
    before, said = fill.bounding_box()["width"], numbers(page)
    move_beta(page, 40)
    expect(page.locator(STAGE)).to_have_attribute("data-beta", "0.90")
    assert abs(fill.bounding_box()["width"] - before) > 1
    assert numbers(page) != said
    expect(page.locator(".bl-curve h3")).to_have_text("Logit over β")
    page.reload()
    wait_for_exact(page)
    expect(page.get_by_role("button", name="Logit", exact=True)).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Probability", exact=True).click()
    expect(page.locator(".bl-curve h3")).to_have_text("Probability over β")


def test_shares_of_opposite_sign_are_pushes(page):
    with_module(page, "lib/events.js", "m.on('opened', (opened) => { window.opened = opened; })")
    page.get_by_role("button", name="Logit", exact=True).click()
    page.locator(".bl-bar[aria-checked=false]").first.click()
    page.wait_for_function("() => window.opened?.tier === 'exact'", timeout=EXACT_LIMIT)
    shares = page.locator(".bl-share-legend")
    page.evaluate("window.opened.arrays.contributions.values.forEach((_, i, all) => { all[i] = i % 2 ? 6.6 : -2.4; })")
    move_beta(page, 1)
    expect(shares).to_contain_text("Film pulls down −2.40")
    expect(shares).to_contain_text("Report pushes up +6.60")
    expect(shares).not_to_contain_text("%")
    page.evaluate("window.opened.arrays.contributions.values.forEach((_, i, all) => { all[i] = i % 2 ? 3 : 1; })")
    move_beta(page, 1)
    expect(shares).to_contain_text("Film +1.00 (25\u2009%)")


def test_a_film_alone_has_no_beta_to_show(page):
    upload(page, "film.webp", (DEMO_STUDIES / "films" / "demo-1497.webp").read_bytes())
    expect(page.locator(STAGE)).to_have_attribute("data-case", re.compile("^film-"), timeout=EXACT_LIMIT)
    expect(page.locator(".bl-missing")).to_contain_text("Add a report to use β")
    expect(page.locator(ANSWER)).to_contain_text("The film alone was given.")
    for gone in (".bl-bar-fused", ".bl-curve", ".bl-shares", ".bl-word-key"):
        assert page.locator(f"{gone}:visible").count() == 0, gone


def test_words_are_coloured_at_once_and_the_method_that_is_shown_is_named(page):
    """What the page shows at each step is written down as it comes."""
    with_module(
        page,
        "lib/events.js",
        """{ window.steps = [];
        m.on('explained', (opened) => {
            const text = document.querySelector(".bl-report-text[data-side=now]");
            const shares = [...text.querySelectorAll(".bl-word")].map((w) => +w.style.getPropertyValue("--bl-share"));
            window.steps.push({
                tier: opened.tier, most: Math.max(...shares), provisional: text.classList.contains("bl-provisional"),
                note: document.querySelector(".bl-words .bl-method-note:not([hidden])")?.textContent ?? "",
                numbers: document.querySelector(".bl-numbers").textContent,
            });
        }); }""",
    )
    page.locator(".bl-case").nth(5).click()
    page.wait_for_function("() => window.steps.at(-1)?.tier === 'exact'", timeout=EXACT_LIMIT)
    instant, exact = page.evaluate("[window.steps.find((s) => s.tier === 'instant'), window.steps.at(-1)]")
    assert instant["provisional"]
    assert instant["most"] > 0.3  # on a scale of its own
    assert instant["note"] == "Contextual CAM, provisional; Integrated gradients follow"
    assert "provisional" in instant["numbers"]
    assert (exact["provisional"], exact["note"]) == (False, "")
    assert "provisional" not in exact["numbers"]


def test_what_was_typed_but_not_analysed_is_said_and_analysed_by_a_key(page):
    expect(page.locator(STALE)).to_be_hidden()
    box = report_box(page)
    own = box.input_value()
    box.fill("There is a large left pleural effusion.")
    expect(page.locator(STALE)).to_have_text("The report was changed: press Analyse (Ctrl+Enter).")
    expect(page.locator(".bl-film")).to_have_css("opacity", "0.45")
    box.fill(own)
    expect(page.locator(STALE)).to_be_hidden()
    box.fill("There is a large left pleural effusion.")
    box.press("Control+Enter")
    page.wait_for_selector("[data-changes='1'][data-tier=exact]", timeout=EXACT_LIMIT)
    expect(page.locator(STALE)).to_be_hidden()
    expect(page.locator(".bl-film")).to_have_css("opacity", "1")


def test_a_changed_report_shows_what_changed_and_by_how_much(page):
    own = page.locator(".bl-report-text[data-side=now]").inner_text()
    box = report_box(page)
    box.fill(own + " Large left effusion <b>here</b>.")
    box.press("Control+Enter")
    page.wait_for_selector("[data-changes='1'][data-tier=exact]", timeout=EXACT_LIMIT)
    expect(page.locator(".bl-report-text[data-side=now] ins").last).to_contain_text("Large left effusion <b>here</b>")
    expect(page.locator(".bl-report-text[data-side=then] del")).to_have_count(0)
    assert page.locator(".bl-report-text b").count() == 0
    changes = page.locator(".bl-bar .bl-bar-change").all_inner_texts()
    assert len(changes) == len(numbers(page))
    assert all(re.fullmatch(r"=|[▲▼]\u2009[+\u2212]\d\.\d{3}", change) for change in changes)
    assert any(change != "=" for change in changes)
    for name in page.locator(".bl-bar-name").all():
        assert name.evaluate("node => node.scrollWidth <= node.clientWidth"), name.inner_text()


def test_no_number_has_an_empty_sign_and_beta_stands_in_one_place(page):
    for steps in (-50, 100):
        move_beta(page, steps)
        text = page.locator(".bl-decision").inner_text()
        assert not re.search(r"[+\u2212]0\.0+(?!\d)", text), text
    assert page.locator(".bl-header").get_by_text("β", exact=True).count() == 0


def test_the_checks_are_a_sentence_which_opens(page):
    fold = page.locator(".bl-trust[data-modality=image] .bl-fold")
    expect(fold.locator("summary")).to_have_text(re.compile(r"^\d of \d checks passed$"), timeout=EXACT_LIMIT)
    expect(fold.locator(".bl-test").first).to_be_hidden()
    fold.locator("summary").click()
    expect(fold).to_contain_text("Differs from an untrained model")
    panel = page.locator(".bl-film").bounding_box()
    for test in fold.locator(".bl-test").all():
        box = test.bounding_box()
        assert box["x"] + box["width"] <= panel["x"] + panel["width"]
        assert box["y"] + box["height"] <= panel["y"] + panel["height"]


@pytest.mark.parametrize("width", [320, 460, 640])
def test_numbers_are_whole_at_any_width_of_the_panel(page, width):
    page.evaluate(f"document.querySelector('.bl-decision').style.width = '{width}px'")
    panel = page.locator(".bl-decision").bounding_box()
    cut = page.evaluate(
        """() => [...document.querySelectorAll(".bl-decision .bl-num, .bl-bar-head > *")]
        .filter((node) => node.checkVisibility() && node.scrollWidth > node.clientWidth + 1 && node.clientWidth)
        .map((node) => node.outerHTML)"""
    )
    assert cut == []
    for number in page.locator(".bl-bar .bl-num").all():
        box = number.bounding_box()
        assert panel["x"] <= box["x"]
        assert box["x"] + box["width"] <= panel["x"] + panel["width"]
    # Names and numbers of a row stand on one line of writing.
    tops = "row => [...row.querySelectorAll('.bl-bar-name, .bl-num')].map((n) => n.getBoundingClientRect().bottom)"
    for row in page.locator(".bl-bar").all():
        bottoms = row.evaluate(tops)
        assert max(bottoms) - min(bottoms) <= 1.5, json.dumps(bottoms)


def test_selects_look_like_selects(page):
    for select in page.locator("select.bl-select:visible").all():
        assert "linear-gradient" in select.evaluate("node => getComputedStyle(node).backgroundImage")


def test_of_a_cat_the_model_cannot_tell_and_gives_numbers_only_when_asked(page):
    first = page.locator(STAGE).get_attribute("data-case")
    upload(page, "film.png", pictures()[PICTURES.index("chelsea.png")])
    page.wait_for_selector(f"{STAGE}:not([data-case='{first}'])[data-tier=exact]", timeout=EXACT_LIMIT)
    answer, decision, show = page.locator(ANSWER), page.locator(".bl-decision"), page.locator(".bl-show-numbers")
    expect(answer).to_have_text(NO_FILM)
    assert page.locator(".bl-decision > :visible").first.locator(ANSWER).count() == 1
    assert not re.search(r"\d\.\d\d\d|\d\u2009%|present|absent", decision.inner_text())  # what is seen of it
    assert set(numbers(page)) == {"–"}
    assert page.locator(".bl-bar").evaluate_all("all => all.some((bar) => /\\d/.test(bar.ariaLabel))") is False
    assert page.locator(".bl-positive").count() == 0
    agree, unsure = (page.get_by_role("button", name=name, exact=True) for name in ("Agree", "Unsure"))
    expect(agree).to_be_disabled()  # nothing was answered
    expect(unsure).to_be_enabled()

    before = show.bounding_box()
    show.click()
    expect(show).to_have_attribute("aria-pressed", "true")
    assert show.bounding_box() == before
    assert any(re.search(r"\d\.\d\d\d", number) for number in numbers(page))
    expect(agree).to_be_enabled()
    expect(answer).to_have_text(NO_FILM)
    assert not re.search("present|absent", decision.inner_text())

    page.keyboard.press("c")  # A is a cat whose numbers were asked for
    page.keyboard.press("n")
    page.wait_for_selector(f"{STAGE}[data-case^=demo][data-tier=exact]", timeout=EXACT_LIMIT)
    expect(answer).to_have_text(re.compile("(present|absent)"))
    expect(page.locator(".bl-pinned")).to_contain_text("A: Cannot tell")
    expect(page.locator(".bl-verdict")).to_be_empty()
    page.locator(".bl-header select").select_option("zh-CN")
    expect(page.locator(".bl-pinned")).to_contain_text("A: 无法判断")


@pytest.mark.parametrize(
    ("turn", "said"), [(np.flipud, "upside down"), (np.fliplr, "like a mirror image"), (np.rot90, "turned by 90°")]
)
def test_a_film_that_does_not_hang_as_it_is_read_is_named_in_both_languages(page, turn, said):
    first = page.locator(STAGE).get_attribute("data-case")
    upload(page, "film.png", saved(Image.fromarray(turn(chest(3, 320)).copy()), "PNG"))
    page.wait_for_selector(f"{STAGE}:not([data-case='{first}'])[data-tier=exact]", timeout=EXACT_LIMIT)
    expect(page.locator(ANSWER)).to_contain_text(f"Cannot tell: the film looks {said}")
    page.locator(".bl-header select").select_option("zh-CN")
    expect(page.locator(ANSWER)).to_contain_text("无法判断：该影像看起来")
