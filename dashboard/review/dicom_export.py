"""The answer on the film that a reader sent, as DICOM for their archive: one ZIP file, made when they ask for it.

Who the patient is comes from the header of the reader's own file, which the session holds unread for as long as the
case is open; it goes back to the reader alone. No film of a table is exported here: its header is not the reader's.
"""

import zipfile
from io import BytesIO

from dashboard.cases.case import OpenCase
from dashboard.serving.explanations import INSTANT_METHODS
from dashboard.serving.served import ServedModel
from dashboard.serving.session import Session
from dashboard.ui.version import app_version
from explain import interpolate
from explain.export.case import ReaderVerdict, exported_case
from model.errors import ChoiceError
from model.inputs import Film, SealedHeader


def offers_dicom(case: OpenCase) -> bool:
    """Whether the case has a film that a reader sent as a DICOM file."""
    return case.study is None and case.film is not None and case.film.header is not None


def dicom_zip(served: ServedModel, session: Session, case: OpenCase | None, beta: float) -> bytes:
    """The objects of the case that is open at β, with the reader's last verdict on it, if they gave one.

    Args:
        served: the model that the case is shown under.
        case: that is open; None where none is.

    Raises:
        ChoiceError: there is no such case, it was changed, or the model's answer is kept back from the reader.
        ImageError: the header lacks what a result needs to join the film's study.
        BusyError: too many wait for explanations.
        Cancelled: the reader has asked for something else meanwhile.
    """
    # What writes DICOM takes seconds to load, which nobody who opens the page is to wait for.
    from explain.export.dicom import dicom_files

    case, film, header = _exportable(session, case)
    engine, finding, request_id = served.engine, session.finding, session.request_id
    # No words of the report are exported: what explains it is what costs nothing.
    methods = INSTANT_METHODS._replace(image=session.image_method)
    verdict = _verdict(session, case, engine.digest)
    found = served.explanations.compute_queued(
        case, finding, methods, lambda: session.awaits(request_id), session.reader
    )
    beta = engine.clamp_beta(case.encoded, beta)
    cam = interpolate(found.image_map.cam, beta)
    exported = exported_case(engine, film, case.encoded, found, cam, beta, app_version(), verdict=verdict)
    with zipfile.ZipFile(packed := BytesIO(), "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in dicom_files(exported, header).items():
            archive.writestr(name, content)
    return packed.getvalue()


def _exportable(session: Session, case: OpenCase | None) -> tuple[OpenCase, Film, SealedHeader]:
    if case is None or not offers_dicom(case) or case.film is None or case.film.header is None:
        raise ChoiceError("Only a film that you sent as a DICOM file is exported as DICOM: send one, then export it.")
    if session.blinded:
        raise ChoiceError("The model's answer is hidden until you have given yours: answer, then export it.")
    if case.changes:
        raise ChoiceError("Results leave for real cases: undo the changes first.")
    return case, case.film, case.film.header


def _verdict(session: Session, case: OpenCase, digest: str) -> ReaderVerdict | None:
    """The last one that this page saved of the case under this model."""
    for flag in reversed(session.saved):
        if (flag.image_sha256, flag.report) == case.key and flag.model_digest == digest:
            has = flag.corrected_labels if flag.verdict == "disagree" else ()
            said = flag.verdict
            assert said == "agree" or said == "disagree" or said == "unsure"  # what a page saves; an undo is no verdict
            return ReaderVerdict(flag.reviewer, said, has, flag.blind, flag.comment, flag.time_utc)
    return None
