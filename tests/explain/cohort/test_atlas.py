"""The atlas: the same map every time, one place for a case, and what lies in a lasso."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
from helpers import small_network
from sklearn.manifold import trustworthiness

from explain.cohort import atlas as module
from explain.cohort.atlas import Layout, fit_layout, load_layout, place, quality_at, sample
from explain.cohort.columns import LARGEST_CODE, UNKNOWN, Columns
from explain.cohort.contrast import Contrast, log_odds
from explain.cohort.neighbours import Finder
from explain.cohort.selection import inside, summarise
from explain.cohort.spaces import SPACES, Vectors
from model.errors import ChoiceError
from model.feedback import FeedbackStore
from model.inference.embeddings import PooledStudies
from model.inference.encoding import Encoded
from model.inference.engine import Engine
from model.network.network import Pooled
from model.studies.table import Study, StudyTable

N = 90


class Case(NamedTuple):
    engine: Engine
    table: StudyTable
    vectors: Vectors
    pooled: PooledStudies


@pytest.fixture(scope="module")
def case() -> Case:
    """Three groups of studies, apart by their films; three slices of β make a fit short. Two lack a modality."""
    engine = Engine(small_network(atlas_slices=3, atlas_neighbours=8), "atlas", torch.device("cpu"))
    rng = np.random.default_rng(1)
    group = np.arange(N) % 3
    image, report = (
        (rng.normal(size=(3, width))[group] * strength + rng.normal(size=(N, width)) * 0.3).astype(np.float32)
        for width, strength in ((engine.network.image_channels, 2), (engine.network.report_encoder.channels, 0.2))
    )
    has = np.ones((N, 2), np.float32)
    has[4], has[5] = (1, 0), (0, 1)
    ids = tuple(f"s{i}" for i in range(N))
    pooled = PooledStudies(ids, image, report, has, image)
    words = ("clear lungs", "large effusion on the left", "cardiac silhouette is enlarged")
    studies = [
        Study(
            ids[i],
            None,
            words[group[i]],
            frozenset(["Effusion"] if group[i] == 1 else ["Cardiomegaly"] if group[i] == 2 else []),
            ids[i],
            ("train", "val", "test")[i % 5 % 3],
            discordant=i == 7,
            source="A" if i % 2 else "",
        )
        for i in range(N)
    ]
    table = StudyTable("synthetic", studies, [], "digest")
    return Case(engine, table, Vectors(engine, pooled.embedded(engine), lambda: pooled), pooled)


@pytest.fixture(scope="module")
def layout(case: Case) -> Layout:
    return fit_layout(case.vectors, case.table)


def encoded(case: Case, row: int) -> Encoded:
    """What the engine would make of a study that is among the reference's."""
    pooled = Pooled(*(torch.from_numpy(part[row : row + 1]) for part in (case.pooled.image, case.pooled.report)))
    return Encoded(("image", "report"), None, None, None, "", None, None, pooled, 0)


# The map


def test_the_same_studies_give_the_same_map(case, layout):
    np.testing.assert_array_equal(fit_layout(case.vectors, case.table).xy, layout.xy)


def test_the_map_has_every_slice_and_keeps_groups_together(case, layout):
    assert layout.xy.shape == (3, N, 2)
    assert (layout.trust[1:] > 0.8).all()  # with the film
    group = np.arange(N) % 3
    for xy in layout.xy[1:]:
        centres = np.stack([xy[group == g].mean(0) for g in range(3)])
        nearest = np.linalg.norm(xy[:, None] - centres, axis=2).argmin(1)
        assert (nearest == group).mean() > 0.9


def test_between_slices_studies_move_along_a_line(layout):
    np.testing.assert_allclose(layout.at(0.25), (layout.xy[0] + layout.xy[1]) / 2, atol=1e-5)
    np.testing.assert_array_equal(layout.at(1.0), layout.xy[2])


def test_the_fit_tells_how_far_it_is(case):
    seen = []

    def progress(steps):
        steps = list(steps)
        for step in steps:
            seen.append((step, len(steps)))
            yield step

    fit_layout(case.vectors, case.table, progress=progress)
    assert seen == [(0.0, 4), (0.5, 4), (1.0, 4), ("together", 4)]


