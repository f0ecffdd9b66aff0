"""The queue for reviewers: each signal against numbers made by hand, and their fusion."""

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from explain.cohort.worklist import Signal, discordant, error_prone, far, fuse, uncertain, worklist
from model.inference.embeddings import Reference
from model.studies.table import Study, StudyTable

FINDINGS = ("Cardiomegaly", "Effusion")


def signal(*strength: float) -> Signal:
    n = len(strength)
    return Signal(np.array(strength, float), np.full(n, -1), np.array(strength, float)[:, None])


def test_the_least_certain_finding_makes_a_study_uncertain():
    found = uncertain(np.array([[0.99, 0.5], [0.1, 0.99]]), single=False)
    assert found.strength[0] == pytest.approx(1)
    assert found.strength[1] == pytest.approx(-0.1 * np.log2(0.1) - 0.9 * np.log2(0.9))
    assert found.finding.tolist() == [1, 0]
    assert found.values.tolist() == [[0.5], [0.1]]


def test_where_one_finding_is_chosen_the_whole_decision_counts():
    found = uncertain(np.array([[0.5, 0.25, 0.25], [1.0, 0.0, 0.0]]), single=True)
    assert found.strength.tolist() == pytest.approx([1.5, 0])


def test_discordance_names_the_finding_and_both_opinions():
    found = discordant(np.array([0.8, np.nan]), np.array([[0.9, 0.2], [0.5, 0.5]]), np.array([[0.8, 0.95], [0.5, 0.5]]))
    assert found.finding[0] == 1
    assert found.values[0].tolist() == [0.2, 0.95]


def test_far_is_relative_to_the_median_study():
    assert far(np.array([[1.0, 1.0], [1.0, 3.0], [6.0, 2.0]])).strength.tolist() == [0.5, 1, 2]


def test_error_prone_counts_misjudged_neighbours_on_one_finding():
    wrong = np.array([[True, False], [True, True], [False, False]])
    found = error_prone(np.array([[1, 2], [0, 2], [0, 1]]), wrong)
    assert found.strength.tolist() == [0.5, 0.5, 1]
    assert found.finding[2] == 0
    assert found.values[2].tolist() == [2, 2]


def test_first_in_any_ranking_is_near_the_top_and_says_why():
    ids = tuple(f"s{i}" for i in range(40))
    strong = np.linspace(0.1, 0.5, 40)
    first, second = strong.copy(), strong[::-1].copy()
    found = fuse(ids, FINDINGS, {"uncertain": signal(*first), "far": signal(*second)})
    assert {c.study_id for c in found[:2]} == {"s39", "s0"}
    assert {c.study_id: [r.kind for r in c.reasons] for c in found}["s39"] == ["uncertain"]
    assert len(found) == 4  # the first 5 % of each ranking


def test_what_is_unknown_or_nothing_is_no_reason():
    found = fuse(("a", "b"), FINDINGS, {"discordant": signal(np.nan, 0.9), "error_prone": signal(0, 0)})
    assert [(c.study_id, [r.kind for r in c.reasons]) for c in found] == [("b", ["discordant"])]


def test_a_table_is_ranked_by_its_own_model(engine):
    rng, n, width = np.random.default_rng(0), 30, engine.network.image_reference.shape[-1]
    study = [Study(f"s{i}", None, "r", frozenset(), f"p{i}", "test") for i in range(n)]
    has = np.ones((n, 2), np.float32)
    has[3] = [1, 0]
    image, report = (rng.normal(size=(n, width)).astype(np.float32) for _ in range(2))
    image[7] += 40  # far from all
    reference = Reference(tuple(s.study_id for s in study), image, report, has)
    found = worklist(engine, StudyTable("t", study, [], ""), reference, 1.0)
    assert [c.score for c in found] == sorted((c.score for c in found), reverse=True)
    reasons = {c.study_id: {r.kind: r for r in c.reasons} for c in found}
    assert "discordant" not in reasons.get("s3", {})
    distances = NearestNeighbors(n_neighbors=11).fit(image).kneighbors(image)[0][:, 1:].mean(1)
    assert reasons["s7"]["far"].values[0] == pytest.approx(distances[7] / np.median(distances), rel=1e-4)
