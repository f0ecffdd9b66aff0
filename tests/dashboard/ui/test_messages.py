"""What the server tells the page is what tests/js/message_types.py says; the page's scripts are checked against it."""

import json
import threading
from types import SimpleNamespace
from typing import Any

import pytest
from js import message_types as m
from js.messages import OUT, typescript
from pydantic import ConfigDict, TypeAdapter
from typing_extensions import is_typeddict

from dashboard.atlas.service import AtlasService, Key, choices
from dashboard.beta_lab.service import BetaLabService
from dashboard.feedback.log import FeedbackLog, Filters
from dashboard.page.header import facts
from dashboard.review.case_picker import Question, Reader, offered_cases
from dashboard.review.explanation_tests import ExplanationTests
from dashboard.review.film_tiles import film_tiles
from dashboard.review.neighbours import NeighboursService
from dashboard.review.service import CaseService
from dashboard.review.steps import Refused, Waiting
from dashboard.review.tab import _methods
from dashboard.review.verdict_form import VerdictForm
from dashboard.review.verdicts import VerdictService
from dashboard.serving.background_job import BackgroundJob, JobProgress
from dashboard.serving.model_registry import ModelRegistry
from dashboard.serving.reference_cache import ReferenceCache
from dashboard.serving.served import ServedModel
from dashboard.trust.service import films_of_tests
from dashboard.ui.payload import numbered
from dashboard.ui.widgets.troubles import status_of
from dashboard.workflows.finetune import ComparisonRow, FinetuneResult, Gate
from explain.trust.evaluate import TRUST_FILE
from model.feedback import FeedbackStore
from model.feedback.corrections import Untaught
from model.storage.paths import DEMO_CHECKPOINT
from model.studies.opening import open_studies

for message in vars(m).values():
    if is_typeddict(message):
        message.__pydantic_config__ = ConfigDict(extra="forbid")


def holds(kind: Any, value: Any) -> None:
    """The value, as the page gets it, has the fields of that kind and no other, and they are of its types."""
    TypeAdapter(kind).validate_json(value if isinstance(value, str) else json.dumps(value), strict=True)


@pytest.fixture(scope="module")
def reports(engine, tmp_path_factory) -> ReferenceCache:
    """Of reports alone, enough for a map."""
    folder = tmp_path_factory.mktemp("reports")
    rows = [f"s{i},,An effusion of {i} mm.,Effusion,test" for i in range(12)]
    rows += [f"s{i},,The lungs are clear {i}.,,test" for i in range(12, 24)]
    (folder / "studies.csv").write_text("study_id,image,report,label,split\n" + "\n".join(rows))
    return ReferenceCache(engine, open_studies(folder / "studies.csv"))


def test_the_types_of_the_page_are_those_of_the_server():
    assert OUT.read_text("utf-8") == typescript(), "run: python tests/js/messages.py"


def test_a_field_that_is_missing_or_new_is_found():
    holds(m.Waiting, {"ticket": 1, "ahead": 2})
    for wrong in ({"ticket": 1}, {"ticket": 1, "ahead": 2, "behind": 3}, {"ticket": "1", "ahead": 2}):
        with pytest.raises(ValueError, match="validation error"):
            holds(m.Waiting, wrong)


@pytest.mark.parametrize("study", ["one", "film-only", "report-only"])
def test_the_stage(reviewer, session, study):
    for step in reviewer.open_study(session, study, 0.5):
        holds(m.Stage, step.stage)
    holds(m.Settled, reviewer.predict_at(session, 0.3))
    film = session.opened.film
    holds(m.FilmTiles, numbered(film_tiles(session, [f"{film.name}:1/0/0" if film else ""])))
    (step,) = reviewer.go_blind(session, True)
    holds(m.Veiled, step.stage)
    assert reviewer.predict_at(session, 0.3) is None


def test_the_stage_of_a_case_that_was_changed(reviewer, session):
    list(reviewer.open_study(session, "one", 0.5))
    *_, last = reviewer.take_report(session, "two")
    holds(m.Stage, last.stage)
    assert json.loads(last.stage)["original"]


def test_what_stands_around_the_stage(engine, table, reviewer):
    holds(m.Waiting, Waiting(3, 1).to_json())
    holds(m.Notice, Refused("error.empty").to_json())
    holds(m.Methods, _methods())
    holds(m.Facts, facts(engine))
    holds(m.CaseList, offered_cases(table))
    holds(m.CaseList, offered_cases(table, Question(finding="Effusion"), Reader("reader", True)))
    cache = ReferenceCache(engine, table)
    asked = Question(order="likely"), Reader(judged={"one": "agree"}), cache.probabilities
    holds(m.CaseList, offered_cases(table, *asked))
    holds(m.CaseList, offered_cases(table, Question(queue="evaluation"), candidates=cache.worklist))


