"""What encoding the bytes of a text are in, and what is no text."""

import io
import zipfile

import numpy as np
import pytest

from model.errors import ReportError
from model.inputs.text import decode_text

GERMAN = "Pleuraerguß links, Größe unverändert – Übergang zur Atelektase.\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_a_text_is_read_in_the_encoding_that_it_is_in(encoding):
    text, called = decode_text(GERMAN.encode(encoding))
    assert text == GERMAN
    assert (
        called
        == {"cp": "Windows-1252", "utf-8": "UTF-8", "utf-16": "UTF-16"}[
            "cp" if encoding == "cp1252" else "-".join(encoding.split("-")[:2])
        ]
    )


@pytest.mark.parametrize("text", ["", "胸片未见异常。", "انصباب جنبي", "x"])
def test_any_language_is_read_in_utf_8(text):
    assert decode_text(text.encode()) == (text, "UTF-8")


def a_docx() -> bytes:
    with zipfile.ZipFile(packed := io.BytesIO(), "w") as file:
        file.writestr("word/document.xml", "<w:t>Clear.</w:t>")
    return packed.getvalue()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (a_docx(), "zip archive, as Word"),
        (b"%PDF-1.4\n", "a PDF"),
        (rb"{\rtf1\ansi Clear.}", "RTF"),
        (bytes(1000), "control characters"),
        (np.random.default_rng(0).bytes(3000), "no text"),
        ("胸片未见异常，心影不大。".encode("gb18030"), "not in UTF-8"),
        ("Плеврит слева".encode("koi8-r"), "not in UTF-8"),
    ],
)
def test_what_is_no_text_or_in_another_encoding_is_refused_by_its_name(data, says):
    with pytest.raises(ReportError, match=says):
        decode_text(data)
