"""Text as a cell of a CSV that no spreadsheet runs, whichever sign it takes for the separator; and the text again.

A cell that begins like a formula, after blanks and quotes or without them, gets an apostrophe in front, and so does one
that begins with an apostrophe: reading takes exactly one off. Where a program takes another sign than the comma for the
separator, our quotes hold nothing together, and a cell begins anew within the text: a sign that would make a formula
there is written as \\uXXXX, as are the characters that CSV or UTF-8 cannot carry. The backslash that marks them is
doubled.
"""

import re

SIGNS = "=+\\-@＝＋－＠﹦﹢﹣﹫"
BLANKS = '[\\s"\u200b\ufeff]*'
BEGINS = re.compile(f"[\\t\\n]|{BLANKS}['{SIGNS}]")
BEGINS_WITHIN = re.compile(f"([,;|\\t\\n]{BLANKS})([{SIGNS}])")
UNSAFE = re.compile("[\\\\\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
ESCAPED = re.compile(r"\\(\\|u[0-9a-f]{4})")


def escape(text: str) -> str:
    """A cell that any spreadsheet shows as text."""
    text = BEGINS_WITHIN.sub(lambda m: m[1] + _coded(m[2]), plain(text))
    return "'" + text if BEGINS.match(text) else text


def unescape(cell: str) -> str:
    """The text that `escape` was given."""
    return typed(cell.removeprefix("'"))


def plain(text: str) -> str:
    """Text that UTF-8 can carry, without controls."""
    return UNSAFE.sub(lambda m: "\\\\" if m[0] == "\\" else _coded(m[0]), text)


def typed(text: str) -> str:
    """The text that `plain` was given."""
    return ESCAPED.sub(lambda m: "\\" if m[1] == "\\" else chr(int(m[1][1:], 16)), text)


def _coded(character: str) -> str:
    return f"\\u{ord(character):04x}"
