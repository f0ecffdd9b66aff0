"""Sentences of this project's own: whole, about what they say they are about, and none of the benchmark's."""

import re

import numpy as np
import phrasings
import pytest

from model.studies.demo.phrases import STANCES, TRUTH, fill, irrelevant, known_findings, misspelt, patterns, sentence
from model.studies.demo.reports import FINDINGS, mentioned, stating_sentences


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_every_finding_can_be_written_about():
    assert set(known_findings()) == set(FINDINGS)
    assert set(TRUTH) == set(STANCES)
    for own in patterns().findings.values():
        assert set(own) == {"nouns", *STANCES}


@pytest.mark.parametrize("stance", STANCES)
@pytest.mark.parametrize("finding", FINDINGS)
def test_a_sentence_has_no_gap_left(finding, stance):
    known = patterns()
    for frame in known.frames[stance] + known.findings[finding][stance]:
        text = fill(frame, finding, rng())
        assert text[0].isupper()
        assert not set("{}") & set(text)
        assert "  " not in text


@pytest.mark.parametrize("finding", FINDINGS)
def test_a_frame_names_its_finding(finding):
    for stance in STANCES:
        for frame in patterns().frames[stance]:
            assert finding in mentioned(fill(frame, finding, rng(3))), frame


def test_what_is_affirmed_is_stated_by_the_rule_too():
    texts = [(f, sentence(f, "affirmed", rng(seed))) for seed in range(20) for f in FINDINGS]
    stated = [finding in stating_sentences(text) for finding, text in texts]
    assert np.mean(stated) > 0.8  # not those that say it without its name


def test_what_matters_not_names_no_finding():
    assert not any(mentioned(text) for text in patterns().irrelevant)
    assert irrelevant(rng()) in patterns().irrelevant


def test_a_side_that_is_asked_for_is_the_one_that_is_named():
    texts = [sentence("Effusion", "affirmed", rng(seed), "left") for seed in range(60)]
    assert not any("right" in text for text in texts)
    assert any("left" in text for text in texts)


def test_typos_change_words_and_not_their_number():
    text = "There is a small pleural effusion on the left."
    wrong = misspelt(text, rng(), share=1.0)
    assert wrong != text
    assert len(wrong.split()) == len(text.split())
    assert misspelt(text, rng(), share=0.0) == text


def test_the_benchmarks_phrasings_stand_in_no_pattern():
    known = patterns()
    frames = [f for some in known.frames.values() for f in some]
    frames += [f for own in known.findings.values() for stance in STANCES for f in own[stance]]
    trained = {_skeleton(frame) for frame in frames}
    asked = [frame for frames in phrasings.STANCES.values() for frame in frames]
    assert not {_skeleton(frame) for frame in asked} & trained
    made = phrasings.phrasings()
    assert len(made) == len({p.text for p in made}) == 240


def _skeleton(frame: str) -> str:
    """A frame without its gaps, its case and its stops."""
    return " ".join(re.findall(r"[a-z]+", re.sub(r"\{\w+\}", " ", frame).lower()))
