"""`betalens feedback`, as a script meets it."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from writing import FLAG

from dashboard.cli import main
from model.feedback import FeedbackStore

ROOT = Path(__file__).resolve().parents[2]
LINE = {"flag_id": "a1", "verdict": "disagree", "beta": 0.25, "study_id": "s1", "report": "β\r\n=1", "blind": True}


@pytest.fixture
def feedback(tmp_path, monkeypatch, capsys):
    """Run `betalens feedback …` on the folder that BETALENS_FEEDBACK names; return exit status, output and errors."""
    monkeypatch.setenv("BETALENS_FEEDBACK", str(tmp_path / "flags"))

    def run(*arguments, lines=()):
        stdin = io.TextIOWrapper(io.BytesIO("\n".join(lines).encode()))
        monkeypatch.setattr(sys, "stdin", stdin)
        monkeypatch.setattr(sys, "argv", ["betalens", "feedback", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as stopped:
            code = stopped.code or 0
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_what_was_added_is_listed_as_it_was_typed(feedback):
    assert feedback("list", "--json") == (0, "[]\n", "")
    code, out, err = feedback("add", lines=[json.dumps(LINE), "", json.dumps({"verdict": "undo", "undoes": "a1"})])
    first, second = out.split("\n")[:2]
    assert (code, first, second[:4], err) == (0, "ack a1", "ack ", "")
    code, out, _ = feedback("list", "--json")
    flags = json.loads(out)
    assert [flag["verdict"] for flag in flags] == ["disagree", "undo"]
    assert LINE.items() <= flags[0].items()
    assert set(flags[0]) == set(FLAG.by_column())
    assert feedback("add", lines=[json.dumps(flag) for flag in flags])[0] == 0  # what is listed may be added again
    assert json.loads(feedback("list", "--json")[1]) == flags
    code, out, _ = feedback("list")
    assert "disagree  s1" in out
    assert "=1" not in out


def test_a_bad_line_is_named_and_the_others_are_saved(feedback):
    bad = ["no json", "[1]", "{}", json.dumps(LINE | {"verdict": "maybe"}), json.dumps(LINE | {"her name": ""})]
    lines = [json.dumps(LINE), *bad, json.dumps(LINE | {"flag_id": "a2"})]
    code, out, err = feedback("add", lines=lines)
    assert (code, out) == (2, "ack a1\nack a2\n")
    assert [line.split(":")[1] for line in err.splitlines()] == [f" line {n}" for n in range(2, 7)]
    assert not [word for word in ("no json", "maybe", "her name", "Traceback") if word in err]


def test_a_bad_row_is_named_on_standard_error_and_stops_no_command(feedback, tmp_path):
    feedback("add", lines=[json.dumps(LINE), json.dumps(LINE | {"flag_id": "a2", "study_id": "s2"})])
    file = tmp_path / "flags" / "flags.csv"
    file.write_bytes(file.read_bytes() + b"not a verdict\r\n")
    for command in (("list",), ("export", "--out", tmp_path / "out.csv")):
        code, _, err = feedback(*command)
        assert (code, err.startswith("betalens: Row 4 of flags.csv")) == (0, True)
        assert "not a verdict" not in err
    assert len(pd.read_csv(tmp_path / "out.csv")) == 2
    assert feedback("purge", "--study", "s1")[:2] == (0, "rows purged: 1\n")
    assert b"not a verdict" in file.read_bytes()


def test_export_is_a_table_and_purge_takes_a_study_out_of_it(feedback, tmp_path):
    feedback("add", lines=[json.dumps(LINE), json.dumps(LINE | {"flag_id": "a2", "study_id": "s2"})])
    code, _, _ = feedback("export", "--out", tmp_path / "out.csv")
    assert code == 0
    table = pd.read_csv(tmp_path / "out.csv")
    assert list(table.study_id) == ["s1", "s2"]
    assert feedback("purge", "--study", "s1")[:2] == (0, "rows purged: 1\n")
    assert feedback("purge", "--study", "s1")[:2] == (0, "rows purged: 0\n")
    assert [f["verdict"] for f in json.loads(feedback("list", "--json")[1])] == ["purged", "disagree"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("purge", "--study", ""), "needs the id of a study"),
        (("list", "--feedback", "mysql://me:hush-hush@host/x"), "a folder or at postgresql"),
        (("list", "--feedback", "postgresql+psycopg://me:hush-hush@127.0.0.1:1/x"), "cannot be used"),
        (("add", "--feedback", "postgresql://me:hush-hush@host:hush-hush/x"), "a folder or at postgresql"),
        (("add", "--replica", "a/b"), "name of a replica"),
        (("export", "--out", "/proc/none/x.csv"), "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_without_a_password(feedback, arguments, said):
    code, out, err = feedback(*arguments)
    assert (code, out) == (2, "")
    assert said in " ".join(err.replace("│", " ").split())
    assert "hush" not in err
    assert "Traceback" not in err


def test_servers_of_several_names_write_files_of_their_own(feedback, tmp_path):
    for name in ("left", "right"):
        feedback("add", "--replica", name, lines=[json.dumps(LINE | {"flag_id": name})])
    assert sorted(path.name for path in (tmp_path / "flags").iterdir()) == ["flags-left.csv", "flags-right.csv"]
    assert len(json.loads(feedback("list", "--json")[1])) == 2


def test_what_is_acknowledged_is_safe_before_the_next_line_is_read(tmp_path):
    command = [sys.executable, "-m", "dashboard.cli", "feedback", "add", "--feedback", str(tmp_path)]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        for number in range(3):
            process.stdin.write(json.dumps(FLAG.changed(flag_id=f"f{number}").by_column()) + "\n")
            process.stdin.flush()
            assert process.stdout.readline() == f"ack f{number}\n"
            assert FeedbackStore(tmp_path).rows()[-1] == FLAG.changed(flag_id=f"f{number}")
    finally:
        process.kill()
        process.communicate()
    assert len(FeedbackStore(tmp_path).rows()) == 3
