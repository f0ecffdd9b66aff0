"""What Review gives of a film that somebody sent as DICOM, to whom, and when not."""

import json
import zipfile
from io import BytesIO

import pydicom
import pytest
from archived import PATIENT, film_file
from helpers import REPORT

from dashboard.cases.case import Change
from dashboard.cases.opening import of_parts
from dashboard.review.dicom_export import dicom_zip, offers_dicom
from dashboard.review.verdicts import VerdictService
from model.errors import ChoiceError
from model.feedback import FeedbackStore
from model.inputs import read_film


@pytest.fixture
def sent(reviewer, session):
    """A session with a film that its reader sent as DICOM."""
    film = read_film(film_file(), with_header=True)
    steps = reviewer._opened(session, lambda: of_parts(reviewer.engine, film, REPORT), 0.5)
    session.stages = [json.loads(step.stage) for step in steps if hasattr(step, "stage")]
    return session


def objects(packed: bytes) -> dict[str, pydicom.Dataset]:
    with zipfile.ZipFile(BytesIO(packed)) as archive:
        return {name: pydicom.dcmread(BytesIO(archive.read(name))) for name in archive.namelist()}


def test_a_film_that_was_sent_as_dicom_goes_back_as_dicom(reviewer, sent):
    assert [stage["dicom"] for stage in sent.stages] == [True] * len(sent.stages)
    found = objects(dicom_zip(reviewer.served, sent, sent.opened, 0.5))
    assert {"report.dcm", "heat.dcm", "capture.dcm"} <= set(found)
    assert {str(one.PatientName) for one in found.values()} == {PATIENT["PatientName"]}


def test_the_readers_last_verdict_on_it_goes_with_it(reviewer, sent, tmp_path):
    assert "Person Observer Name" not in str(objects(dicom_zip(reviewer.served, sent, sent.opened, 0.5))["report.dcm"])
    judge = VerdictService(reviewer.engine, FeedbackStore(tmp_path))
    judge.keep(sent, 0.5, {"verdict": "unsure", "reviewer": "Reader^Test", "comment": "Too dark."})
    said = str(objects(dicom_zip(reviewer.served, sent, sent.opened, 0.5))["report.dcm"])
    assert all(words in said for words in ("Reader^Test", "The reader is unsure", "Too dark."))


def test_what_is_no_film_of_the_reader_is_not_exported(reviewer, session, sent):
    sent.blind, sent.revealed = True, False
    with pytest.raises(ChoiceError, match="hidden"):
        dicom_zip(reviewer.served, sent, sent.opened, 0.5)
    sent.blind = False
    list(reviewer._change(sent, sent.next_request(), sent.opened, Change("report"), report="Clear."))
    with pytest.raises(ChoiceError, match="undo"):
        dicom_zip(reviewer.served, sent, sent.opened, 0.5)
    list(reviewer.open_study(session, "one", 0.5))
    assert not offers_dicom(session.opened)
    for case in (session.opened, None):
        with pytest.raises(ChoiceError, match="as a DICOM file"):
            dicom_zip(reviewer.served, session, case, 0.5)
