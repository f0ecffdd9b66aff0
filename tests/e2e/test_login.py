"""Logging in, in a browser: what each role sees, and whose name a verdict carries."""

import csv
import json
import re

import pytest
from e2e.conftest import Server, serving
from e2e.driving import wait_for_exact
from playwright.sync_api import Page, expect

from dashboard.access.identity import Role
from dashboard.access.users import set_user

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory) -> Server:
    """A server with a viewer and a reviewer."""
    folder = tmp_path_factory.mktemp("guarded")
    for name, role in (("vera", Role.VIEWER), ("rita", Role.REVIEWER)):
        set_user(folder / "users.json", name, role, PASSWORD)
    (folder / "access.toml").write_text('[users]\nfile = "users.json"\n')
    extra = ("--access", str(folder / "access.toml"), "--audit", str(folder / "audit.jsonl"))
    yield from serving(folder, *extra)


@pytest.fixture
def visitor(guarded, browser) -> Page:
    """The login form, in a browser that has been nowhere."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-US")
    page = context.new_page()
    page.goto(guarded.url)
    yield page
    context.close()


def log_in(page: Page, name: str, password: str = PASSWORD) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def test_a_wrong_password_is_told(visitor):
    log_in(visitor, "rita", "not the password")
    expect(visitor.get_by_role("alert")).to_have_text("Wrong name or password.")


def test_a_verdict_carries_the_login(visitor, guarded):
    log_in(visitor, "rita")
    wait_for_exact(visitor)
    expect(visitor.locator(".bl-reader")).to_have_text(re.compile("rita.*reviewer"))
    visitor.get_by_role("button", name="Agree", exact=True).click()
    expect(visitor.locator(".bl-outcome")).to_contain_text("Saved")
    with guarded.flags.open(newline="", encoding="utf-8") as file:
        assert [row["reviewer"] for row in csv.DictReader(file)] == ["rita"]
    lines = [json.loads(line) for line in (guarded.flags.parent / "audit.jsonl").read_text().splitlines()]
    assert {("rita", "login"), ("rita", "look"), ("rita", "flag")} <= {(x["who"], x["action"]) for x in lines}


def test_a_viewer_looks_and_gives_no_verdict(visitor):
    log_in(visitor, "vera")
    wait_for_exact(visitor)
    expect(visitor.get_by_role("button", name="Agree", exact=True)).to_be_disabled()
    expect(visitor.locator(".bl-flag-note")).to_contain_text("verdicts are given by reviewers")


def test_a_viewer_may_not_take_the_feedback_away(visitor):
    log_in(visitor, "vera")
    wait_for_exact(visitor)
    visitor.get_by_role("tab", name="Feedback").click()
    visitor.get_by_role("button", name="CSV").first.click()
    expect(visitor.get_by_role("alert")).to_contain_text("takes the role administrator", timeout=30_000)


def test_who_logs_out_is_asked_again(visitor):
    log_in(visitor, "rita")
    wait_for_exact(visitor)
    visitor.get_by_role("button", name="Log out").click()
    expect(visitor.get_by_label("Password")).to_be_visible()
