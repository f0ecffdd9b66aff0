"""What the page is sent is what was computed."""

import numpy as np
import pytest
from helpers import REPORT, random_film
from packed import unpack

from dashboard.ui.payload import as_json, describe_evidence, segments
from explain import evidence
from explain.methods.words import Word, split_words
from explain.trust.ground_truth import Truth


@pytest.fixture(scope="module")
def found(engine):
    return evidence(engine, engine.encode(random_film(), REPORT), "Effusion", report="contextual_cam")


def test_arrays_survive_the_round_trip(found):
    header, arrays = unpack(as_json(describe_evidence(found, REPORT, ticket=7)))
    assert header["ticket"] == 7
    assert header["finding"] == "Effusion"
    sent = {"curve": found.curve, "curve_logits": found.curve_logits, "cam": found.cam, "words": found.word_scores}
    for name, values in sent.items():
        np.testing.assert_allclose(arrays[name], values, rtol=1e-6, atol=1e-7)
    assert arrays["contributions"].shape == found.contributions.shape
    assert arrays["interaction"].shape == found.interaction.shape


def test_mask_of_the_truth_is_packed_in_bits(found):
    mask = np.zeros((5, 7), bool)
    mask[2, 3] = mask[4, 6] = True
    header, _ = unpack(as_json(describe_evidence(found, REPORT, truth=Truth(mask, (1, 2)))))
    assert (header["truth"]["height"], header["truth"]["width"], header["truth"]["words"]) == (5, 7, [1, 2])


def test_case_without_image_sends_no_map(engine):
    alone = evidence(engine, engine.encode(None, REPORT), "Effusion", report="contextual_cam")
    _, arrays = unpack(as_json(describe_evidence(alone, REPORT)))
    assert "cam" not in arrays


def test_case_without_report_sends_no_words(engine):
    alone = evidence(engine, engine.encode(random_film(), ""), "Effusion", report="contextual_cam")
    header, arrays = unpack(as_json(describe_evidence(alone, "")))
    assert "words" not in arrays
    assert header["segments"] == []


@pytest.mark.parametrize(
    "report", [REPORT, "  Ünïcode 𝛽 βeta 肺 clear.\n\nEnd ", "<img src=x onerror=alert(1)> ${7*7} {{value}}"]
)
@pytest.mark.parametrize("read_to", [5, 10_000])
def test_segments_are_the_report_cut_and_nothing_else(report, read_to):
    read_to = min(read_to, len(report))
    words = split_words(report, read_to)
    pieces = segments(report, words, read_to)
    assert "".join(text for text, _, _ in pieces) == report
    assert [text for text, word, _ in pieces if word >= 0] == [w.text for w in words]


def test_what_was_not_read_is_marked():
    pieces = segments("one two three", (Word("one", 0, 3), Word("two", 4, 7)), 7)
    assert pieces[-1] == [" three", -1, False]
