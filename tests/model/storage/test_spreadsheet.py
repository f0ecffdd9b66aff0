"""No cell of ours is a formula, whichever sign a spreadsheet takes for the separator; and every text reads back."""

import csv
import io

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from model.storage.spreadsheet import escape, unescape

# By hand: what Excel, LibreOffice and Google's sheets evaluate, blanks and quotes before it or not.
STARTS = tuple("=+-@＝＋－＠﹦﹢﹣﹫")
ATTACKS = [
    "=1+1", "a;=1+1", "a\n=1+1", "a\t=1+1", "a|=1+1", "a, =1+1", '";"=1+1', 'a";=1', "\n=1", "\t=1", "  =1+1",
    "\u3000＝1", '"=1', "a;＝1", "x;;;@SUM(A1)", "a;\n\t =1", "'=1", "a;'=1", "- one\n- two", "\\u003d", "a;\\u003d",
    "a\\;=1", "\r=1", "a\r\n=1", ";=;=", "=", "+", "a;\u00a0-1", "\ufeff=1", "a\x0b=1",
    "=cmd|' /C calc'!A0", '=HYPERLINK("http://x")',
]  # fmt: skip


def cells_seen(text: str, separator: str) -> list[str]:
    """The cells that a program sees which takes another sign for the separator, quotes read as RFC 4180 has it."""
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    return [cell for row in rows for cell in row]


def runs(cell: str) -> bool:
    return cell.lstrip(' "\t\u00a0\u3000\ufeff\u200b').startswith(STARTS)


pieces = st.lists(st.sampled_from([*STARTS, *";,|\t\n\r '\"\\", "a", "1", "u003d", "\u00a0", "肺"]), max_size=12)


@settings(max_examples=400, deadline=None)
@given(texts=st.lists(pieces.map("".join), min_size=1, max_size=3))
@example(texts=ATTACKS)
def test_no_cell_runs_by_any_separator_and_each_text_reads_back(texts):
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerow(["x", *map(escape, texts), "x"])
    for separator in ",;\t|":
        assert not [cell for cell in cells_seen(out.getvalue(), separator) if runs(cell)]
    (row,) = csv.reader(io.StringIO(out.getvalue(), newline=""))
    assert [unescape(cell) for cell in row[1:-1]] == texts


@pytest.mark.parametrize("text", ["Heart enlarged; no effusion.", "A – B, “C”", "12.5 mm (was 10-12)", 'He said "no"'])
def test_a_text_without_formulas_stays_as_it_is(text):
    assert escape(text) == text


@settings(max_examples=300, deadline=None)
@given(text=st.text(st.characters(), max_size=60))
def test_any_text_reads_back(text):
    assert unescape(escape(text)) == text
