"""A model learns from its reviewers in a browser, is served, and a verdict on the one before is opened as it was."""

import csv
import re
from typing import NamedTuple

import numpy as np
import pytest
from e2e.conftest import Server, serving
from e2e.driving import EXACT_LIMIT, STAGE, wait_for_exact
from e2e.test_login import PASSWORD, log_in
from helpers import small_network
from PIL import Image
from playwright.sync_api import Page, expect

from dashboard.access.identity import Role
from dashboard.access.users import set_user
from model.feedback import FeedbackStore, Flag
from model.finetuning.versions import ORIGIN, Versions
from model.inference.engine import Engine
from model.network import checkpoint
from model.studies.opening import open_studies
from model.studies.table import load_film

FINDINGS = ("Cardiomegaly", "Effusion", "Pneumothorax")
BETA = 0.3


class Place(NamedTuple):
    server: Server
    versions: Versions
    judged: str  # the id of a verdict on version 0001


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Place:
    """A server of a model that has learnt nothing, over 36 studies whose reports state their findings; eight for
    training and one for validation were judged. With an administrator."""
    folder = tmp_path_factory.mktemp("place")
    rng = np.random.default_rng(0)
    rows = []
    for i in range(36):
        coarse = Image.fromarray(rng.integers(0, 255, (8, 8), np.uint8))
        coarse.resize((64, 64), Image.Resampling.BICUBIC).save(folder / f"{i}.png")
        found = [f for f in FINDINGS if rng.random() < 0.4]
        split = "train" if i < 18 else "val" if i < 30 else "test"
        rows.append((f"s{i}", f"{i}.png", f"Seen: {', '.join(found) or 'nothing'}.", "|".join(found), i, split))
    with (folder / "studies.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("study_id", "image", "report", "label", "patient_id", "split"), *rows])
    checkpoint.save(small_network(image_size=64, image_weights="none", report_layers=1), folder / "model")
    versions = Versions(folder / "models")
    versions.adopt(folder / "model")
    versions.promote("0001")
    engine, table = Engine.load(versions.path("0001"), "cpu"), open_studies(folder / "studies.csv")
    store = FeedbackStore(folder / "feedback")
    for i in (*range(8), 20):
        store.append(_correction(engine, table.by_id(f"s{i}")))
    set_user(folder / "users.json", "ada", Role.ADMINISTRATOR, PASSWORD)
    (folder / "access.toml").write_text('[users]\nfile = "users.json"\n')
    extra = ("--models", versions.folder, "--studies", folder / "studies.csv", "--access", folder / "access.toml")
    for server in serving(folder / "feedback", *map(str, extra), "--device", "cpu"):
        yield Place(server, versions, store.rows()[0].flag_id)


def _correction(engine: Engine, study) -> Flag:
    film = load_film(study)
    p = engine.probabilities(engine.encode(film, study.report), np.array([BETA]))[0]
    shown = dict(zip(engine.findings, map(float, p), strict=True))
    said = {"reviewer": "r", "verdict": "disagree", "corrected_labels": tuple(sorted(study.labels))}
    of = {"study_id": study.study_id, "image_sha256": film.sha256, "image_name": study.image.name}
    of |= {"report": study.report, "model_digest": engine.digest, "beta": BETA, "probabilities": shown}
    return Flag.new(**said, **of)


@pytest.fixture
def page(place, browser) -> Page:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-US")
    page = context.new_page()
    page.goto(place.server.url)
    log_in(page, "ada")
    wait_for_exact(page)
    page.get_by_role("tab", name="Feedback").click()
    yield page
    context.close()


def test_the_button_makes_a_version_that_is_served(page, place):
    expect(page.locator(".bl-counts")).to_contain_text("9 verdicts", timeout=EXACT_LIMIT)
    expect(page.locator("#bl-lesson")).to_contain_text("8 of the 9 studies", timeout=EXACT_LIMIT)
    start, said = page.locator(".bl-finetune-start"), page.locator("#bl-finetune [role=status]")
    start.click()
    cancel = page.locator(".bl-finetune-cancel")
    expect(cancel).to_be_visible(timeout=EXACT_LIMIT)
    cancel.dispatch_event("click")  # the panel is drawn anew with each step: a pointer may meet none of it
    expect(said).to_have_text(re.compile("^Cancelled: no version was made"), timeout=EXACT_LIMIT)
    assert place.versions.names() == ["0001"]
    start.click(timeout=EXACT_LIMIT)
    expect(cancel).to_be_visible(timeout=EXACT_LIMIT)
    expect(start).to_be_disabled()
    expect(said).to_have_text("Version 0002 is promoted, and served from now on.", timeout=EXACT_LIMIT)
    expect(page.locator("#bl-finetune")).to_contain_text("Corrected studies that it learnt from: 8")
    untaught = page.locator(".bl-untaught")
    untaught.locator("summary").click()
    expect(untaught.locator("li")).to_have_text([re.compile("^s20 lies in the validation split")])
    macro = page.locator("#bl-finetune tbody tr").first
    expect(macro.locator("th")).to_have_text("AUROC, mean of all findings")
    before, after, change = (float(text.replace("−", "-")) for text in macro.locator("td").all_inner_texts()[:3])
    assert after - before == pytest.approx(change, abs=2e-4)
    made = place.versions.list()[-1]
    assert (made.name, made.promoted, made.how) == ("0002", True, "fine-tuned")
    expect(page.locator("#bl-header")).to_contain_text(f"0002 · {made.digest[:8]}", timeout=EXACT_LIMIT)
    expect(page.locator(".bl-notice")).to_have_text(re.compile("Another version of the model is served now"))


def test_a_verdict_is_opened_with_the_version_that_it_was_given_on(page, place, tmp_path):
    if len(place.versions.names()) < 2:  # where this test runs alone
        checkpoint.save(small_network(image_size=64, image_weights="none", report_layers=0), tmp_path / "model")
        place.versions.adopt(tmp_path / "model")
        place.versions.promote("0002")
    expect(page.locator("#bl-header")).to_contain_text("0002", timeout=EXACT_LIMIT)
    first, second = place.versions.list()
    page.locator(f"tr[data-flag='{place.judged}'] .bl-link").click(timeout=EXACT_LIMIT)
    open_it = page.locator(".bl-record-open")
    expect(open_it).to_have_text("Open in Review with version 0001, at this β", timeout=EXACT_LIMIT)
    open_it.click()

    stage, line = page.locator(STAGE), page.locator(".bl-version-line")
    expect(stage).to_have_attribute("data-model", first.digest, timeout=EXACT_LIMIT)
    expect(stage).to_have_attribute("data-beta", f"{BETA:.2f}")
    expect(line).to_contain_text(f"Version 0001 ({first.digest[:12]})")
    expect(line).to_contain_text("not the one that is served")
    page.get_by_role("button", name="Agree", exact=True).click()
    expect(page.locator(".bl-outcome")).to_contain_text("Saved", timeout=EXACT_LIMIT)
    then, *_, now = FeedbackStore(place.server.flags.parent).rows()
    assert (now.model_digest, now.study_id, now.reviewer) == (first.digest, then.study_id, "ada")
    assert now.probabilities == pytest.approx(then.probabilities, abs=2e-6)

    page.locator(".bl-pin").click()  # the old version as A, the served one as B
    page.locator(".bl-pin-version").select_option(label="B under version 0002 (served)")
    expect(stage).to_have_attribute("data-model", second.digest, timeout=EXACT_LIMIT)
    captions = page.locator(".bl-film-caption")
    expect(captions.first).to_contain_text("version 0001")
    expect(captions.last).to_contain_text("served version")
    page.locator(".bl-pin-version").select_option(label="B under version 0001")
    expect(stage).to_have_attribute("data-model", first.digest, timeout=EXACT_LIMIT)
    page.locator(".bl-unpin").click()

    page.locator(".bl-version-leave").click()
    expect(stage).to_have_attribute("data-model", second.digest, timeout=EXACT_LIMIT)
    expect(stage).to_have_attribute("data-case", then.study_id)
    expect(line).to_be_hidden()
    expect(page.locator(".bl-recorded-line")).to_contain_text(f"on model {first.digest[:12]}")

    (place.versions.path("0001") / ORIGIN).write_text("{", "utf-8")
    page.locator(".bl-pin").click()  # it is pinned all the same
    expect(page.locator(".bl-notice")).to_contain_text("The versions of the model cannot be listed")
    expect(page.locator(".bl-unpin")).to_be_visible()