@pytest.mark.parametrize("beta", [0.0, 0.13, 0.25, 0.5, 0.71])
def test_trustworthiness_is_scikit_learns_at_every_beta(case, beta):
    """Of the embeddings fused at that β, by the fusion's formula, and the places at that β."""
    layout = fit_layout(case.vectors, case.table, "fused", "pca")
    quality = quality_at(layout, case.vectors, "fused", beta)
    _, image, report, has = case.vectors.reference
    weight = np.where(has.all(1), beta, has[:, 0])[:, None]
    fused = weight * image + (1 - weight) * report
    position = beta * 2
    low = min(int(position), 1)
    places = layout.xy[low] + (position - low) * (layout.xy[low + 1] - layout.xy[low])
    assert quality.trust == pytest.approx(trustworthiness(fused, places, n_neighbors=8), abs=1e-3)
    apart = np.linalg.norm(fused[:, None] - fused, axis=2)[has.any(1)]
    nearest = np.sort(apart, axis=1)[:, 1]
    np.testing.assert_allclose(quality.spacing[[0, 50, 100]], np.quantile(nearest, [0, 0.5, 1]), rtol=1e-3)
    assert quality.closer_share(float(np.median(nearest))) == pytest.approx(0.5, abs=0.02)


def test_trustworthiness_between_slices_is_not_theirs(case):
    layout = fit_layout(case.vectors, case.table, "fused", "pca")
    shuffled = layout._replace(xy=np.stack([layout.xy[0], layout.xy[0][::-1], layout.xy[0]]))
    spoilt = quality_at(shuffled, case.vectors, "fused", 0.25)
    assert spoilt.trust < quality_at(layout, case.vectors, "fused", 0.25).trust
    assert spoilt.trust < (shuffled.trust[0] + shuffled.trust[1]) / 2


@pytest.mark.parametrize("space", [s for s in SPACES if s != "fused"])
def test_the_other_spaces_do_not_move_and_hold_who_has_a_place(case, space):
    layout = fit_layout(case.vectors, case.table, space, "pca")
    assert len(layout.xy) == 1
    missing = {"image": {5}, "report": {4}, "pooled": {4, 5}}[space]
    assert set(range(N)) - set(layout.rows.tolist()) == missing


def test_principal_components_are_those_of_scikit_learn(case):
    from sklearn.decomposition import PCA

    layout = fit_layout(case.vectors, case.table, "image", "pca")
    vectors = case.vectors.of_studies("image", 0.0, layout.rows)
    np.testing.assert_allclose(np.abs(layout.xy[0]), np.abs(PCA(2).fit_transform(vectors)), atol=1e-3)


def test_a_map_is_made_once_for_its_settings(case, layout, tmp_path, monkeypatch):
    monkeypatch.setattr("model.inference.array_cache.user_cache_path", lambda name: Path(tmp_path))
    made = []
    monkeypatch.setattr(module, "fit_layout", lambda *given: made.append(given) or layout)
    for _ in range(2):
        kept = load_layout(case.vectors, case.table)
    np.testing.assert_array_equal(kept.xy, layout.xy)
    assert len(made) == 1
    other = Engine(small_network(atlas_slices=2), "atlas", torch.device("cpu"))
    load_layout(Vectors(other, case.vectors.reference, lambda: case.pooled), case.table)
    assert len(made) == 2


def test_what_cannot_be_laid_out_is_refused(case):
    with pytest.raises(ChoiceError, match="'sound' by 'umap'"):
        load_layout(case.vectors, case.table, "sound")
    few = case.vectors.reference._replace(has=np.eye(N, 2, dtype=np.float32))
    with pytest.raises(ChoiceError, match="1 studies have a place"):
        load_layout(Vectors(case.engine, few, lambda: case.pooled), case.table, "image")


