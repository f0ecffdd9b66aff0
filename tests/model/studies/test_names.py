"""Names as people write them, and words that say that nothing is known."""

import unicodedata
from collections import Counter

import pytest
from pandas._libs.parsers import STR_NA_VALUES

from model.studies.names import Patients, Spellings, is_missing, key, nearest, stated, tidy

ODEM = unicodedata.normalize("NFD", "Ödem")


def test_what_pandas_reads_as_missing_is_missing():
    assert [word for word in STR_NA_VALUES if not is_missing(word)] == []


@pytest.mark.parametrize("word", ["-", "–", " None ", "n/a", "NULL", "\t"])
def test_other_ways_to_say_nothing_are_missing_too(word):
    assert stated(word) == ""


@pytest.mark.parametrize("word", ["No finding", "0", "- Clear lungs.", "Nan", "Not seen", "X"])
def test_what_says_something_is_kept(word):
    assert is_missing(word) == (word == "Nan")


@pytest.mark.parametrize(
    "name", ["Lung Opacity", "lung opacity", "LUNG_OPACITY", " Lung\u00a0Opacity", "Lung-Opacity", "Lung\u200b Opacity"]
)
def test_names_that_are_meant_to_be_the_same_have_one_key(name):
    assert key(name) == "lung opacity"


@pytest.mark.parametrize("other", ["HIV-", "HIV+", "HIV 1", "HI V"])
def test_names_that_differ_in_what_is_seen_do_not(other):
    assert key(other) != key("HIV")


def test_the_nearest_name_is_found_as_it_is_spelt():
    assert nearest("Pneumothorx", ["Pneumonia", "Pneumothorax"]) == "Pneumothorax"
    assert nearest("Scoliosis", ["Pneumonia", "Pneumothorax"]) is None


def test_the_commonest_spelling_stands_for_all():
    found = Spellings(Counter({"Ödem": 3, ODEM: 5, "effusion": 1, "Effusion": 4, "Effusion ": 2, "Nodule": 1}))
    assert [found.of(n) for n in (ODEM, "effusion", "Nodule")] == ["Ödem", "Effusion", "Nodule"]
    assert found.joined() == {"Effusion": ["effusion"]}
    assert tidy(ODEM) == "Ödem"


def test_a_patient_is_one_however_the_id_is_written():
    patients = Patients()
    cells = ["p00", "p00 ", "P00", "nan", "NA", "", "p01"]
    found = [patients.of(cell, f"s{i}") for i, cell in enumerate(cells)]
    assert found == ["p00", "p00", "p00", "s3", "s4", "s5", "p01"]
    said = " ".join(patients.notes())
    assert "'p00 ' as 'p00'" in said
    assert "2 rows name no patient" in said
