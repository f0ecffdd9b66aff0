"""What the atlas costs: in a real browser, on the server, and to lay out.

    python benchmarks/atlas.py page [--count 5000]     the tab, and frames a second of a morph, a pan, a zoom, a hover
    python benchmarks/atlas.py plotly [--count 5000]   frames a second of plotly's scattergl doing the same
    python benchmarks/atlas.py place [--count 20000]   where a new case lies
    python benchmarks/atlas.py fit [--count 2000]      time and memory of a layout

`page` serves the demo's studies, repeated (benchmarks/many.py), to headless Chromium, whose WebGL is drawn by the CPU:
a graphics card can only be faster. The server tests the explanations of the case that is opened first, on the same
cores: one morph is measured meanwhile, everything else after it. `drawn` is how many points the last frame had, fewer
than all where the page draws a sample so as to move in time. `fit` lays out synthetic embeddings of 12 groups in 256
dimensions; its seconds of CPU hold on a machine that is busy with something else, as a seeded fit runs in one thread
for most of its time. Each prints one JSON object.
"""

import argparse
import json
import os
import resource
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
SECONDS = 5
TESTED = ".bl-trust[data-modality=report] .bl-fold"
MAP = "document.querySelector('.bl-map-over').mapView"

# Does something in every frame for some seconds; frames a second, the median time of one in ms, points in the last one.
FRAMES = """async ([seconds, act]) => {
  const does = new Function('k', act), times = [];
  for (let k = 0; !times.length || times.at(-1) - times[0] < 1000 * seconds; k++) {
    does(k);
    times.push(await new Promise(requestAnimationFrame));
  }
  const each = times.slice(1).map((t, i) => t - times[i]).sort((a, b) => a - b), { drawn } = MAP;
  const fps = Math.round(10000 * each.length / (times.at(-1) - times[0])) / 10;
  return { fps, median_ms: each[each.length >> 1], drawn };
}""".replace("MAP", MAP)
SETTER = """async () => {
  const entry = document.querySelector('script[src*="betalens/js/"]').src;
  window.setBeta = (await import(new URL('./lib/beta.js', entry).href)).setBeta;
}"""
ACTS = {
    "morph": "setBeta(0.5 + 0.5 * Math.sin(k / 20));",
    "pan": f"const view = {MAP}; view.camera.pan(6 * Math.sin(k / 5), 6 * Math.cos(k / 5)); view.draw();",
    "zoom": f"const view = {MAP}; view.camera.zoomBy(k % 40 < 20 ? 1.06 : 1 / 1.06); view.draw();",
    "hover": f"const view = {MAP}, {{ width, height }} = view.camera;"
    "view.point(view.nearest(width * (0.5 + 0.4 * Math.sin(k / 9)), height * (0.5 + 0.4 * Math.cos(k / 7))));",
}
PLOTLY = """async ([n, seconds, act]) => {
  const plot = document.body.appendChild(document.createElement('div')), x = [], y = [], times = [];
  for (let i = 0; i < n; i++) x.push(Math.random()), y.push(Math.random());
  const trace = { type: 'scattergl', mode: 'markers', x, y, marker: { size: 4 } };
  await Plotly.newPlot(plot, [trace], { width: 1000, height: 650, hovermode: 'closest' });
  for (let k = 0; !times.length || times.at(-1) - times[0] < 1000 * seconds; k++) {
    const s = 1 + 0.01 * k, range = [0.5 - 0.5 / s, 0.5 + 0.5 / s];
    if (act === 'morph') await Plotly.restyle(plot, { x: [x.map((v) => v + 0.001 * k)] });
    else await Plotly.relayout(plot, { 'xaxis.range': range, 'yaxis.range': range });
    times.push(await new Promise(requestAnimationFrame));
  }
  const each = times.slice(1).map((t, i) => t - times[i]).sort((a, b) => a - b);
  return { fps: Math.round(10000 * each.length / (times.at(-1) - times[0])) / 10, median_ms: each[each.length >> 1] };
}"""