def test_a_sample_has_the_shares_of_the_table(case):
    rows = sample(case.table, np.arange(N), 30)
    assert len(set(rows.tolist())) == 30
    assert (np.diff(rows) > 0).all()
    kinds = [(s.labels, s.split) for s in case.table.studies]
    for kind in set(kinds):
        share = kinds.count(kind) / N * 30
        assert abs(sum(kinds[row] == kind for row in rows) - share) <= 1


# The place of a case


def test_a_reference_study_lies_where_it_lies(case, layout):
    finder = Finder(case.vectors, layout.rows)
    for beta in (0.0, 0.3, 1.0):
        for row in (0, 44, 89):
            known = place(layout, finder, encoded(case, row), "fused", beta, row)
            np.testing.assert_array_equal(known.xy, layout.at(beta)[row])
            unknown = place(layout, finder, encoded(case, row), "fused", beta)
            np.testing.assert_allclose(unknown.xy, layout.at(beta)[row], atol=0.05)


def test_a_case_has_the_same_place_each_time_and_is_judged(case, layout):
    finder = Finder(case.vectors, layout.rows)
    first = place(layout, finder, encoded(case, 3), "fused", 0.4, 3)
    again = place(layout, Finder(case.vectors, layout.rows), encoded(case, 3), "fused", 0.4, 3)
    np.testing.assert_array_equal(first.xy, again.xy)
    vectors = case.vectors.of_studies("fused", 0.4)
    apart = np.linalg.norm(vectors - vectors[3], axis=1)
    assert first.distance == pytest.approx(np.sort(apart)[1], rel=1e-3)
    assert 0 <= quality_at(layout, case.vectors, "fused", 0.4).closer_share(first.distance) <= 1


def test_a_case_without_a_film_has_no_place_among_films(case):
    layout = fit_layout(case.vectors, case.table, "image", "pca")
    blind = encoded(case, 3)._replace(modalities=("report",))
    assert place(layout, Finder(case.vectors, layout.rows), blind, "image", 0.0) is None


@pytest.mark.parametrize("space", SPACES)
def test_neighbours_are_those_of_brute_force(case, space):
    vector = case.vectors.of_case(encoded(case, 12), space, 0.7)
    near = Finder(case.vectors).nearest(space, vector, 0.7, 5, without=12)
    rows = np.flatnonzero(case.vectors.has(space))
    apart = np.linalg.norm(case.vectors.of_studies(space, 0.7, rows) - vector, axis=1)
    apart[rows == 12] = np.inf
    np.testing.assert_array_equal(near.rows, rows[np.argsort(apart)[:5]])
    np.testing.assert_allclose(near.distances, np.sort(apart)[:5], rtol=1e-3)


# Columns


def test_columns_say_what_the_table_and_the_model_say(case, tmp_path):
    rows = np.arange(10, N)
    columns = Columns(case.engine, case.table, case.vectors.reference, rows, FeedbackStore(tmp_path).rows)
    studies = [case.table.studies[row] for row in rows]
    label = columns.column("label", "Effusion")
    assert label.codes.tolist() == [[int("Effusion" in s.labels) for s in studies]]
    from model.evaluation.metrics import probabilities_at

    p = probabilities_at(case.engine, case.vectors.reference, 0.25, rows)[:, 1]
    np.testing.assert_allclose(
        columns.column("probability", "Effusion").codes[5] / LARGEST_CODE, p, atol=0.5 / LARGEST_CODE + 1e-6
    )
    error = columns.column("error", "Effusion")
    truth = label.codes[0].astype(bool)
    names = np.array(error.names)[error.codes[5]]
    wanted = np.where(p >= 0.5, np.where(truth, ":tp", ":fp"), np.where(truth, ":fn", ":tn"))
    assert names.tolist() == wanted.tolist()
    split = columns.column("split")
    assert [split.names[c] for c in split.codes[0]] == [f":{s.split}" for s in studies]
    source = columns.column("source")
    assert [c == UNKNOWN for c in source.codes[0]] == [s.source == "" for s in studies]
    assert {":unjudged"} == {columns.column("feedback").names[c] for c in columns.column("feedback").codes[0]}
    with pytest.raises(ChoiceError, match="unknown"):
        columns.column("weather")


