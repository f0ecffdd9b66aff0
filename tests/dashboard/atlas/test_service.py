"""What the atlas answers the page."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness

from dashboard.atlas.service import AtlasService, Key
from dashboard.cases.case import OpenCase
from dashboard.serving.reference_cache import ReferenceCache
from model.errors import ChoiceError
from model.feedback import FeedbackStore
from model.studies.opening import open_studies

KEY = Key("report", "pca")


@pytest.fixture(scope="module")
def maps(engine, tmp_path_factory) -> AtlasService:
    """Of reports alone, enough for a map."""
    folder = tmp_path_factory.mktemp("reports")
    rows = [f"s{i},,An effusion of {i} mm.,Effusion,test" for i in range(12)]
    rows += [f"s{i},,The lungs are clear {i}.,,test" for i in range(12, 24)]
    (folder / "studies.csv").write_text("study_id,image,report,label,split\n" + "\n".join(rows))
    reference_cache = ReferenceCache(engine, open_studies(folder / "studies.csv"))
    return AtlasService(reference_cache, FeedbackStore(folder / "flags"))


def test_the_trustworthiness_of_a_map_is_computed_once_and_named_with_its_beta(maps, monkeypatch):
    vectors = maps.reference_cache.vectors().of_studies("report", 0.0)
    expected = trustworthiness(vectors, PCA(2).fit_transform(vectors), n_neighbors=11)  # of 24: fewer than half
    answer = maps.trust(KEY, 0.333)
    assert answer == {"space": "report", "method": "pca", "beta": 0.33, "trust": pytest.approx(expected, abs=1e-3)}
    monkeypatch.setattr("dashboard.atlas.service.quality_at", None)
    assert maps.trust(KEY, 0.3344) == answer


def test_a_case_is_held_against_the_spacing_of_the_studies(maps):
    maps.trust(KEY, 0.0)  # makes the map
    vectors = maps.reference_cache.vectors().of_studies("report", 0.0)
    nearest = np.sort(np.linalg.norm(vectors[:, None] - vectors, axis=2), axis=1)[:, 1]
    study = maps.table.studies[3]
    case = OpenCase("s3", None, "", study.report, maps.engine.encode(None, study.report), study)
    standing = maps.standing(KEY, case, 0.5)
    closer = pytest.approx((nearest < nearest[3]).mean(), abs=0.06)
    assert standing == {"case": "s3", "closer": closer, "far": False, "cannot_tell": []}
    assert maps.standing(Key("image", "pca"), case, 0.5) is None  # there is no such map


def test_a_map_that_cannot_be_made_says_so(maps):
    with pytest.raises(ChoiceError, match="0 studies have a place"):
        maps.trust(Key("image", "pca"), 0.5)
