"""What a table of 100,000 studies costs the dashboard: start-up, memory, opening a study.

    python benchmarks/big_table.py [--rows 100000]

Writes a table of invented reports of some 400 characters over copies of a few demo films, and starts `betalens serve`
as a process of its own on the demo's table and on that one. For each: seconds to the first answer, seconds until a
browser shows the first case, milliseconds from a click on another study until it is drawn, from the end of the list
until its next page is there, from a search (which waits for a pause of 300 ms) and from the choice of a finding until
what they find is listed; and the server's memory after the first answer, at its highest by then, and in the end. The
last line is one JSON object.
"""

import argparse
import csv
import json
import random
import shutil
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright
from served import LIMIT, served

from model.storage.paths import DEMO_CHECKPOINT, DEMO_STUDIES

FILMS = 50
FINDINGS = json.loads((DEMO_CHECKPOINT / "config.json").read_text("utf-8"))["findings"]
SENTENCES = [
    f"{severity} {finding.lower()} is seen {place}, {change}."
    for finding in FINDINGS
    for severity in ("Mild", "Moderate", "Severe", "No")
    for place in ("on the left", "on the right", "at both bases")
    for change in ("unchanged from before", "new since the last film", "smaller than before")
]


def write_table(folder: Path, rows: int) -> Path:
    """A table of that many studies; the same every time."""
    rng = random.Random(0)
    films = sorted((DEMO_STUDIES / "films").iterdir())[:FILMS]
    (folder / "films").mkdir()
    for film in films:
        shutil.copy(film, folder / "films")
    with (folder / "studies.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["study_id", "image", "report", "label", "patient_id"])
        for i in range(rows):
            report = " ".join(rng.choices(SENTENCES, k=7))
            labels = "|".join(rng.sample(FINDINGS, rng.randint(0, 2)))
            writer.writerow([f"study-{i:07d}", f"films/{rng.choice(films).name}", report, labels, f"patient-{i // 2}"])
    return folder / "studies.csv"


def memory_mb(pid: int, line: str) -> int:
    """`VmRSS`, resident now, or `VmHWM`, at its highest."""
    status = dict(entry.split(":", 1) for entry in Path(f"/proc/{pid}/status").read_text().splitlines())
    return round(int(status[line].split()[0]) / 1024)


def serve(folder: Path, arguments: list[str], page: Page) -> dict:
    """Start the server, look at it as a reader does, and end it."""
    start = time.perf_counter()
    with served("--device", "cpu", "--feedback", str(folder / "feedback"), *arguments) as (url, pid):
        result = {
            "first_answer_s": round(time.perf_counter() - start, 1),
            "resident_mb": memory_mb(pid, "VmRSS"),
            "highest_mb": memory_mb(pid, "VmHWM"),
        }
        result |= look(page, url)
        return result | {"in_use_mb": memory_mb(pid, "VmRSS")}


def look(page: Page, url: str) -> dict:
    """What a reader waits for."""
    start = time.perf_counter()
    page.goto(url)
    page.wait_for_selector("[data-tier]", timeout=LIMIT * 1000)
    result = {"first_case_s": round(time.perf_counter() - start, 1)}
    page.wait_for_selector("[data-tier=exact]", timeout=LIMIT * 1000)
    card = page.locator(".bl-case").nth(5)
    start = time.perf_counter()
    card.click()
    page.wait_for_selector(f"[data-case='{card.get_attribute('data-study')}']", timeout=LIMIT * 1000)
    result["click_to_case_ms"] = round((time.perf_counter() - start) * 1e3)
    page.wait_for_selector("[data-tier=exact]", timeout=LIMIT * 1000)
    found = page.locator(".bl-cases .bl-num[role=status]")
    shown = page.locator(".bl-case").count()
    start = time.perf_counter()
    page.locator(".bl-case").last.scroll_into_view_if_needed()
    page.locator(".bl-case").nth(shown).wait_for(timeout=LIMIT * 1000)
    result["next_page_ms"] = round((time.perf_counter() - start) * 1e3)
    for name, ask in {
        "search": lambda: page.locator(".bl-case-search").fill(card.get_attribute("data-study") or ""),
        "all": lambda: page.locator(".bl-case-search").fill(""),
        "filter": lambda: page.get_by_label("Show studies with").select_option(FINDINGS[-1]),
    }.items():
        if name == "filter":
            page.locator(".bl-case-filters summary").click()
        before = found.inner_text()
        start = time.perf_counter()
        ask()
        expect(found).not_to_have_text(before, timeout=LIMIT * 1000)
        result[f"{name}_ms"] = round((time.perf_counter() - start) * 1e3)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        folder = Path(scratch)
        table = write_table(folder, rows)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        result = {"rows": rows, "table_mb": round(table.stat().st_size / 2**20)}
        for name, arguments in (("demo", []), ("table", ["--studies", str(table)])):
            page = browser.new_page()
            result[name] = serve(folder, arguments, page)
            page.close()
        browser.close()
    print(json.dumps(result))


if __name__ == "__main__":
    main()