def test_what_a_table_does_not_say_is_not_offered(case, tmp_path):
    rows = np.flatnonzero([s.source == "" for s in case.table.studies])
    offered = Columns(case.engine, case.table, case.vectors.reference, rows, FeedbackStore(tmp_path).rows).offered()
    assert "source" not in offered
    assert "discordance" not in offered  # the model was never calibrated
    assert "split" in offered


# A selection


def test_what_lies_in_a_lasso_is_what_crossings_say():
    rng = np.random.default_rng(0)
    xy = rng.random((500, 2))
    turn = np.sort(rng.random(17)) * 2 * np.pi
    polygon = 0.5 + np.stack([np.cos(turn), np.sin(turn)], 1) * rng.uniform(0.1, 0.5, (17, 1))
    by_crossings = [r for r, (x, y) in enumerate(xy) if _crossings(polygon, x, y) % 2]
    assert inside(polygon, xy).tolist() == by_crossings
    shown = rng.random(500) < 0.5
    assert inside(polygon, xy, shown).tolist() == [r for r in by_crossings if shown[r]]
    assert inside(polygon[:2], xy).tolist() == []


def _crossings(polygon: np.ndarray, x: float, y: float) -> int:
    count = 0
    for (ax, ay), (bx, by) in zip(polygon, np.roll(polygon, -1, 0), strict=True):
        count += (ay > y) != (by > y) and x < ax + (y - ay) / (by - ay) * (bx - ax)
    return count


def test_a_selection_is_measured_as_scikit_learn_would(case):
    from sklearn.metrics import roc_auc_score

    from model.evaluation.metrics import probabilities_at

    group, rest = np.arange(40), np.arange(40, N)
    found = summarise(case.engine, case.table, case.vectors.reference, group, rest, 0.6)
    assert (found.size, found.of, found.discordant) == (40, N, 1)
    judged = np.delete(group, 7)
    p = probabilities_at(case.engine, case.vectors.reference, 0.6, judged)
    truth = np.array([[f in case.table.studies[r].labels for f in case.engine.findings] for r in judged])
    for i, finding in enumerate(found.findings):
        if truth[:, i].any():
            assert finding.auroc == pytest.approx(roc_auc_score(truth[:, i], p[:, i]))
        else:
            assert finding.auroc is None
        assert finding.error == pytest.approx(((p[:, i] >= 0.5) != truth[:, i]).mean())
    assert found.error == pytest.approx(((p >= 0.5) != truth).any(1).mean())


def test_words_that_mark_a_group_off(case):
    group = np.arange(1, N, 3)
    words = Contrast(case.table).words(group, np.setdiff1d(np.arange(N), group))
    more, less = ({w.word for w in words if sign * w.z > 0} for sign in (1, -1))
    assert more == {"large", "effusion", "on", "the", "left"}
    assert {"clear", "cardiac"} <= less
    assert all(w.share == 1 and w.elsewhere == 0 for w in words if w.z > 0)


def test_log_odds_follow_the_paper():
    """Equations 16, 20 and 22 of Monroe et al. (2008), written out."""
    a, b = np.array([30.0, 5, 65]), np.array([10.0, 40, 150])
    prior = 500 * (a + b) / (a + b).sum()
    z = log_odds(a, b, a + b)
    for w in range(3):
        odds = [np.log((c[w] + prior[w]) / (c.sum() + prior.sum() - c[w] - prior[w])) for c in (a, b)]
        assert z[w] == pytest.approx((odds[0] - odds[1]) / np.sqrt(1 / (a[w] + prior[w]) + 1 / (b[w] + prior[w])))


def test_what_is_kept_comes_back_whatever_its_strides(case, layout, tmp_path, monkeypatch):
    monkeypatch.setattr("model.inference.array_cache.user_cache_path", lambda name: Path(tmp_path))
    turned = layout._replace(xy=np.ascontiguousarray(layout.xy.transpose(1, 0, 2)).transpose(1, 0, 2))
    monkeypatch.setattr(module, "fit_layout", lambda *given: turned)
    load_layout(case.vectors, case.table)
    np.testing.assert_array_equal(load_layout(case.vectors, case.table).xy, layout.xy)
