"""Which findings the cells of a column of labels name."""

import pytest

from model.studies.labels import Labels


def findings(cells: list[str]) -> list[tuple[str, ...] | None]:
    labels = Labels(cells)
    return [None if (read := labels.of(cell)).why else read.findings for cell in cells]


@pytest.mark.parametrize("cell", ["A|B", "A | B", "A;B", "['A', 'B']", '["A", "B"]', "[A, B]", "('A', 'B')", "A, B"])
def test_however_findings_are_joined_they_are_several(cell):
    assert findings([cell, "A", "B"]) == [("A", "B"), ("A",), ("B",)]


def test_a_comma_is_part_of_a_name_where_its_parts_are_none():
    cells = ["Fracture, healed", "Edema"]
    assert findings(cells) == [("Fracture, healed",), ("Edema",)]
    assert "is read as one finding" in " ".join(Labels(cells).notes)


def test_where_a_comma_may_be_either_the_row_says_so():
    labels = Labels(["Effusion, loculated", "Effusion"])
    assert "join them by |" in labels.of("Effusion, loculated").why
    assert labels.of("Effusion").findings == ("Effusion",)


@pytest.mark.parametrize("cell", ["nan", "NA", "N/A", "None", "null", "-", "nan|NaN"])
def test_missing_words_are_no_findings(cell):
    assert findings([cell, "A|B"]) == [None, ("A", "B")]


def test_a_missing_word_beside_a_finding_says_nothing():
    assert findings(["A|nan", "B|C"]) == [("A",), ("B", "C")]


def test_spellings_of_a_finding_are_one_and_said():
    labels = Labels(["Effusion", "Effusion", "effusion", "EFFUSION", "Lung_Opacity", "Lung Opacity", "Lung Opacity"])
    assert {labels.of(c).findings for c in ("effusion", "EFFUSION", "Lung_Opacity")} == {
        ("Effusion",),
        ("Lung Opacity",),
    }
    assert "'EFFUSION', 'effusion' is read as the finding 'Effusion'" in labels.notes


def test_an_empty_cell_is_no_finding_unless_all_others_name_one():
    assert findings(["", "A", "B", "A|B"])[0] == ()
    assert findings(["", *"ABABAB"])[0] is None
    assert findings(["|", *"ABABAB"])[0] == ()


def test_what_is_written_right_is_read_without_a_word():
    assert Labels(["A|B", "", "A", "B|C"]).notes == []
