"""The wheel holds all that the page needs: installed, and no checkout, it serves the demo from an empty folder."""

import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import httpx
import pytest
from started import free_port, started

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("assets", "dashboard", "explain", "model", "pyproject.toml", "README.md", "LICENSE")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


def run(*command, cwd: Path) -> str:
    done = subprocess.run([str(word) for word in command], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """An environment with nothing but the wheel in it, which finds its dependencies in the one of the tests, but not
    what is installed there as a checkout: a .pth runs no other .pth."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in PARTS:
        place = ROOT / name
        (shutil.copytree if place.is_dir() else shutil.copy)(place, source / name)
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, source, cwd=folder)
    (wheel,) = folder.glob("betalens-*.whl")
    run(sys.executable, "-m", "venv", folder / "env", cwd=folder)
    python = folder / "env" / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", "--no-deps", wheel, cwd=folder)
    (packages,) = (folder / "env" / "lib").glob("python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return python.parent


def test_it_is_the_wheel_that_is_imported(installed, tmp_path):
    places = run(
        installed / "python", "-c", "import dashboard, model; print(dashboard.__file__, model.__file__)", cwd=tmp_path
    )
    assert all(Path(place).is_relative_to(installed.parent) for place in places.split())


def test_it_serves_the_demo_from_an_empty_folder(installed, tmp_path):
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [installed / "betalens", "serve", "--device", "cpu", "--port", str(port), "--feedback", tmp_path / "kept"]
    with started(command, port, tmp_path / "log", cwd=tmp_path):
        (entry,) = re.findall(r'<script [^>]*src="\./(betalens/js/\w+/)page\.js"', httpx.get(url).text)
        assert "./review/stage.js" in httpx.get(f"{url}/{entry}page.js").text
        assert "export const mount" in httpx.get(f"{url}/{entry}review/stage.js").text
        assert ".bl-stage" in httpx.get(f"{url}/theme.css").text + httpx.get(f"{url}/config").text
        asked = {
            "study_id": "demo-1497",
            "findings": ["Atelectasis"],
            "image_methods": ["gradcam"],
            "report_methods": [],
        }
        answer = httpx.post(f"{url}/api/v1/explain", json=asked | {"betas": [1]}, timeout=60)
        assert answer.status_code == 200, answer.text
