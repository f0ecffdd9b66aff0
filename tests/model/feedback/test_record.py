"""The one model of a flag: what its columns are, and what it says of a value that it does not take."""

import pytest
from pydantic import ValidationError
from writing import FLAG

from model.errors import FeedbackError
from model.feedback import Flag
from model.feedback.record import ADDED, COLUMNS, TEXT, Judgement

MARKS = (
    "a wrong region is top, left, height and width in fractions of the film, a finding's box its name and the same, "
    "wrong words are the start and end of a span of the report's characters."
)
NEEDS = "it needs a verdict and a beta, and no field but those that `betalens feedback list --json` prints."
UNDO = "verdict 'undo' goes with the id of the flag that it undoes."
NUMBERS = "β and the probabilities must be numbers."
NOTHING = ("", {}, (), "neither", False, 0.0, None)
BOUNDS = "β must lie in 0 to 1 and every probability be finite."


def test_the_columns_are_the_fields_of_the_model_and_what_is_added_comes_before_the_last():
    assert {*COLUMNS} == {*Flag.model_fields, "schema"}
    assert len(set(COLUMNS)) == len(COLUMNS)
    assert (COLUMNS[0], COLUMNS[-1]) == ("flag_id", "undoes")
    assert not [name for name in ADDED if Flag.model_fields[name].is_required()]  # an older file lacks it
    assert set(TEXT) == {name for name, value in FLAG if isinstance(value, str)}
    assert Judgement.model_fields.keys() < Flag.model_fields.keys()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"flag_id": "her name"}, "its id must be 1 to 64 letters, digits, '-' or '_'."),
        ({"flag_id": "a\n"}, "its id must be 1 to 64 letters, digits, '-' or '_'."),
        ({"comment": None}, "its comment must be text."),
        ({"study_id": 7}, "its study_id must be text."),
        ({"verdict": "yes"}, "its verdict must be one of agree, disagree, unsure, undo, purged."),
        ({"verdict": None}, "its verdict must be one of agree, disagree, unsure, undo, purged."),
        ({"wrong_evidence": "film"}, "its wrong evidence must be one of image, text, both, neither."),
        ({"beta": "much"}, NUMBERS),
        ({"beta": None}, NUMBERS),
        ({"beta": -0.1}, BOUNDS),
        ({"beta": float("nan")}, BOUNDS),
        ({"probabilities": [0.5]}, NUMBERS),
        ({"probabilities": {"her name": "x"}}, NUMBERS),
        ({"probabilities": {"her name": float("inf")}}, BOUNDS),
        ({"corrected_labels": "Effusion"}, "the corrected labels must be a list of names, not one text."),
        ({"blind": 1}, "blind must be true or false."),
        ({"wrong_regions": ((0.5, 0, 0.6, 1),)}, MARKS),
        ({"wrong_words": ((1, True, 3),)}, MARKS),
        ({"wrong_words": ((5, 5),)}, MARKS),
        ({"finding_boxes": ((0.5, 0, 0.5, 1),)}, MARKS),
        ({"finding_boxes": (("", 0.5, 0, 0.5, 1),)}, MARKS),
        ({"finding_boxes": (("Effusion", 0.5, 0, 0.6, 1),)}, MARKS),
        ({"in_distribution": {"image": "near"}}, "its p-values must be numbers by modality."),
        ({"undoes": "f1"}, UNDO),
        ({"verdict": "undo"}, UNDO),
        ({"her name": ""}, NEEDS),
    ],
)
def test_what_it_does_not_take_is_said_in_one_sentence_that_quotes_nothing(wrong, said):
    with pytest.raises(FeedbackError) as caught:
        FLAG.changed(**wrong)
    assert str(caught.value) == f"The flag was not saved: {said}"
    assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_what_is_missing_is_said():
    with pytest.raises(FeedbackError, match="it needs a verdict and a beta"):
        Flag.new(verdict="agree")
    with pytest.raises(FeedbackError, match="its verdict must be one of"):
        Flag.new(beta=0.5)


def test_numbers_are_kept_to_six_decimals_and_beta_without_a_sign_that_a_spreadsheet_runs():
    flag = FLAG.changed(beta=-0.0, probabilities={"Effusion": 0.12345678}, wrong_regions=[[0, 0, 1 / 3, "0.5"]])
    assert str(flag.beta) == "0.0"
    assert flag.probabilities == {"Effusion": 0.123457}
    assert flag.wrong_regions == ((0.0, 0.0, 0.333333, 0.5),)


def test_an_undo_names_the_case_and_nothing_that_was_said_and_a_tombstone_nothing_at_all():
    undo = FLAG.undo("u1", "2026-02-01T00:00:00Z")
    kept = ("reviewer", "study_id", "image_sha256", "image_name", "model_digest", "beta", "app_version")
    assert [getattr(undo, name) for name in kept] == [getattr(FLAG, name) for name in kept]
    said = {name: value for name, value in undo if name not in kept and value not in NOTHING}
    assert said == {"flag_id": "u1", "time_utc": "2026-02-01T00:00:00Z", "verdict": "undo", "undoes": FLAG.flag_id}
    left = {name: value for name, value in FLAG.tombstone() if value not in NOTHING}
    assert left == {"flag_id": FLAG.flag_id, "time_utc": FLAG.time_utc, "verdict": "purged"}


def test_a_flag_cannot_be_changed_in_place():
    with pytest.raises(ValidationError, match="frozen"):
        FLAG.comment = "another"


def test_flags_that_are_equal_have_one_hash():
    again = FLAG.changed()
    assert again == FLAG
    assert len({FLAG, again, FLAG.changed(flag_id="another")}) == 2
