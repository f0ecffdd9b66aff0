"""Several reviewers, one label: by a rule that can be stated."""

import io

import pandas as pd
import pytest

from model.config import MULTI_LABEL, SINGLE_LABEL
from model.corrections import corrected_labels, corrections, fine_tuning_set
from model.data import Study, StudyTable
from model.feedback import UNDO, Flag

FINDINGS = ("Edema", "Effusion", "Nodule")
SHOWN = {"Edema": 0.1, "Effusion": 0.9, "Nodule": 0.5}


def flag(reviewer: str, verdict: str, *labels: str, study: str = "s", **more) -> Flag:
    flag.count += 1
    fields = {"image_sha256": "", "image_name": "", "report": "Clear.", "model_digest": "m", "beta": 0.5}
    fields |= {"probabilities": SHOWN, "corrected_labels": labels} | more
    return Flag(f"f{flag.count}", f"2026-01-01T00:00:{flag.count % 60:02}Z", reviewer, study, verdict=verdict, **fields)


flag.count = 0


def labels_of(*flags: Flag, kind: str = MULTI_LABEL) -> dict[str, bool]:
    return corrections(flags, FINDINGS, kind)["s"].labels


def test_disagreeing_votes_for_the_corrected_labels_and_agreeing_for_what_was_shown():
    assert labels_of(flag("a", "disagree", "Edema")) == {"Edema": True, "Effusion": False, "Nodule": False}
    assert labels_of(flag("a", "agree")) == {"Edema": False, "Effusion": True, "Nodule": True}


def test_the_majority_decides_each_finding_and_a_tie_changes_nothing():
    two = flag("a", "disagree", "Edema", "Effusion"), flag("b", "disagree", "Effusion")
    assert labels_of(*two) == {"Effusion": True, "Nodule": False}
    assert corrections(two, FINDINGS, MULTI_LABEL)["s"].tied == ("Edema",)
    assert labels_of(*two, flag("c", "disagree", "Nodule", "Edema")) == {
        "Edema": True,
        "Effusion": True,
        "Nodule": False,
    }


def test_of_a_reviewer_the_latest_verdict_counts_and_being_unsure_is_no_vote():
    first = flag("a", "disagree", "Edema")
    assert labels_of(first, flag("a", "disagree"))["Edema"] is False
    assert labels_of(first, flag("b", "unsure", "Nodule"))["Nodule"] is False
    assert labels_of(first, flag("a", "unsure")) == {}


def test_a_verdict_that_was_taken_back_does_not_count():
    first, second = flag("a", "disagree", "Edema"), flag("a", "disagree", "Nodule")
    undo = flag("a", UNDO, undoes=second.flag_id)
    assert labels_of(first, second, undo) == {"Edema": True, "Effusion": False, "Nodule": False}


def test_findings_that_were_not_shown_and_studies_that_have_no_id_get_no_vote():
    assert labels_of(flag("a", "disagree", "Nodule", probabilities={"Nodule": 0.2})) == {"Nodule": True}
    assert corrections([flag("a", "disagree", study="")], FINDINGS, MULTI_LABEL) == {}


def test_where_one_finding_is_chosen_one_label_wins():
    two = flag("a", "disagree", "Edema"), flag("b", "disagree", "Nodule")
    assert labels_of(*two, kind=SINGLE_LABEL) == {}
    assert labels_of(*two, flag("c", "agree"), kind=SINGLE_LABEL) == {}
    won = labels_of(*two, flag("c", "disagree", "Edema"), kind=SINGLE_LABEL)
    assert won == {"Edema": True, "Effusion": False, "Nodule": False}
    assert labels_of(flag("a", "disagree", "Edema", "Nodule"), kind=SINGLE_LABEL) == {}


def test_marks_are_those_of_all_latest_verdicts_and_words_those_of_the_newest_report():
    box, other = (0.1, 0.1, 0.2, 0.2), (0.5, 0.5, 0.1, 0.1)
    found = corrections(
        [
            flag("a", "disagree", wrong_regions=[box], wrong_words=[(0, 5)], report="An older text."),
            flag("b", "unsure", wrong_regions=[box, other], wrong_words=[(2, 4)]),
        ],
        FINDINGS,
        MULTI_LABEL,
    )["s"]
    assert found.wrong_regions == (box, other)
    assert found.wrong_words == ((2, 4),)


def test_the_fine_tuning_set_opens_in_pandas():
    study = Study("=s", None, "Clear.", frozenset({"Effusion", "Device"}), "p", "train")
    table = StudyTable("t", [study], [], "digest")
    flags = [flag("a", "disagree", "Edema", study="=s"), flag("a", "agree", study="gone")]
    found = corrections(flags, FINDINGS, MULTI_LABEL)
    rows = pd.read_csv(io.StringIO(fine_tuning_set(table, found)))
    assert rows.to_dict("records") == [
        {
            "study_id": "'=s",
            "split": "train",
            "label": "Device|Edema",
            "label_before": "Device|Effusion",
            "reviewers": 1,
            "tied": pytest.approx(float("nan"), nan_ok=True),
        }
    ]
    assert corrected_labels(study.labels, found["=s"]) == {"Device", "Edema"}
