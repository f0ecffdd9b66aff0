"""What a film says of its patient reaches nothing that the command line prints or writes, nor a verdict on a study."""

import csv
import sys
import tempfile

import pytest
from patients import DATE, NUMBER, TEXT, UIDS, WORD, left_in, named_dicom, named_films, traces

from dashboard.cases.opening import open_study
from dashboard.cli import main
from dashboard.review.verdicts import VerdictService
from dashboard.serving.session import Session
from model.feedback import FeedbackStore
from model.studies.opening import open_studies


@pytest.fixture
def betalens(tmp_path, monkeypatch, capfd):
    """Run a command, with a folder of its own for what is temporary; return what it and what it started said."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))

    def run(*arguments) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["betalens", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as stopped:
            code = stopped.code or 0
        return code, *capfd.readouterr()

    return run


@pytest.fixture
def films(tmp_path):
    """The films on the disk, under names that name the patient too."""
    folder = tmp_path / "from-the-archive"
    folder.mkdir()
    for name, data in named_films().items():
        (folder / name).write_bytes(data)
    return folder


def test_the_film_says_whose_it_is_in_every_place_that_is_looked_for():
    assert len(TEXT) + len(UIDS) > 30
    data = named_dicom().decode("latin-1")
    assert data.count(WORD) >= len(TEXT) + 3
    assert data.count(NUMBER) >= len(UIDS)
    assert DATE in data
    assert all(traces(film) for name, film in named_films().items() if "cut" not in name)


def test_the_command_line_explains_it_and_says_nothing_of_it(betalens, films, tmp_path):
    whole, cut = f"{WORD}_Jane_{NUMBER}.dcm", f"{WORD}_Jane_{NUMBER}.cut.dcm"
    code, out, err = betalens("explain", "--image", films / whole, "--report", "Clear.", "--out", tmp_path / "why")
    assert code == 0, err
    assert traces(out, err) == []
    code, out, err = betalens("explain", "--image", films / cut, "--out", tmp_path / "nothing")
    assert code == 2
    assert "damaged or cut off" in err
    assert traces(out, err) == []
    assert left_in(tmp_path / "why", tmp_path / "temporary") == []


def test_the_command_line_names_the_patient_in_dicom_alone(betalens, films, tmp_path):
    whole = films / f"{WORD}_Jane_{NUMBER}.dcm"
    code, out, err = betalens("explain", "--image", whole, "--dicom", tmp_path / "back", "--out", tmp_path / "why")
    assert code == 0, err
    assert traces(out, err) == []
    assert left_in(tmp_path / "why", tmp_path / "temporary") == []
    assert all(WORD in path.read_bytes().decode("latin-1") for path in (tmp_path / "back").glob("*.dcm"))


def test_it_is_imported_and_judged_under_a_name_of_its_own(betalens, films, tmp_path, engine):
    for path in films.iterdir():
        if path.suffix != ".dcm" or "cut" in path.name:
            path.unlink()  # a file that is left out is named, so that it can be found
    reports = tmp_path / "reports.csv"
    with reports.open("w", newline="") as file:
        csv.writer(file).writerows(
            [("SOPInstanceUID", "report", "label"), (f"1.2.{NUMBER}.{UIDS.index('SOPInstanceUID')}", "Clear.", "")]
        )
    code, out, err = betalens(
        "import", "dicom", films, "--reports", reports, "--out", tmp_path / "studies", "--keep-all"
    )
    assert code == 0, err
    assert traces(out, err) == []
    written = tmp_path / "studies"
    assert traces(*((written / n).read_bytes() for n in ("studies.csv", "import.json", "import.txt"))) == []
    [study] = open_studies(written / "studies.csv").studies
    assert study.image == written / "images" / f"{study.study_id}.dcm"
    assert traces(*map(str, written.rglob("*"))) == []
    case = open_study(engine, open_studies(written / "studies.csv"), study.study_id)
    store = FeedbackStore(tmp_path / "verdicts")
    session = Session(beta=0.5, cases=[case], flag_id="one")
    VerdictService(engine, store).keep(session, 0.5, {"verdict": "agree", "reviewer": "R", "case": case.case_id})
    assert left_in(tmp_path / "verdicts", tmp_path / "temporary") == []
    code, out, err = betalens(
        "feedback", "export", "--feedback", tmp_path / "verdicts", "--out", tmp_path / "flags.csv"
    )
    assert code == 0, err
    assert study.study_id in (tmp_path / "flags.csv").read_text()
    assert traces(out, err, (tmp_path / "flags.csv").read_bytes()) == []
