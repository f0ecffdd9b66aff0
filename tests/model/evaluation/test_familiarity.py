"""A model says that it cannot tell of a case that is unlike what it has learnt from: its own test studies pass, films
and texts from elsewhere do not, and p-values are what they say."""

import numpy as np
import pytest
from conftest import SHARED
from learnt import cross_validated, held_out, random_table
from unlike import TEXTS, pictures

from model.errors import CheckpointError
from model.evaluation.familiarity import MeasuredFamiliarity
from model.inference.encoding import Case
from model.inference.engine import Engine
from model.inference.familiarity import (
    FILE,
    LEVEL,
    Known,
    KnownStudies,
    familiarity,
    fewest_held_out,
    level,
    p_values,
    pack,
    read_known,
)
from model.inputs import Film, read_film
from model.network import checkpoint
from model.studies.opening import open_studies
from model.studies.table import Study, film_if_readable


@pytest.fixture(scope="module")
def demo() -> Engine:
    return Engine.load(None, "cpu")


@pytest.fixture(scope="module")
def test_studies() -> tuple[Study, ...]:
    """Every sixteenth of the demo's test split."""
    return open_studies(None).of_split("test")[::16]


def unlike(engine: Engine, film: Film | None, report: str = "") -> list[str]:
    """The modalities of a case that are unlike what the model has learnt from."""
    (encoded,) = engine.encode_cases([Case.of(film, report, engine.config)])
    return [reason.modality for reason in engine.familiarity(encoded).cannot_tell]


def cases(engine: Engine, studies: tuple[Study, ...]) -> list:
    return engine.encode_cases([Case.of(film_if_readable(s), s.report, engine.config) for s in studies])


def test_p_values_are_those_of_the_formula(demo, test_studies):
    for encoded in cases(demo, test_studies[:4]):
        found = demo.familiarity(encoded)
        for modality, vector in (("image", encoded.texture), ("report", encoded.pooled.report)):
            known, x = demo.known.modalities[modality], vector[0].numpy().astype(float)
            apart = x / np.sqrt((x**2).sum()) - known.mean
            distance = apart @ known.precision @ apart
            p = (1 + sum(d >= distance for d in known.held_out)) / (len(known.held_out) + 1)
            assert found.in_distribution[modality] == pytest.approx(p, abs=1e-12)


def test_the_distance_is_that_of_scikit_learn_between_vectors_of_unit_length():
    from sklearn.covariance import LedoitWolf

    rng = np.random.default_rng(0)
    learnt, some = rng.normal(1, 1, (60, 8)), rng.normal(1, 1, (5, 8)).astype(np.float32)
    unit = [v / np.linalg.norm(v, axis=1, keepdims=True) for v in (learnt, some.astype(float))]
    np.testing.assert_allclose(Known.of(learnt).distances(some), LedoitWolf().fit(unit[0]).mahalanobis(unit[1]))
    assert Known.of(learnt[:1]) is None
    assert np.isfinite(Known.of(learnt).distances(np.zeros((1, 8), np.float32))).all()  # a film of nothing


@pytest.mark.parametrize("alpha", [0.025, 0.05, 0.2])
def test_of_studies_like_the_others_so_many_have_a_p_value_below_the_level(alpha):
    rng, rounds, n = np.random.default_rng(1), 2000, 199
    below = [p_values(np.sort(rng.gamma(2, size=n)), rng.gamma(2, size=1))[0] <= alpha for _ in range(rounds)]
    # Exactly ⌊α (n + 1)⌋ / (n + 1) is expected.
    assert np.mean(below) == pytest.approx(np.floor(alpha * (n + 1)) / (n + 1), abs=4 * np.sqrt(alpha / rounds))


def test_the_level_is_reached_from_so_many_held_out_studies_on():
    for modalities in (1, 2):
        n, far = fewest_held_out(modalities), np.array([2.0])
        assert p_values(np.ones(n), far)[0] < level(modalities) <= p_values(np.ones(n - 1), far)[0]


def test_of_its_own_test_studies_the_demo_can_tell(demo, test_studies):
    stopped = [bool(demo.familiarity(encoded).cannot_tell) for encoded in cases(demo, test_studies)]
    assert np.mean(stopped) <= 2 * LEVEL


def test_pictures_that_are_no_film_are_unlike(demo):
    assert all(unlike(demo, read_film(data, alone=False)) == ["image"] for data in pictures())


@pytest.mark.skipif(not SHARED.exists(), reason="needs the real films beside the checkout")
def test_real_films_are_unlike_those_that_the_demo_learnt_from(demo):
    studies = open_studies(SHARED / "covid-cxr" / "studies.csv").studies[::12]
    files = [s.image for s in studies] + sorted((SHARED / "cxr-samples").glob("*.[dp]*"))
    stopped = [unlike(demo, read_film(path.read_bytes(), alone=False)) == ["image"] for path in files]
    assert np.mean(stopped) >= 0.95


