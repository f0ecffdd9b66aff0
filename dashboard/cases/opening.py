"""A case from what names it: a reference study, or a film and a report that somebody sent."""

from dashboard.cases.case import OpenCase
from dashboard.web.metrics import ENCODE
from model.compute.threads import Wide
from model.inference.encoding import Encoded
from model.inference.engine import Engine
from model.inputs import Film, read_film, read_report, report_name
from model.studies.table import StudyTable, load_film

_encoding = Wide(2, "encoding")


def open_study(engine: Engine, table: StudyTable, study_id: str) -> OpenCase:
    """A reference study, encoded.

    Raises:
        ChoiceError: the table has no such study.
        InputError: its film or report cannot be read, or it has neither.
        OSError: its film is not there any more.
    """
    study = table.by_id(study_id)
    film, report = load_film(study), read_report(study.report)
    name = study.image.name if study.image else ""
    return OpenCase(study.study_id, film, name, report, encode(engine, film, report), study)


def open_given(engine: Engine, film: bytes | None, text: str) -> OpenCase:
    """What somebody sent, encoded.

    Args:
        film: the bytes of an image file, or None.
        text: the report, or "".

    Raises:
        InputError: the film or the text cannot be read, or there is neither.
    """
    return of_parts(engine, read_film(film) if film is not None else None, read_report(text))


def of_parts(engine: Engine, film: Film | None, report: str) -> OpenCase:
    """A film and a report that were read, encoded; see `open_given`."""
    encoded, name = encode(engine, film, report), film.name if film else ""
    return OpenCase(name or report_name(report), film, name, report, encoded, None)


@ENCODE.time()
def encode(engine: Engine, film: Film | None, report: str) -> Encoded:
    """A case through the encoders, after those of others; see `Engine.encode`."""
    return _encoding.do(engine.encode, film, report)
