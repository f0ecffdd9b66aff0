"""What a picture is, by its pixels and its header: films as they hang are frontal, turned ones are named, and nothing
else passes for a film."""

import numpy as np
import pytest
from conftest import SHARED
from dicoms import film, written
from helpers import chest
from pydicom.data import get_testdata_file
from unlike import pictures

from model.inference.encoding import Case
from model.inference.engine import Engine
from model.inputs import read_film
from model.studies.opening import open_studies
from model.studies.table import film_if_readable
from model.view import ORIENTATIONS, View, turned, view_of, views_of

OTHERS = (  # of pydicom: CT, MR, ultrasound, nuclear medicine, a drawing
    "CT_small.dcm", "MR_small.dcm", "693_J2KI.dcm", "J2K_pixelrep_mismatch.dcm", "JPEG2000.dcm", "JPEG-lossy.dcm",
    "GDCMJ2K_TextGBR.dcm", "SC_rgb_gdcm_KY.dcm", "examples_jpeg2k.dcm", "examples_overlay.dcm", "examples_palette.dcm",
    "examples_rgb_color.dcm", "examples_ybr_color.dcm", "liver_1frame.dcm", "SC_rgb_dcmtk_+eb+cr.dcm",
)  # fmt: skip


@pytest.fixture(scope="module")
def drawn() -> list[np.ndarray]:
    """Test films of the demo, which the network has not learnt from."""
    films = map(film_if_readable, open_studies(None).of_split("test")[::9])
    return [film.pixels for film in films]


@pytest.fixture(scope="module")
def real() -> list[np.ndarray]:
    if not SHARED.exists():
        pytest.skip("needs the real films beside the checkout")
    studies = open_studies(SHARED / "covid-cxr" / "studies.csv").studies[::6]
    files = [s.image for s in studies] + sorted((SHARED / "cxr-samples").glob("*.[dp]*"))
    return [read_film(path.read_bytes(), alone=False).pixels for path in files]


@pytest.fixture(params=["drawn", "real"])
def films(request) -> list[np.ndarray]:
    return request.getfixturevalue(request.param)


def share(films: list[np.ndarray], *kinds: str) -> float:
    """Of films which are taken for one of some kinds."""
    return float(np.mean([view.kind in kinds for view in views_of(films)]))


def test_films_as_they_hang_are_frontal(films):
    assert share(films, "frontal") >= 0.95


@pytest.mark.parametrize("orientation", range(1, 8))
def test_films_that_do_not_hang_so_are_named_as_what_they_are(films, orientation):
    assert share([turned(f, orientation) for f in films], ORIENTATIONS[orientation]) >= 0.9


def test_a_negative_is_named(films):
    assert share([1 - f for f in films], "inverted") >= 0.9


def test_orientations_are_those_of_their_names():
    square = np.arange(9).reshape(3, 3)
    same = {
        "mirrored": [np.fliplr(square)],
        "upside_down": [np.rot90(square, 2), np.flipud(square)],
        "turned": [np.rot90(square), np.rot90(square, 3), square.T, np.rot90(square, 2).T],
        "frontal": [square],
    }
    for kind, ways in same.items():
        found = [turned(square, k).tolist() for k, name in enumerate(ORIENTATIONS) if name == kind]
        assert sorted(found) == sorted(way.tolist() for way in ways)


def test_pictures_of_other_things_are_no_film():
    """Of packages from which nothing was learnt."""
    found = [read_film(data, alone=False).pixels for data in pictures()]
    for name in OTHERS:
        path = get_testdata_file(name)
        assert isinstance(path, str)
        with open(path, "rb") as file:
            found.append(read_film(file.read(), alone=False).pixels)
    assert share(found, "frontal") <= 0.05


@pytest.mark.parametrize("grey", [0.0, 0.5, 1.0])
def test_noise_and_next_to_nothing_are_no_film(grey):
    rng = np.random.default_rng(0)
    assert view_of(np.clip(grey + 0.01 * rng.normal(size=(90, 70)), 0, 1)).kind == "other"


def test_of_a_mirror_image_it_says_what_it_says_of_the_film(drawn):
    """For the squares that the network sees: what is at a border is cut off at the other."""
    other = {"frontal": "mirrored", "mirrored": "frontal"}
    for film_, view in zip(drawn[:12], views_of(drawn[:12]), strict=True):
        mirrored = view_of(film_[:, ::-1].copy())
        assert mirrored.kind == other.get(view.kind, view.kind) or view.probability < 0.9
        assert mirrored.probability == pytest.approx(view.probability, abs=1e-4) or mirrored.kind == view.kind


def test_what_it_says_of_a_picture_does_not_depend_on_the_others(drawn):
    together, alone = views_of(drawn[:5]), [view_of(f) for f in drawn[:5]]
    assert [v.kind for v in together] == [v.kind for v in alone]
    np.testing.assert_allclose([v.probability for v in together], [v.probability for v in alone], atol=1e-4)
    assert views_of([]) == []
    assert isinstance(together[0], View)


HEADERS = {
    "head CT": ({"Modality": "CT", "BodyPartExamined": "HEAD"}, "modality", "CT"),
    "hand": ({"Modality": "DX", "BodyPartExamined": "HAND"}, "part", "HAND"),
    "a person's name": ({"BodyPartExamined": "DOE JANE"}, "part", ""),
    "lateral": ({"Modality": "DX", "ViewPosition": "LL"}, "view", ""),
    "lateral by its orientation": ({"PatientOrientation": "A\\F"}, "view", ""),
    "mirrored": ({"PatientOrientation": "R\\F"}, "hanging", ""),
    "upside down": ({"PatientOrientation": "R\\H"}, "hanging", ""),
    "turned": ({"PatientOrientation": "F\\R"}, "hanging", ""),
    "as it hangs": ({"Modality": "DX", "ViewPosition": "PA", "PatientOrientation": "L\\F"}, None, ""),
    "oblique, as it hangs": ({"PatientOrientation": "LA\\FP"}, None, ""),
    "silent": ({}, None, ""),
}


@pytest.mark.parametrize("name", HEADERS)
def test_a_header_that_contradicts_is_said_before_the_pixels_are_asked(name):
    header, kind, named = HEADERS[name]
    stated = {tag: ("CS", value) for tag, value in header.items()}
    data = written(film(chest(0, 320) * np.uint16(257), **stated))
    found = read_film(data).contradiction
    assert (found and found.kind, found.named if found else "") == (kind, named)
    engine = Engine.load(None, "cpu")
    (encoded,) = engine.encode_cases([Case.of(read_film(data), "", engine.config)])
    reasons = engine.familiarity(encoded).cannot_tell
    assert [(r.kind, r.named) for r in reasons] == ([(kind, named)] if kind else [])
    if kind == "modality":
        assert str(reasons[0]) == "the film is no chest radiograph (its header says Modality CT)"
    if name == "a person's name":
        assert "DOE" not in str(reasons[0])


def test_of_a_model_of_other_pictures_nobody_asks_for_a_chest(engine):
    """`engine` has not been told that it is one of chests."""
    data = written(film(chest(0, 320) * np.uint16(257), Modality=("CS", "CT")))
    (encoded,) = engine.encode_cases([Case.of(read_film(data), "", engine.config)])
    assert not engine.familiarity(encoded).cannot_tell


def test_a_process_that_reads_hostile_files_gets_no_word_of_its_own_through():
    from model.inputs import Contradiction

    assert Contradiction.from_word("part HAND") == Contradiction("part", "HAND")
    for word in ("part DOE JANE", "name HAND", "", "part"):
        assert Contradiction.from_word(word) in (None, Contradiction("part"))
