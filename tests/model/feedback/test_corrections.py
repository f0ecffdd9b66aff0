"""Several reviewers, one label: by a rule that can be stated."""

import io

import numpy as np
import pandas as pd
import pytest

from model.config import MULTI_LABEL, SINGLE_LABEL
from model.feedback import UNDO, Flag
from model.feedback.corrections import (
    Untaught,
    corrected_labels,
    corrections,
    fine_tuning_set,
    in_words,
    unknown_findings,
    untaught,
)
from model.studies.table import Study, StudyTable

FINDINGS = ("Edema", "Effusion", "Nodule")
SHOWN = {"Edema": 0.1, "Effusion": 0.9, "Nodule": 0.5}


def flag(reviewer: str, verdict: str, *labels: str, study: str = "s", **more) -> Flag:
    flag.count += 1
    fields = {"flag_id": f"f{flag.count}", "time_utc": f"2026-01-01T00:00:{flag.count % 60:02}Z"}
    fields |= {"report": "Clear.", "model_digest": "m", "beta": 0.5, "probabilities": SHOWN, "corrected_labels": labels}
    return Flag.new(reviewer=reviewer, verdict=verdict, study_id=study, **fields | more)


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


@pytest.mark.parametrize("kind", [MULTI_LABEL, SINGLE_LABEL])
def test_the_majority_is_that_of_votes_counted_by_hand(kind):
    rng = np.random.default_rng(0)
    for _ in range(60):
        flags, latest = [], {}
        for _ in range(rng.integers(1, 9)):
            reviewer = "abcd"[rng.integers(4)]
            if rng.random() < 0.2:
                flags.append(flag(reviewer, "unsure"))
                latest[reviewer] = None
                continue
            labels = rng.permutation(FINDINGS)[: 1 if kind == SINGLE_LABEL else rng.integers(4)].tolist()
            flags.append(flag(reviewer, "disagree", *labels))
            latest[reviewer] = set(labels)
        votes = [labels for labels in latest.values() if labels is not None]
        yes = {f: sum(f in labels for labels in votes) for f in FINDINGS}
        expected = {f: n > len(votes) - n for f, n in yes.items() if votes and n != len(votes) - n}
        if kind == SINGLE_LABEL and sum(expected.values()) != 1:
            expected = {}
        found = corrections(flags, FINDINGS, kind)["s"]
        assert found.labels == expected
        assert set(found.tied) == {f for f, n in yes.items() if votes and n == len(votes) - n}
        assert found.reviewers == len(votes)


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


def test_a_finding_is_where_reviewers_say_unless_most_say_that_it_is_absent():
    here, there, gone = ("Edema", 0.1, 0.1, 0.2, 0.2), ("Edema", 0.5, 0.5, 0.1, 0.1), ("Nodule", 0, 0, 0.1, 0.1)
    unknown = ("Scoliosis", 0, 0, 1, 1)
    flags = [
        flag("a", "disagree", "Edema", finding_boxes=[here, gone]),
        flag("b", "disagree", "Edema", finding_boxes=[here, there]),
        flag("c", "unsure", finding_boxes=[unknown]),
    ]
    assert corrections(flags, FINDINGS, MULTI_LABEL)["s"].finding_boxes == (here, there, unknown)
    assert unknown_findings(flags, FINDINGS) == ("Scoliosis",)


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


def test_what_taught_nothing_is_named_with_its_reason():
    def study(study_id: str, split: str, discordant: bool = False) -> Study:
        return Study(study_id, None, "Clear.", frozenset(), study_id, split, discordant)

    names = ("007", "b", "c", "d", "e", "f", "t")
    splits = ("train", "val", "train", "train", "train", "train", "test")
    studies = [study(n, split, n == "c") for n, split in zip(names, splits, strict=True)]
    table = StudyTable("t", studies, [], "")
    flags = [flag("a", "disagree", "Edema", study=name) for name in ("7", "b", "c", "d", "gone", "t")]
    flags += [flag("a", "unsure", study="e"), flag("a", "disagree", *FINDINGS, study="f")]
    flags += [flag("b", "disagree", study="f"), flag("a", "disagree", "Scoliosis", study="d")]
    found = corrections(flags, FINDINGS, MULTI_LABEL)
    taught = {name: found[name] for name in "def"}
    nothing = untaught(found, taught, table)
    assert [tuple(n) for n in nothing] == [
        ("7", "absent", "007"),
        ("b", "val", ""),
        ("c", "discordant", ""),
        ("gone", "absent", ""),
        ("t", "test", ""),
        ("e", "undecided", ""),
        ("f", "undecided", ""),
    ]
    assert unknown_findings(flags, FINDINGS) == ("Scoliosis",)
    assert in_words(nothing, ("Scoliosis",)) == [
        "2 are not in the table: '7' (perhaps '007'), 'gone'",
        "1 lies in split val: 'b'",
        "1 states different truths in image and report: 'c'",
        "1 lies in split test: 't'",
        "2 are such on which reviewers are unsure or split: 'e', 'f'",
        "the model does not know what verdicts call 'Scoliosis'",
    ]
    assert in_words([Untaught(f"s{i}", "val") for i in range(7)], ()) == [
        "7 lie in split val: 's0', 's1', 's2', 's3', 's4' and 2 more"
    ]
