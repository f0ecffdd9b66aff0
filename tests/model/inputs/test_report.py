"""A report is shown and encoded as it was written, less what nobody sees."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.errors import ReportError
from model.inputs import read_report


def test_a_plain_report_stays_as_it_is():
    text = "FINDINGS:  No effusion.\n\tHeart size normal — 肺野清晰.\n"
    assert read_report(text) == text
    assert read_report("") == ""
    assert read_report(" \n\t\u200b") == ""


def test_what_is_not_seen_is_removed_and_line_ends_are_one():
    assert read_report("a\r\nb\rc\fd\u2028e") == "a\nb\nc\nd\ne"
    assert read_report("pneumo\u00adthorax\x00\u202e\u2066\u200b\ufeff \ud800left\U000e0041") == "pneumothorax left"
    assert read_report("e\u0301") == "é"
    assert read_report("e\u200b\u0301") == "é"


@given(st.text(st.characters(), max_size=200))
def test_reading_a_report_twice_changes_nothing_more(text):
    once = read_report(text)
    assert read_report(once) == once
    assert unicodedata.is_normalized("NFC", once)
    once.encode("utf-8")
    assert not re.search("[\0\r\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]", once)


def test_a_report_that_is_too_long_or_no_text_is_refused():
    assert read_report("lung " * 2000)
    with pytest.raises(ReportError, match=r"10,000 words.*2,000 words"):
        read_report("lung " * 10_000)
    with pytest.raises(ReportError, match="20,000 characters"):
        read_report("肺" * 20_001)
    for value in (None, b"text", ["text"]):
        with pytest.raises(ReportError, match="not as text"):
            read_report(value)
