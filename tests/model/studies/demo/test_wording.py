"""Reports reworded. The sentences here are made up."""

import pytest

from model.studies.demo.reports import mentioned, stating_sentences
from model.studies.demo.wording import MASK, Edits, reworded

TEXT = (
    "The heart is enlarged. There is a small left pleural effusion. Nodule in the right upper lobe. No pneumothorax. "
    "The trachea is midline."
)


def stated(edits: Edits, seed: int = 1) -> set[str]:
    return set(stating_sentences(reworded(TEXT, edits, seed)))


def test_no_edit_leaves_the_report_as_it_is():
    assert reworded(TEXT, Edits(), 5) == TEXT


def test_the_same_seed_gives_the_same_text():
    edits = Edits(restated=("Effusion",), denied=("Edema",), shuffled=1, misspelt=1, added=2)
    assert reworded(TEXT, edits, 3) == reworded(TEXT, edits, 3) != reworded(TEXT, edits, 4)


def test_a_report_is_silent_on_what_is_taken_out():
    text = reworded(TEXT, Edits(silent=("Effusion",)), 1)
    assert "Effusion" not in mentioned(text)
    assert set(stating_sentences(text)) == {"Cardiomegaly", "Nodule"}


def test_a_mask_hides_the_name_alone():
    text = reworded(TEXT, Edits(masked=("Nodule",)), 1)
    assert f"{MASK} in the right upper lobe." in text
    assert "Nodule" not in mentioned(text)


def test_what_is_missed_is_denied():
    text = reworded(TEXT, Edits(missed=("Cardiomegaly",)), 1)
    assert "The heart is enlarged." not in text
    assert "Effusion" in stating_sentences(text)


def test_what_is_restated_keeps_its_side():
    for seed in range(12):
        text = reworded(TEXT, Edits(restated=("Effusion",)), seed)
        assert "small left pleural effusion. Nodule" not in text or "There is" in text
        assert "right pleural" not in text


def test_sides_change_places():
    text = reworded(TEXT, Edits(swapped=1), 1)
    assert "right pleural effusion" in text
    assert "left upper lobe" in text


def test_a_sentence_that_states_two_findings_loses_the_one_name():
    text = reworded("Left effusion and atelectasis.", Edits(silent=("Effusion",)), 1)
    assert text == f"Left {MASK} and atelectasis."


def test_nothing_becomes_a_report_that_says_nothing():
    text = reworded("Left effusion.", Edits(silent=("Effusion",)), 1)
    assert text.strip()
    assert not mentioned(text)


def test_edits_survive_a_table():
    edits = Edits(silent=("Lung Opacity", "Edema"), hedged=("Nodule",), shuffled=1, added=2)
    assert Edits.from_text(edits.to_text()) == edits
    assert Edits.from_text("") == Edits()
    assert Edits().to_text() == ""


@pytest.mark.parametrize("text", ["unknown=1", "shuffled"])
def test_what_is_no_edit_is_refused(text):
    with pytest.raises(ValueError, match="expected name=value"):
        Edits.from_text(text)
