"""The stories of the demo: each rule on studies made by hand, and that those which are committed still hold."""

import numpy as np
import pytest

from explain.cohort.stories import CURVE_BETAS, RULES, SURE, Told, choose, place_beta, tell
from model.inference.embeddings import load_reference
from model.inference.engine import Engine
from model.studies.opening import open_studies
from model.studies.stories import NEAR

FINDINGS = ("Effusion", "Lung Nodule")


def made(report: float, film: float, **known) -> Told:
    """One study whose first finding goes in a line from what the report alone says to what the film alone does; its
    second finding is denied for sure at every β, and is right."""
    line = report + CURVE_BETAS * (film - report)
    p = np.stack([line, np.full(101, 0.01)], -1)[None].astype(np.float32)
    crosses = (report > 0.5) != (film > 0.5)
    flip = (0.5 - report) / (film - report) if crosses else np.nan
    none = np.zeros((1, 2), bool)
    facts = {"labels": none, "stated": none, "denied": none, "foreign": none[:, :1], "findings": FINDINGS, "beta": 0.5}
    return Told(p=p, flip=np.array([[flip, np.nan]]), ids=("a",), patients=("p",), **(facts | known))


YES = np.array([[True, False]])
FOREIGN = np.array([[True]])
NODULE = ("Nodule / Mass", "Effusion")
TELLING = {
    "report_saw": made(0.99, 0.01, labels=YES, stated=YES),
    "film_saw": made(0.01, 0.99, labels=YES),
    "negation": made(0.8, 0.01, denied=YES),
    "other_patient": made(0.99, 0.01, stated=YES, foreign=FOREIGN),
    "nodule": made(0.99, 0.3, labels=YES, findings=NODULE),
    "confidently_wrong": made(0.97, 0.95),
}
SILENT = {
    "report_saw": [
        made(0.99, 0.01, labels=YES, stated=YES, foreign=FOREIGN),
        made(0.99, 0.01, stated=YES),
        made(0.6, 0.01, labels=YES, stated=YES),
        made(0.99, 0.6, labels=YES, stated=YES),
    ],
    "film_saw": [
        made(0.01, 0.99, labels=YES, stated=YES),
        made(0.01, 0.99, labels=YES, denied=YES),
        made(0.01, 0.99),
        made(0.99, 0.01, labels=YES),
    ],
    "negation": [made(0.8, 0.01), made(0.8, 0.01, denied=YES, labels=YES), made(0.1, 0.01, denied=YES)],
    "other_patient": [made(0.99, 0.01, stated=YES), made(0.99, 0.01, foreign=FOREIGN)],
    "nodule": [made(0.99, 0.3, labels=YES), made(0.99, 0.3, findings=NODULE), made(0.01, 0.95, labels=YES)],
    "confidently_wrong": [made(0.97, 0.5), made(0.97, 0.95, labels=YES), made(0.97, 0.95, foreign=FOREIGN)],
}


@pytest.mark.parametrize("kind", RULES)
def test_a_study_that_fits_tells_the_story_and_one_that_lacks_a_part_does_not(kind):
    assert RULES[kind](TELLING[kind]).fits.tolist() == [[True, False]]
    for other in SILENT[kind]:
        assert not RULES[kind](other).fits.any()


def test_of_studies_that_fit_the_one_that_flips_beside_the_models_own_beta_tells_it():
    told = [made(0.98, film, labels=YES, stated=YES) for film in (0.01, 0.09)]
    assert [round(float(one.flip[0, 0]), 2) for one in told] == [0.49, 0.54]  # on it a decision is none
    both = Told(
        *(np.concatenate(pair) for pair in zip(*(one[:6] for one in told), strict=True)),
        FINDINGS, 0.5, ("on", "beside"), ("p", "q"),
    )  # fmt: skip
    assert [story.study for story in choose(both)] == ["beside"]
    assert [s.study for s in choose(both._replace(patients=("p", "p")))] == ["beside"]  # a patient tells one story


def test_where_no_study_fits_a_kind_there_is_no_story_of_it():
    assert choose(made(0.2, 0.2)) == ()
    assert [(s.kind, s.flip) for s in choose(TELLING["confidently_wrong"])] == [("confidently_wrong", None)]


def test_a_story_opens_beside_its_flip_and_at_the_models_own_beta_where_that_is_near():
    assert place_beta(np.nan, 0.5) == 0.5
    assert place_beta(0.58, 0.5) == 0.5
    assert place_beta(0.8, 0.5) == 0.75
    assert place_beta(0.2, 0.5) == 0.25


@pytest.fixture(scope="module")
def committed():
    engine, table = Engine.load(device="cpu"), open_studies(None)
    return engine, table, tell(engine, table, load_reference(engine, table))


def test_the_committed_stories_are_of_this_checkpoint_and_each_rule_holds_for_its_own(committed):
    engine, table, told = committed
    assert table.stories.checkpoint == engine.digest, "run: python -m explain.cohort.stories"
    assert table.stories.stories == choose(told), "run: python -m explain.cohort.stories"
    assert {s.kind for s in table.stories.stories} == set(RULES)
    for story in table.stories.stories:
        place = told.ids.index(story.study), told.findings.index(story.finding)
        assert RULES[story.kind](told).fits[place]


def test_the_committed_stories_open_on_one_that_flips_near_its_beta(committed):
    engine, table, told = committed
    opening = table.stories.opening(engine.digest)
    p = told.p[told.ids.index(opening.study), :, told.findings.index(opening.finding)]
    near = p[np.abs(CURVE_BETAS - opening.beta) <= NEAR]
    assert near.min() < 0.5 < near.max()
    assert max(p[0], p[-1]) > SURE
    assert table.stories.opening("another model") is None