def page(count: int) -> dict:
    """The tab over so many studies."""
    from many import make
    from playwright.sync_api import sync_playwright
    from served import served

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        many = make(Path(folder), count)
        options = ["--feedback", f"{folder}/flags", "--studies", many.studies, "--checkpoint", many.checkpoint]
        with served(*map(str, options)) as (url, _):
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            shown = browser.new_page(viewport={"width": 1280, "height": 800})
            shown.goto(url)
            shown.wait_for_selector("[data-tier=exact]", timeout=600_000)
            start = time.perf_counter()
            shown.get_by_role("tab", name="Atlas").click()
            shown.wait_for_selector("#bl-atlas [data-state=ready][data-column]", timeout=600_000)
            shown.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
            ready = time.perf_counter() - start
            shown.evaluate(SETTER)
            frames = {"morph_while_testing": shown.evaluate(FRAMES, [SECONDS, ACTS["morph"]])}
            shown.wait_for_selector(TESTED, state="attached", timeout=600_000)
            frames |= {name: shown.evaluate(FRAMES, [SECONDS, act]) for name, act in ACTS.items()}
            browser.close()
    return {"studies": count, "tab_ready_s": round(ready, 2), **frames}


def plotly(count: int) -> dict:
    """plotly's scattergl in a page of its own."""
    import plotly as package
    from playwright.sync_api import sync_playwright

    script = Path(package.__file__).parent / "package_data" / "plotly.min.js"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        shown = browser.new_page(viewport={"width": 1280, "height": 800})
        shown.add_script_tag(path=str(script))
        frames = {act: shown.evaluate(PLOTLY, [count, SECONDS, act]) for act in ("morph", "zoom")}
        browser.close()
    return {"points": count, **frames}


def place(count: int) -> dict:
    """Where the demo's first cases lie among so many studies: at a β not seen before, and at one that was."""
    from many import make

    from explain.cohort import atlas
    from explain.cohort.neighbours import Finder
    from explain.cohort.spaces import Vectors
    from model.inference.embeddings import load_reference
    from model.inference.engine import Engine
    from model.studies.opening import open_studies
    from model.studies.table import load_film

    with tempfile.TemporaryDirectory() as folder:
        many = make(Path(folder), count)
        engine, table = Engine.load(many.checkpoint, "cpu"), open_studies(many.studies)
        vectors = Vectors(engine, load_reference(engine, table))
        layout = atlas.load_layout(vectors, table)
        finder = Finder(vectors, layout.rows)
        case = engine.encode(load_film(table.studies[0]), table.studies[0].report)
        first, again = [], []
        for beta in np.linspace(0.05, 0.95, 15):
            for times in (first, again):
                start = time.perf_counter()
                atlas.place(layout, finder, case, "fused", float(beta))
                times.append(time.perf_counter() - start)
    return {"studies": count} | {
        name: round(1e3 * float(np.median(times)), 1) for name, times in (("first_ms", first), ("again_ms", again))
    }


def fit(count: int) -> dict:
    """A fused map of synthetic embeddings, as a config would have it."""
    import torch

    from explain.cohort.atlas import fit_layout
    from explain.cohort.spaces import Vectors
    from model.config import Config
    from model.inference.embeddings import Reference
    from model.inference.engine import Engine
    from model.network.network import Network
    from model.studies.table import Study, StudyTable

    config = Config(findings=("A", "B"), image_weights="none", atlas_most=max(count, 50))
    engine = Engine(Network(config, pretrained=False), "synthetic", torch.device("cpu"))
    rng = np.random.default_rng(0)
    group = rng.integers(0, 12, count)
    image, report = (
        (rng.normal(size=(12, config.width))[group] + rng.normal(size=(count, config.width))).astype(np.float32)
        for _ in range(2)
    )
    ids = tuple(f"s{i}" for i in range(count))
    table = StudyTable("synthetic", [Study(i, None, "x", frozenset(), i, "train") for i in ids], [], "synthetic")
    vectors = Vectors(engine, Reference(ids, image, report, np.ones((count, 2), np.float32)))
    start, cpu = time.perf_counter(), time.process_time()
    layout = fit_layout(vectors, table)
    return {
        "studies": count,
        "seconds": round(time.perf_counter() - start),
        "cpu_seconds": round(time.process_time() - cpu),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "trustworthiness": layout.trust.round(3).tolist(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("page", "plotly", "place", "fit"))
    parser.add_argument("--count", type=int)
    asked = parser.parse_args()
    counts = {"page": 5000, "plotly": 5000, "place": 20_000, "fit": 2000}
    does = {"page": page, "plotly": plotly, "place": place, "fit": fit}[asked.what]
    result = does(asked.count or counts[asked.what])
    print(json.dumps(result | {"cpus": os.cpu_count(), "load": round(os.getloadavg()[0], 1)}, default=str))


if __name__ == "__main__":
    main()