@pytest.mark.parametrize("name", TEXTS)
def test_texts_that_are_no_such_report_are_unlike(demo, name):
    assert unlike(demo, None, TEXTS[name]) == ["report"]


def test_each_modality_is_judged_by_itself_and_an_absent_one_is_not_asked_about(demo, test_studies):
    study = test_studies[0]
    film = film_if_readable(study)
    assert unlike(demo, film, study.report) == []
    assert unlike(demo, film, TEXTS["shopping list"]) == ["report"]
    for kept, encoded in (("report", demo.encode(None, study.report)), ("image", demo.encode(film, ""))):
        found = demo.familiarity(encoded)
        assert [m for m, p in found.in_distribution.items() if p is not None] == [kept]
        assert not found.unasked


def test_the_sentence_says_of_how_many_it_is_further(demo):
    found = demo.familiarity(demo.encode(None, TEXTS["code"]))
    (reason,) = found.cannot_tell
    assert str(reason) == (
        f"the report is unlike the reports this model learnt from (further than {reason.nearer} of {reason.of})"
    )
    assert found.in_distribution["report"] == pytest.approx((1 + reason.of - reason.nearer) / (reason.of + 1))


def test_with_too_few_held_out_studies_it_says_that_it_cannot_be_told(demo):
    encoded = demo.encode(None, TEXTS["code"])
    known = demo.known.modalities["report"]
    few = KnownStudies({"report": known._replace(held_out=known.held_out[:19])}, frontal=True)
    found = familiarity(few, encoded)
    assert not found.cannot_tell
    (unasked,) = found.unasked
    assert str(unasked) == (
        "Whether the report is like the reports this model learnt from cannot be told: it takes 20 held-out studies, "
        "and 19 were measured."
    )
    assert found.in_distribution["report"] == pytest.approx(1 / 20)
    (none,) = familiarity(KnownStudies({}, frontal=True), encoded).unasked
    assert (none.kind, none.held_out) == ("too_few", 0)


def test_a_checkpoint_without_the_file_loads_and_says_that_it_was_not_measured(engine, tmp_path):
    checkpoint.save(engine.network, tmp_path / "model")
    loaded = Engine.load(tmp_path / "model", "cpu")
    found = loaded.familiarity(loaded.encode(None, "No effusion."))
    assert found.in_distribution == {"image": None, "report": None}
    assert not found.cannot_tell
    (unasked,) = found.unasked
    assert str(unasked).endswith("was not measured for this model.")


def test_what_is_kept_is_what_is_read_and_a_torn_file_is_named(tmp_path):
    rng = np.random.default_rng(0)
    known = Known.of(rng.normal(size=(30, 5)))._replace(held_out=np.array([1.0, 2.0]))
    (tmp_path / FILE).write_bytes(pack(KnownStudies({"report": known}, frontal=True)))
    read_all = read_known(tmp_path)
    assert read_all.frontal
    read = read_all.modalities["report"]
    for name in Known._fields:
        np.testing.assert_allclose(getattr(read, name), getattr(known, name), rtol=1e-6)
    (tmp_path / FILE).write_bytes(b"torn")
    with pytest.raises(CheckpointError, match="does not say what the model's studies are like"):
        read_known(tmp_path)


def test_a_study_is_measured_by_what_other_patients_are_like():
    studies = tuple(Study(str(i), None, "x", frozenset(), f"p{i // 2}", "test") for i in range(200))
    rng = np.random.default_rng(0)
    distances = {"image": rng.gamma(2, size=200), "report": np.full(200, np.nan)}
    measured = MeasuredFamiliarity(KnownStudies({}, frontal=True), distances, by_folds=False)
    assert measured.stopped(studies).mean() == pytest.approx(LEVEL, abs=0.03)
    distances["image"][:2] = 1e6  # of one patient, who does not excuse themself
    assert measured.stopped(studies)[:2].all()


def test_without_folds_the_others_are_held_out_and_with_folds_all_are(tmp_path):
    table = open_studies(random_table(tmp_path / "table", 0))
    for made, splits in ((held_out, ("val", "test")), (cross_validated, ("all",))):
        model = Engine.load(made(table, tmp_path / made.__name__), "cpu")
        count = sum(len(table.of_split(split)) for split in splits)
        measured = {m: len(known.held_out) for m, known in model.known.modalities.items()}
        assert measured == {"image": count, "report": count}
        card = (tmp_path / made.__name__ / "MODEL_CARD.md").read_text()
        assert f"against {count} films and {count} reports of studies that it has not learnt from" in card
