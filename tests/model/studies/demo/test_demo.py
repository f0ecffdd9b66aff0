"""The committed demo: complete, clean, and without report text."""

from collections import Counter

import numpy as np
import pytest
from PIL import Image

from model.errors import ChoiceError
from model.studies.demo import ASSETS, FINDINGS, MASK_SIZE, load_demo, truth
from model.studies.demo.reports import load_reports


def test_every_study_has_its_film_and_its_report():
    reports = load_reports()
    for study in load_demo():
        assert study.image.is_file(), study.study_id
        assert study.report == reports[study.report_id].text
        assert study.labels | study.report_labels <= set(FINDINGS)
    assert {s.image.name for s in load_demo()} == {p.name for p in (ASSETS / "films").iterdir()}


def test_films_are_square_grey_radiographs():
    for study in load_demo()[::200]:
        with Image.open(study.image) as film:
            pixels = np.asarray(film.convert("L"))
        assert pixels.shape[0] == pixels.shape[1] >= 320
        assert pixels.std() > 25


def test_no_report_is_in_two_splits():
    splits: dict[str, set[str]] = {}
    for study in load_demo():
        splits.setdefault(study.patient_id, set()).add(study.split)
    assert all(len(names) == 1 for names in splits.values())


@pytest.mark.parametrize(("split", "least"), [("train", 50), ("val", 20), ("test", 30)])
def test_each_split_shows_each_finding_often_enough(split, least):
    shown = Counter(f for s in load_demo() if s.split == split and not s.discordant for f in s.labels)
    assert min(shown[finding] for finding in FINDINGS) >= least


def test_film_and_report_disagree_where_marked_and_only_there():
    for study in load_demo():
        assert study.discordant == (study.labels != study.report_labels)
        assert not (study.discordant and study.split == "train")


def test_every_finding_shown_has_a_mask_and_every_finding_stated_a_sentence():
    for study in load_demo():
        known = truth(study.study_id)
        assert set(known.masks) == study.labels
        assert all(mask.shape == (MASK_SIZE, MASK_SIZE) and mask.any() for mask in known.masks.values())
        assert set(known.sentences) == study.report_labels


def test_sided_findings_lie_on_their_side():
    """The patient's left is the right half of the film."""
    reports = load_reports()
    for study in load_demo():
        if study.discordant:
            continue
        sides = {s.side for s in reports[study.report_id].statements if s.finding == "Effusion"}
        if sides in ({"left"}, {"right"}):
            columns = np.nonzero(truth(study.study_id).masks["Effusion"])[1]
            assert (columns.mean() > MASK_SIZE / 2) == (sides == {"left"})


def test_the_project_holds_no_report_text():
    table = (ASSETS / "studies.csv").read_text(encoding="utf-8")
    sentences = {part for s in load_demo() for part in s.report.split(". ") if len(part) > 25}
    assert not any(sentence in table for sentence in sentences)


def test_an_unknown_study_is_named():
    with pytest.raises(ChoiceError, match="demo-9999"):
        truth("demo-9999")
