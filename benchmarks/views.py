"""Whether pictures are told from frontal films of chests, and films that do not hang as they are read are named.

python benchmarks/views.py [--films FOLDER]... [--others FOLDER]... [--every N]

The films of the demo's test split, real ones of further folders, and of each what it is when it is turned, mirrored or
inverted; test pictures of scikit-image and pydicom, and those of further folders. The last line is JSON.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom.data
import skimage

from model.errors import ImageError
from model.inputs import read_film
from model.studies.demo import load_demo
from model.view import ORIENTATIONS, turned, views_of

Pixels = np.ndarray


def read(paths: Iterable[Path]) -> list[tuple[Pixels, bool]]:
    """The pixels of what can be read as a film, each once, and whether its header already says that it is none."""
    found: dict[bytes, tuple[Pixels, bool]] = {}
    for path in paths:
        try:
            film = read_film(path.read_bytes(), alone=False)
        except ImageError:
            continue
        found.setdefault(film.pixels.tobytes(), (film.pixels, film.contradiction is not None))
    return list(found.values())


def of_films(films: list[Pixels]) -> dict[str, Any]:
    """The share of films that are warned of as they hang, and that are named of those in each other orientation."""
    kinds = [view.kind for view in views_of(films)]
    figures: dict[str, Any] = {
        "n": len(films),
        "warned": 1 - kinds.count("frontal") / len(kinds),
        "as": dict(Counter(kinds)),
    }
    for kind in ("turned", "upside_down", "mirrored"):
        ways = [k for k, name in enumerate(ORIENTATIONS) if name == kind]
        named = [view.kind == kind for k in ways for view in views_of([turned(f, k) for f in films])]
        figures[kind] = float(np.mean(named))
    figures["inverted"] = float(np.mean([view.kind == "inverted" for view in views_of([1 - f for f in films])]))
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--films", type=Path, action="append", default=[], help="a folder of real frontal films")
    parser.add_argument("--others", type=Path, action="append", default=[], help="a folder of other pictures")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="of the films every Nth alone")
    chosen = parser.parse_args()
    demo = [study.image for study in load_demo() if study.split == "test"][:: chosen.every]
    figures = {"demo": of_films([pixels for pixels, _ in read(demo)])}
    for folder in chosen.films:
        figures[folder.name] = of_films([pixels for pixels, _ in read(sorted(folder.iterdir())[:: chosen.every])])
    packaged = {
        "scikit-image": Path(skimage.__file__).parent / "data",
        "pydicom": Path(pydicom.data.__file__).parent / "test_files",
    }
    for name, folder in (packaged | {folder.name: folder for folder in chosen.others}).items():
        pictures = read(sorted(path for path in folder.rglob("*") if path.is_file()))
        views = views_of([pixels for pixels, _ in pictures])
        by_pixels = [view.kind != "frontal" for view in views]
        either = [said or seen for (_, said), seen in zip(pictures, by_pixels, strict=True)]
        figures[name] = {"n": len(views), "by_pixels": float(np.mean(by_pixels)), "stopped": float(np.mean(either))}
    for name, found in figures.items():
        print(name, {k: round(v, 3) if isinstance(v, float) else v for k, v in found.items()})
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
