"""The lock fits pyproject, and the bill of materials and the licences fit the lock."""

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploy.lock import Package, bill, is_torch, licences, locked, packages

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
HASHED = ("requirements.lock", "torch-cuda.lock")
LINE = re.compile(r"^([a-z0-9-]+)==(\S+) \\\n    --hash=sha256:([0-9a-f]{64})$", re.MULTILINE)


def read(name: str) -> dict[str, tuple[str, str]]:
    """Name to version and hash; every line of the file must be such a pair."""
    text = (DEPLOY / name).read_text("utf-8")
    found = LINE.findall(text)
    assert len(found) * 2 == len(text.splitlines())
    return {name: (version, sha256) for name, version, sha256 in found}


@pytest.fixture(scope="module")
def lock() -> dict[str, tuple[str, str]]:
    return read(HASHED[0]) | read(HASHED[1])


def wanted() -> list[Requirement]:
    """What the images need: the project, its PostgreSQL extra, and what it is installed with."""
    project = PROJECT["project"]
    extra = project["optional-dependencies"]["postgres"]
    return [Requirement(text) for text in (*project["dependencies"], *extra, *PROJECT["build-system"]["requires"])]


@pytest.mark.parametrize("need", wanted(), ids=lambda need: need.name)
def test_the_lock_holds_what_the_project_needs(lock, need):
    version, _ = lock.get(canonicalize_name(need.name), ("none", ""))
    assert need.specifier.contains(version), "run `make lock`"


def test_no_version_is_admitted_that_the_security_page_says_is_left_out():
    promised = re.findall(r"^\| ([a-z0-9-]+) \| ([\d.]+) \|", (ROOT / "SECURITY.md").read_text("utf-8"), re.MULTILINE)
    bounds = {need.name: {s.version for s in need.specifier if s.operator == ">="} for need in wanted()}
    assert len(promised) > 10
    assert {name: {least} for name, least in promised} == {name: bounds[name] for name, _ in promised}


def test_cpu_and_cuda_images_have_the_same_pytorch(lock):
    lines = (DEPLOY / "torch-cpu.lock").read_text("utf-8").splitlines()
    assert lines == [f"{name}=={lock[name][0]}" for name in ("torch", "torchvision")]
    assert not any(name.startswith(("torch==", "nvidia", "cuda", "triton")) for name in read(HASHED[0]))


def test_the_bill_is_valid_and_agrees_with_the_lock(lock):
    text = (DEPLOY / "sbom.cdx.json").read_text("utf-8")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    parts = json.loads(text)["components"]
    assert {p["name"]: (p["version"], p["hashes"][0]["content"]) for p in parts} == lock
    assert all(p["licenses"] for p in parts)


def test_the_page_of_licences_agrees_with_the_lock_and_flags_copyleft(lock):
    text = (DEPLOY / "LICENSES.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| ([a-z0-9-]+) \| (\S+) \|", text, re.MULTILINE))
    del rows["package"]
    assert rows == {name: version for name, (version, _) in lock.items()}
    flagged = text.split("## Copyleft")[1].split("##")[0]
    assert "| psycopg |" in flagged  # LGPL
    assert "| certifi |" in flagged  # MPL
    assert "| numpy |" not in flagged


def test_no_file_names_a_registry():
    # Each pattern is written so that it does not find itself.
    hosts = r"python[h]osted|pypi[.](org|io)|download[.]pytorch|registry[.]npmjs|deb[.]debian|ana[c]onda.org"
    found = subprocess.run(["git", "grep", "-lE", hosts], cwd=ROOT, capture_output=True, text=True)
    assert (found.returncode, found.stdout) == (1, "")


def item(name: str, *, requires=(), **metadata) -> dict:
    """One line of a report of pip."""
    facts = {"name": name, "version": "1.0", "requires_dist": list(requires)} | metadata
    return {"metadata": facts, "download_info": {"archive_info": {"hashes": {"sha256": name[0].lower() * 64}}}}


REPORT = {
    "environment": {"python_version": "3.11", "sys_platform": "linux"},
    "install": [
        {"metadata": {"name": "betalens", "version": "0"}, "download_info": {"dir_info": {}}},
        item("B_c", requires=["a", "d; sys_platform == 'win32'", "absent"], license_expression="MIT"),
        item("a", license="Long\ntext", classifier=["License :: OSI Approved :: BSD License"]),
        item("d", license="UNKNOWN"),
        item("torch", requires=["nvidia-x"], license="LGPL-3.0"),
        item("nvidia-x", license="NVIDIA Proprietary Software"),
    ],
}


def test_a_report_becomes_packages_with_names_licences_and_needs():
    assert packages(REPORT) == [
        Package("a", "1.0", "a" * 64, "BSD License", ()),
        Package("b-c", "1.0", "b" * 64, "MIT", ("a",)),
        Package("d", "1.0", "d" * 64, "not said", ()),
        Package("nvidia-x", "1.0", "n" * 64, "NVIDIA Proprietary Software", ()),
        Package("torch", "1.0", "t" * 64, "LGPL-3.0", ("nvidia-x",)),
    ]


def test_packages_become_the_same_files_each_time():
    found = packages(REPORT)
    assert locked(found[:1]) == f"a==1.0 \\\n    --hash=sha256:{'a' * 64}\n"
    assert [p.name for p in found if is_torch(p)] == ["nvidia-x", "torch"]
    assert bill(found) == bill(found)
    needs = {d["ref"]: d.get("dependsOn", []) for d in json.loads(bill(found))["dependencies"]}
    assert needs["pkg:pypi/b-c@1.0"] == ["pkg:pypi/a@1.0"]
    proprietary, copyleft, rest = (part.split("|---|---|---|")[1] for part in licences(found).split("## ")[1:])
    assert ("| nvidia-x |" in proprietary, "| torch |" in copyleft, "| d |" in rest) == (True, True, True)