def test_the_tests_of_an_explanation(engine, table, session):
    served = ServedModel(engine, table)
    list(CaseService(served).open_study(session, "one", 0.5))
    steps = list(ExplanationTests(served).examine(session, session.request_id))
    done = [step for step in steps if isinstance(step, str)]
    assert len(done) == 2
    for step in done:
        holds(m.Tests, step)
    holds(m.TestFilms, numbered(films_of_tests(session)))


def test_without_a_film_there_is_none_that_tests_change(reviewer, session):
    assert films_of_tests(session) is None
    list(reviewer.open_study(session, "report-only", 0.5))
    assert films_of_tests(session) is None


def test_the_methods_that_were_tested_over_many_cases():
    holds(m.Measured, (DEMO_CHECKPOINT / TRUST_FILE).read_text("utf-8"))


def test_neighbours(reports, reviewer, session):
    list(reviewer.open_study(session, "report-only", 0.5))
    for step in NeighboursService(ServedModel(reports.engine, reports.table)).nearest(session.opened, 0.5):
        holds(m.Neighbours, {"ticket": 1, **step})


def test_the_beta_lab(engine, table):
    lab = BetaLabService(ServedModel(engine, table))
    setup = {"splits": lab.splits()}
    *steps, last = lab.measure("test")
    for step in steps:
        holds(m.LabWait, setup | step)
    holds(m.Lab, setup | last)
    holds(m.LabScores, lab.scores("test", "Effusion"))
    holds(m.LabFilms, {"films": lab.films(["one", "report-only"])})
    holds(m.LabSaved, lab.save(0.4))


def test_the_atlas(reports, tmp_path):
    maps, key = AtlasService(reports, FeedbackStore(tmp_path)), Key("report", "pca")
    *steps, chart = maps.chart(key)
    for step in [{}, *steps]:
        holds(m.MapWait, choices() | step)
    holds(m.Map, choices() | chart)
    for kind in chart["columns"]:
        holds(m.MapColumn, maps.column(key, kind, "Effusion"))
    holds(m.MapTrust, maps.trust(key, 0.5) | {"standing": None})
    holds(m.MapCards, maps.cards(key, [0, 1]) | {"generation": 1})
    everywhere = [[-1e6, -1e6], [1e6, -1e6], [1e6, 1e6], [-1e6, 1e6]]
    nowhere = [[1e6, 1e6], [1e6 + 1, 1e6], [1e6, 1e6 + 1]]
    for polygon in (everywhere, nowhere):
        for step in maps.select(key, polygon, None, 0.5):
            holds(m.Selection, step)


def test_the_form_of_a_verdict(engine, table, reviewer, session, tmp_path):
    around = SimpleNamespace(engine=engine, serving=ModelRegistry(engine, table), feedback=FeedbackStore(tmp_path))
    form = VerdictForm(around)
    holds(m.Form, form.fresh(session))
    list(reviewer.open_study(session, "one", 0.5))
    value = form.fresh(session)
    holds(m.Form, value)
    assert json.loads(value)["outcome"]["fresh"]


def test_verdicts(reviewer, table, session, tmp_path):
    store = FeedbackStore(tmp_path)
    judge, log = VerdictService(reviewer.engine, store), FeedbackLog(reviewer.engine, table, store)
    holds(m.Troubles, status_of(store))
    numbered = {"number": 1}
    holds(m.Log, log.shown(Filters()) | numbered)
    for name in ("Dr A", "Dr B"):
        list(reviewer.open_study(session, "one", 0.5))
        judge.keep(session, 0.5, {"verdict": "agree", "corrected_labels": [], "reviewer": name})
    shown = log.shown(Filters())
    holds(m.Log, shown | numbered)
    holds(m.Agreement, shown["agreement"] | numbered)
    holds(m.Reviewed, log.record(shown["rows"][0]["id"]) | numbered)


def test_a_fine_tuning():
    learnt = dict.fromkeys(("studies", "labels", "labels_changed", "replay", "marked_studies", "not_learnt", "ties"), 1)
    outcome = FinetuneResult(
        version="v2",
        parent="v1",
        promoted=False,
        worse=("macro",),
        gate=Gate(12, None, True),
        complete=True,
        learnt=learnt | {"wrong_in_table": {"Edema": 0.1}, "wrong_by_reviewers": 0.05},
        rows=(ComparisonRow("macro", 0.9, None), ComparisonRow("auroc|Edema", 0.9, 0.8, -0.2, 0.0, True)),
        untaught=(Untaught("one", "test"),),
        unknown_findings=("Fracture",),
    )
    holds(m.Finetuned, outcome.to_json())


def test_a_fine_tuning_that_is_cancelled():
    go_on = threading.Event()
    job = BackgroundJob("test", lambda counted: go_on.wait(30) and list(counted("learning")([1])))
    messages = job.messages(dict)
    holds(m.Finetuning, next(messages))
    job.cancel()
    go_on.set()
    for message in messages:
        holds(m.Finetuning, message)
    holds(m.Finetuning, {"progress": JobProgress("learning", 1, 2, 0.5)._asdict()})
