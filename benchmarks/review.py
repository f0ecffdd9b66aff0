"""What the Review tab costs in a real browser: frames while β moves, the time to the first evidence, and the heap.

    python benchmarks/review.py [--beside ../other-checkout]

The demo is served to headless Chromium, which draws on the CPU: a graphics card can only be faster. β is moved through
the slider, as a hand does, in every frame for some seconds: with the whole film, with the film zoomed nine times in its
own pixels, and with a case pinned beside it (A | B), in turn, three times; of each the median of the three. `late` is
the share of frames that took longer than two of 60 a second; `task_ms`, `style_ms` and `layouts` are what the browser
counts of its own work on a frame. `first_evidence_s` is from the navigation to the first evidence, the median of some
loads. With --beside, another checkout of this project is served as well, loaded and drawn in turn, so that the two can
be compared. `heap_mb` is what the page keeps after a garbage collection: at the first case,
after 100 moves of β, and after 30 more cases. Prints one JSON object.
"""

import argparse
import contextlib
import json
import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright
from served import ROOT, served

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
LIMIT = 300_000  # milliseconds, on a machine that is busy with something else
SECONDS, ROUNDS, LOADS = 4, 3, 7
CASES, MOVES = 30, 100

# Moves β to and fro in every frame; frames a second, the median time of one in ms, and the share of late ones.
FRAMES = """async (seconds) => {
  const entry = document.querySelector('script[src*="betalens/js/"]').src;
  const { askBeta } = await import(new URL('./lib/beta.js', entry).href);
  const times = [];
  for (let k = 0; !times.length || times.at(-1) - times[0] < 1000 * seconds; k++) {
    askBeta(0.5 + 0.5 * Math.sin(k / 20));
    times.push(await new Promise(requestAnimationFrame));
  }
  const each = times.slice(1).map((t, i) => t - times[i]).sort((a, b) => a - b);
  const late = each.filter((t) => t > 2000 / 60 + 1).length / each.length;
  return [(1000 * each.length) / (times.at(-1) - times[0]), each[each.length >> 1], late];
}"""


def first_evidence(browser: Browser, url: str) -> float:
    """Seconds from the navigation to the first evidence, in a browser that has nothing of the page yet."""
    with contextlib.closing(browser.new_context(viewport={"width": 1280, "height": 800})) as context:
        page = context.new_page()
        start = time.perf_counter()
        page.goto(url)
        page.wait_for_selector(".bl-bar-value", timeout=LIMIT)
        return time.perf_counter() - start


def opened(browser: Browser, url: str) -> Page:
    # Else the slider would sweep by itself on this first visit.
    page = browser.new_page(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    page.goto(url)
    page.wait_for_selector("[data-tier=exact]", timeout=LIMIT)
    page.wait_for_selector(".bl-trust[data-modality=report] .bl-fold", state="attached", timeout=LIMIT)  # it is tested
    return page


class Drawn:
    """A page whose frames are counted, and what the browser counts of its own work."""

    def __init__(self, page: Page):
        self.page = page
        self.inside = page.context.new_cdp_session(page)
        self.inside.send("Performance.enable")
        self.found: dict[str, list[tuple[float, ...]]] = {}

    def _worked(self) -> list[float]:
        told = {m["name"]: m["value"] for m in self.inside.send("Performance.getMetrics")["metrics"]}
        return [1000 * told["TaskDuration"], 1000 * told["RecalcStyleDuration"], told["LayoutCount"]]

    def frames(self, way: str) -> None:
        before = self._worked()
        per_second, median, late = self.page.evaluate(FRAMES, SECONDS)
        work = [(now - then) / (per_second * SECONDS) for now, then in zip(self._worked(), before, strict=True)]
        self.found.setdefault(way, []).append((per_second, median, late, *work))

    def press(self, key: str, times: int = 1) -> None:
        self.page.locator("canvas[data-side=now]").hover()
        for _ in range(times):
            self.page.keyboard.press(key)

    def medians(self) -> dict[str, dict[str, float]]:
        names = ("per_second", "median_ms", "late", "task_ms", "style_ms", "layouts")
        return {
            way: {n: round(statistics.median(v), 3) for n, v in zip(names, zip(*rounds, strict=True), strict=True)}
            for way, rounds in self.found.items()
        }


def frames(pages: dict[str, Page]) -> dict[str, dict[str, dict[str, float]]]:
    drawn = {name: Drawn(page) for name, page in pages.items()}
    for _ in range(ROUNDS):
        for one in drawn.values():
            one.page.bring_to_front()
            one.frames("whole")
            one.press("+", 10)
            one.page.wait_for_selector("canvas[data-side=now][data-own=true]", timeout=LIMIT)
            one.frames("zoomed")
            one.press("0")
            one.page.locator(".bl-pin").click()
            one.frames("pinned")
            one.page.locator(".bl-pin").click()
    return {name: one.medians() for name, one in drawn.items()}


def heap_mb(page: Page, browser: CDPSession) -> float:
    browser.send("HeapProfiler.collectGarbage")
    return round(browser.send("Runtime.getHeapUsage")["usedSize"] / 2**20, 2)


def heap(page: Page) -> dict[str, float]:
    inside = page.context.new_cdp_session(page)
    found = {"first_case": heap_mb(page, inside)}
    for move in range(MOVES):
        page.locator(".bl-beta input[type=range]").press("ArrowRight" if move % 100 < 50 else "ArrowLeft")
    found[f"after_{MOVES}_moves"] = heap_mb(page, inside)
    for _ in range(CASES):
        before = page.locator("#bl-stage .bl-widget").get_attribute("data-case")
        page.keyboard.press("n")
        page.wait_for_selector(f"#bl-stage [data-tier]:not([data-case='{before}'])", timeout=LIMIT)
    page.wait_for_selector("[data-tier=exact]", timeout=LIMIT)
    found[f"after_{CASES}_cases"] = heap_mb(page, inside)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--beside", type=Path, help="another checkout, which is timed in turn")
    args = parser.parse_args()
    with contextlib.ExitStack() as running:
        checkouts = {"here": ROOT} | ({"beside": args.beside} if args.beside else {})
        addresses = {}
        for name, checkout in checkouts.items():
            flags = running.enter_context(tempfile.TemporaryDirectory())
            addresses[name], _ = running.enter_context(served("--feedback", flags, checkout=checkout))
        playwright = running.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        running.callback(browser.close)
        loads = [{name: first_evidence(browser, url) for name, url in addresses.items()} for _ in range(LOADS)]
        pages = {name: opened(browser, url) for name, url in addresses.items()}
        told = {
            "first_evidence_s": {n: round(statistics.median(load[n] for load in loads), 2) for n in addresses},
            "frames": frames(pages),
            "heap_mb": heap(pages["here"]),
        }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
