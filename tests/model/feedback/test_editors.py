"""A flags.csv that came back from an editor: every verdict is read, or the file is set aside; nothing is cut."""

import csv
import io
import logging
import os
from pathlib import Path

import pytest
from helpers import random_film
from sending import png
from writing import FLAG, a_flag

from model.feedback import FeedbackStore, Flag
from model.feedback.cells import COLUMNS, HEADER
from model.studies.opening import open_studies
from model.studies.table import load_film

FLAGS = [
    FLAG.changed(report="Links kein Pleuraerguß,\n\"stabil\"; Herz groß.", flag_id="f1"),
    FLAG.changed(flag_id="f2", blind=False, beta=1.0, report="", study_id="007", wrong_words=()),
    FLAG.changed(flag_id="f3", verdict="agree", corrected_labels=(), comment="=SUM(A1);\n+1", reviewer=""),
    FLAG.tombstone().changed(flag_id="f4", verdict="undo", undoes="f3"),
]  # fmt: skip


def table_of(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def saved(rows, separator=",", end="\r\n", quoting=csv.QUOTE_MINIMAL, encoding="utf-8-sig", inside="\n") -> bytes:
    """A table as a spreadsheet or an editor saves it."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=separator, lineterminator=end, quoting=quoting)
    writer.writerows([cell.replace("\n", inside) for cell in row] for row in rows)
    return out.getvalue().encode(encoding)


def spoken(rows, yes="TRUE", no="FALSE", decimal="."):
    """As a spreadsheet shows true, false and numbers."""
    shown = {"true": yes, "false": no}
    at = [rows[0].index(name) for name in ("blind", "beta")]
    return [
        [(shown.get(c, c).replace(".", decimal) if i in at else c) for i, c in enumerate(row)] if n else row
        for n, row in enumerate(rows)
    ]


MANGLED = {
    "LF": lambda d: d.replace(b"\r\n", b"\n"),
    "LF in the body alone": lambda d: HEADER + d[len(HEADER) :].replace(b"\r\n", b"\n"),
    "LF in the last row alone": lambda d: d[:-2] + b"\n",
    "CR LF within cells too": lambda d: d.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"),
    "CR": lambda d: saved(table_of(d), end="\r", inside="\r"),
    "Excel, CSV UTF-8": lambda d: saved(spoken(table_of(d))),
    "Excel, German": lambda d: saved(spoken(table_of(d), "WAHR", "FALSCH", ","), ";"),
    "Excel, French": lambda d: saved(spoken(table_of(d), "VRAI", "FAUX", ","), ";"),
    "Excel, Unicode text": lambda d: saved(spoken(table_of(d)), "\t", encoding="utf-16"),
    "separator named": lambda d: b"\xef\xbb\xbfsep=;\r\n" + saved(table_of(d), ";", encoding="utf-8"),
    "tabs": lambda d: saved(table_of(d), "\t", "\n", encoding="utf-8"),
    "LibreOffice, all quoted": lambda d: saved(table_of(d), end="\n", quoting=csv.QUOTE_ALL, encoding="utf-8"),
    "all quoted": lambda d: saved(table_of(d), quoting=csv.QUOTE_ALL),
    "header quoted": lambda d: d.replace(",".join(COLUMNS).encode(), ",".join(f'"{c}"' for c in COLUMNS).encode()),
    "header in capitals": lambda d: d.replace(HEADER, HEADER.replace(b"flag_id", b"Flag_ID ")),
    "no byte-order mark": lambda d: d.removeprefix(b"\xef\xbb\xbf"),
    "no last line end": lambda d: d[:-2],
    "half a last line end": lambda d: d[:-1],
    "LF and no last line end": lambda d: d.replace(b"\r\n", b"\n")[:-1],
    "blank rows": lambda d: d.replace(b"\r\nf3", b"\r\n\r\n" + b"," * 19 + b"\r\nf3") + b"\r\n",
    "blank last line": lambda d: d + b"\n",
    "columns in another order": lambda d: saved([row[::-1] for row in table_of(d)]),
    "no empty cells at the end": lambda d: saved(
        [row[:-1] if not row[-1] else row for row in table_of(d)], end="\n"
    ),
}  # fmt: skip


def store_of(folder: Path, flags: list[Flag]) -> FeedbackStore:
    store = FeedbackStore(folder)
    for flag in flags:
        store.append(flag)
    return store


@pytest.mark.parametrize("how", MANGLED)
def test_a_file_that_came_back_from_an_editor_is_read_and_goes_on(tmp_path, how):
    store = store_of(tmp_path, FLAGS)
    ours = store.path.read_bytes()
    store.path.write_bytes(mangled := MANGLED[how](ours))
    assert mangled != ours or how == "CR LF within cells too"
    os.utime(store.path, ns=(1, 1))
    for each in (store, FeedbackStore(tmp_path)):  # whether it had seen the file or not
        assert each.read() == (tuple(FLAGS), ())
    assert store.path.read_bytes() == mangled  # reading changes nothing
    store.append(later := a_flag())
    for each in (store, FeedbackStore(tmp_path)):
        assert each.read() == ((*FLAGS, later), ())
    assert store.path.read_bytes().startswith(HEADER)
    assert [path.name for path in tmp_path.iterdir()] == ["flags.csv"]
    assert store.append(FLAGS[0]) == "f1"  # its id is known again
    assert store.take_out("007").rows == 1


def test_rows_added_and_changed_by_hand_are_verdicts(tmp_path):
    store = store_of(tmp_path, FLAGS)
    rows = table_of(store.path.read_bytes())
    added = [*rows[1]]
    added[0], added[rows[0].index("comment")] = "mine", "added by hand"
    again = [*rows[1]]
    again[rows[0].index("comment")] = "the same id"
    store.path.write_bytes(saved([*rows, added, again], end="\n"))
    store.append(a_flag())
    found = store.rows()
    assert found[4] == FLAGS[0].changed(flag_id="mine", comment="added by hand")
    assert found[5] == FLAGS[0].changed(comment="the same id")
    assert len(found) == 7


@pytest.mark.parametrize(
    "foreign",
    [
        b"", b"study,label\n1,2\n", b"\x00\x01\x02" * 500, b"PK\x03\x04 a spreadsheet", b"flag_id\r\nf1\r\n", b"hello",
        HEADER[:-10] + b"\r\nf1,2,3\r\n", HEADER + b"\r\n".join([b"a,b", b'"c\n', b"d\n"]), b"\xff\xfe\x00",
        b"{" * 100_000, b'"' * 9,
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_set_aside_whole_and_a_new_one_begun(tmp_path, foreign, caplog):
    store = store_of(tmp_path, FLAGS[:1])
    store.path.write_bytes(foreign)
    if foreign:
        (trouble,) = store.read().troubles
        assert trouble.file == "flags.csv"
    assert store.rows() == []
    with caplog.at_level(logging.WARNING):
        store.append(FLAG)
    assert store.rows() == [FLAG]
    aside = [path.read_bytes() for path in tmp_path.glob("flags.*.csv")]
    kept = foreign in aside or foreign in store.path.read_bytes()
    assert kept
    if foreign:
        assert store.read().troubles
        assert "flags.csv" in caplog.text
    assert "hello" not in caplog.text


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"verdict": "perhaps"}, "Row 3"), ({"probabilities": "[" * 100_000}, "Row 3"), ({"schema": "9"}, "Row 3"),
        ({"flag_id": "1,2E+31"}, "Row 3"), ({"beta": "much"}, "Row 3"), ({"schema": ""}, "Row 3"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_one_bad_row_is_named_and_kept_and_hides_no_other(tmp_path, cells, said, end):
    store = store_of(tmp_path, FLAGS)
    rows = table_of(store.path.read_bytes())
    ((name, cell),) = cells.items()
    rows[2][rows[0].index(name)] = cell
    store.path.write_bytes(saved(rows, end=end))
    for _ in range(2):
        (trouble,) = store.read().troubles
        assert str(trouble).startswith(f"{said} of flags.csv")
        assert [flag.flag_id for flag in store.rows()][:3] == ["f1", "f3", "f4"]
        store.append(a_flag(study_id="later"))
    assert store.take_out("later").rows == 2
    assert cell.encode() in store.path.read_bytes() or f'"{cell}"'.encode() in store.path.read_bytes()


@pytest.mark.parametrize("row", [b"garbage", b'f9,2,"torn', b'"x', b"\xff\xfe,\xff", b"a\nb", b",,x,,"])
def test_a_bad_row_in_a_file_of_ours_is_kept_byte_for_byte(tmp_path, row):
    store = store_of(tmp_path, FLAGS)
    first, rest = store.path.read_bytes().split(b"\r\nf3", 1)
    store.path.write_bytes(first + b"\r\n" + row + b"\r\nf3" + rest)
    assert store.rows() == FLAGS
    assert len(store.read().troubles) == 1
    store.append(FLAG)
    assert store.rows() == [*FLAGS, FLAG]
    assert row in store.path.read_bytes().replace(b'"""', b'"')
    assert store.take_out("007").rows == 1


def test_signs_that_an_encoding_lacks_are_not_passed_over_in_silence(tmp_path, caplog):
    store = store_of(tmp_path, FLAGS[:1])
    rows = table_of(store.path.read_bytes())
    store.path.write_bytes(there := saved(rows, ";", encoding="cp1252"))
    assert store.rows() == FLAGS[:1]
    with caplog.at_level(logging.WARNING):
        store.append(FLAG)
    assert store.rows() == [FLAGS[0], FLAG]
    assert [path.read_bytes() for path in tmp_path.glob("flags.*.set-aside.csv")] == [there]
    assert "Windows-1252" in caplog.text
    (trouble,) = store.read().troubles
    assert "set-aside" in trouble.file


def test_chinese_of_a_local_code_page_is_read_as_chinese(tmp_path):
    flag = FLAG.changed(report="左侧胸腔积液。", comment="", reviewer="王医生")
    store = store_of(tmp_path, [flag])
    store.path.write_bytes(saved(table_of(store.path.read_bytes()), encoding="gb18030"))
    assert store.rows() == [flag]


def test_cells_that_are_none_of_ours_and_rounded_ids_keep_the_file(tmp_path):
    store = store_of(tmp_path, FLAGS)
    rows = table_of(store.path.read_bytes())
    noted = [[*rows[0], "note"], [*rows[1], "look again"], *([*row, ""] for row in rows[2:])]
    store.path.write_bytes(there := saved(noted))
    assert store.rows() == FLAGS
    store.append(FLAG)
    assert [path.read_bytes() for path in tmp_path.glob("flags.*.set-aside.csv")] == [there]
    rows[1][rows[0].index("study_id")] = "2.02612E+11"
    store.path.write_bytes(saved(rows, ";"))
    store.append(a_flag())
    assert len(list(tmp_path.glob("flags.*.set-aside.csv"))) == 2


STUDIES = {
    "00123": "Clear lungs.", "0450": "Clear lungs.", "202612000001": "An effusion.", "202612000002": "A nodule.",
    "1-2": "Cardiomegaly.", "3-4": "Clear lungs.", "7": "", "s1": "A mass.",
}  # fmt: skip


@pytest.fixture
def table(tmp_path):
    """Studies whose ids a spreadsheet takes for numbers and dates; "3-4" and "7" have a film."""
    folder = tmp_path / "studies"
    folder.mkdir()
    for seed, name in enumerate(("3-4.png", "7.png")):
        (folder / name).write_bytes(png(random_film(seed)))
    rows = [[name, f"{name}.png" if name in ("3-4", "7") else "", text, ""] for name, text in STUDIES.items()]
    (folder / "studies.csv").write_bytes(saved([["study_id", "image", "report", "label"], *rows]))
    return open_studies(folder / "studies.csv")


def on(study_id: str, **changes) -> Flag:
    return a_flag(study_id=study_id, report=STUDIES.get(study_id, ""), image_sha256="", wrong_words=(), **changes)


SHOWN = {
    "00123": "123", "0450": "450", "202612000001": "2.02612000001E+11", "202612000002": "2,02612E+11", "1-2": "02-Jan",
}  # fmt: skip


@pytest.mark.parametrize("separator", [",", ";"])  # with a comma it is as we write it, but for the ids
def test_ids_that_a_spreadsheet_took_for_numbers_and_dates_are_told_by_the_table(tmp_path, table, separator, caplog):
    flags = [on(name) for name in (*SHOWN, "s1", "00123", "not in the table")]
    folder = tmp_path / "flags"
    FeedbackStore(folder).append(flags[0])
    for flag in flags[1:]:
        FeedbackStore(folder).append(flag)
    path = folder / "flags.csv"
    rows = table_of(path.read_bytes())
    at = rows[0].index("study_id")
    for row in rows[1:]:
        row[at] = SHOWN.get(row[at], row[at])
    path.write_bytes(there := saved(rows, separator))

    assert [flag.study_id for flag in FeedbackStore(folder).rows()][:2] == ["123", "450"]  # nothing is known of studies
    store = FeedbackStore(folder, table=table)
    assert store.read() == (tuple(flags), ())
    assert path.read_bytes() == there
    with caplog.at_level(logging.WARNING):
        store.append(later := on("s1"))
    assert "told by the table of studies in rows 2, 3, 4, 5, 6 and 1 more" in caplog.text
    assert [aside.read_bytes() for aside in folder.glob("flags.*.set-aside.csv")] == [there]
    for each in (store, FeedbackStore(folder, table=table), FeedbackStore(folder)):
        assert each.rows() == [*flags, later]
        (trouble,) = each.troubles
        assert trouble.kind == "set_aside"
    assert store.append(flags[0]) == flags[0].flag_id
    store.append(on("s1"))
    assert len(list(folder.glob("flags.*.set-aside.csv"))) == 1
    assert store.take_out("00123").rows == 2


def test_a_retry_of_a_verdict_whose_study_was_renamed_is_the_same_verdict(tmp_path, table):
    flag = on("00123")
    FeedbackStore(tmp_path, "a").append(flag.changed(study_id="123"))
    assert FeedbackStore(tmp_path, "b", table).append(flag) == flag.flag_id
    assert FeedbackStore(tmp_path, table=table).rows() == [flag]


def test_of_several_studies_with_one_report_the_film_tells(tmp_path, table):
    film = load_film(table.by_id("3-4")).sha256
    FeedbackStore(tmp_path).append(on("3-4").changed(study_id="04-Mar", image_sha256=film))
    FeedbackStore(tmp_path).append(on("7").changed(study_id="7.0", image_sha256=load_film(table.by_id("7")).sha256))
    assert [flag.study_id for flag in FeedbackStore(tmp_path, table=table).rows()] == ["3-4", "7"]


def test_ids_that_nothing_tells_are_named_and_stay(tmp_path, table):
    """Of another report, of two studies alike, of a number that is rounded too far."""
    doubtful = [
        on("00123").changed(study_id="123", report="Other words."),
        on("202612000001").changed(study_id="2E+11", report="Clear lungs."),
        on("s1").changed(study_id="9.99E+20"),
    ]
    sure = [on("s1"), on("s1").changed(study_id="of another table"), on("s1").changed(study_id="77")]
    for flag in (*sure, *doubtful):
        FeedbackStore(tmp_path).append(flag)
    there = (tmp_path / "flags.csv").read_bytes()
    store = FeedbackStore(tmp_path, table=table)
    (trouble,) = store.read().troubles
    assert str(trouble).startswith("Rows 5, 6, 7 of flags.csv")
    assert "123" not in str(trouble).replace("00123 to 123", "")
    assert trouble.hides
    store.append(on("s1"))
    assert store.rows()[:6] == [*sure, *doubtful]
    assert (tmp_path / "flags.csv").read_bytes().startswith(there)


def test_an_undo_that_a_crash_tore_within_the_id_that_it_names_takes_nothing_back(tmp_path):
    short, long = FLAG.changed(flag_id="a-1"), FLAG.changed(flag_id="a-12")
    undo = FLAGS[3].changed(undoes="a-12")
    store = store_of(tmp_path, [short, long, undo])
    whole = store.path.read_bytes()
    store.path.write_bytes(whole[:-3])  # "… a-1"
    assert store.rows() == [short, long]
    store.append(FLAG)
    assert store.rows() == [short, long, FLAG]
    store.path.write_bytes(whole[:-2])
    assert store.rows() == [short, long, undo]
