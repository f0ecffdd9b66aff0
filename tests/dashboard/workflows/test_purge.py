"""What was learnt from a verdict cannot be taken out of a model: a purge names which versions learnt from it, and how
to go on without them."""

from typing import NamedTuple

import pytest
import torch
from learnt import untaught

from dashboard.workflows.finetune import finetune_version
from dashboard.workflows.purge import DERIVED, purge, study_digest
from model.feedback import UNDO, FeedbackStore, Flag, new_flag_id
from model.finetuning.finetune import Recipe
from model.finetuning.versions import LEARNT, Versions
from model.inference.engine import Engine
from model.network import checkpoint
from model.studies.opening import open_studies

FINDINGS = ("Cardiomegaly", "Effusion", "Pneumothorax")
JUDGED = ("study-0", "study-1", "study-2")


class QueuePlace(NamedTuple):
    versions: Versions
    store: FeedbackStore
    flags: list[str]  # ids of the verdicts on JUDGED


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> QueuePlace:
    """Three verdicts are learnt by 0002; the first is taken back before 0003 learns from 0002. 0004 is a copy of 0003,
    and 0005 another one of 0001, which knows of nothing."""
    folder = tmp_path_factory.mktemp("place")
    studies, untrained = untaught(folder)
    store, versions, table = (
        FeedbackStore(folder / "feedback"), Versions(folder / "models"), open_studies(studies)
    )  # fmt: skip
    said = {"reviewer": "r", "verdict": "disagree", "corrected_labels": ("Effusion",)}
    said |= {"report": "A report.", "model_digest": "m", "beta": 0.0, "probabilities": dict.fromkeys(FINDINGS, 0.4)}
    flags = [store.append(Flag.new(study_id=study, **said)) for study in JUDGED]

    def taught(name: str) -> str:
        engine = Engine.load(versions.path(name), "cpu")
        return finetune_version(versions, engine, table, store.rows(), Recipe(passes=2), force=True).version

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # what is this small is learnt faster without handing it around
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        versions.adopt(untrained)
        assert taught("0001") == "0002"
        store.append(store.rows()[0].changed(flag_id=new_flag_id(), verdict=UNDO, undoes=flags[0]))
        assert taught("0002") == "0003"
    torch.set_num_threads(threads)
    assert versions.adopt(versions.path("0003")) == "0004"
    assert versions.adopt(versions.path("0001")) == "0005"
    return QueuePlace(versions, store, flags)


@pytest.fixture
def purged(place, tmp_path, monkeypatch):
    """Purge; what is left, as sentences."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "gradio"))

    def purged(study: str = "", flag: str = "") -> list[str]:
        before = {name: checkpoint.verify(place.versions.path(name)) for name in place.versions.names()}
        left = purge(place.store, study, flag, place.versions.folder).left
        assert {name: checkpoint.verify(place.versions.path(name)) for name in before} == before
        return left

    return purged


def test_a_version_says_from_which_verdicts_it_learnt_and_of_studies_digests_alone(place):
    origins = {name: place.versions.origin(name) for name in place.versions.names()}
    assert origins["0002"][LEARNT]["flags"] == place.flags
    assert origins["0003"][LEARNT]["flags"] == place.flags[1:]
    assert origins["0004"][LEARNT] == origins["0003"][LEARNT]
    assert [name for name in origins if LEARNT not in origins[name]] == ["0001", "0005"]
    assert origins["0002"][LEARNT]["studies"] == sorted(study_digest(f"study-{i}") for i in range(18))
    files = [path for path in place.versions.folder.rglob("*") if path.is_file()]
    assert len(files) > 20
    assert [path for path in files if b"study-" in path.read_bytes() or b"patient-" in path.read_bytes()] == []


def test_of_a_verdict_that_one_version_learnt_what_came_from_it_is_named_too(place, purged):
    place.versions.promote("0003")
    left = purged(flag=place.flags[0])
    assert (
        "what versions 0002, 0003, 0004 learnt from it: `betalens versions promote 0005` goes back to one that did not;"
        f" fine-tune that one again, then remove the folders in {place.versions.folder}." in left
    )
    place.versions.promote("0001")
    assert any(
        line.startswith("what versions 0002, 0003, 0004 learnt from it: 0001 is served and did not; remove")
        for line in purged(flag=place.flags[1])
    )


def test_of_a_study_versions_are_named_that_hold_what_was_derived_from_its_table(place, purged):
    place.versions.promote("0003")
    left = purged(study=JUDGED[2])
    assert any(line.startswith("what versions 0002, 0003, 0004 learnt from it: ") for line in left)
    (holding,) = [line for line in left if line.startswith("vectors and answers, without ids")]
    holders = [
        name for name in place.versions.names() if any((place.versions.path(name) / f).exists() for f in DERIVED)
    ]
    assert holders == ["0002", "0003", "0004"]
    assert "versions 0002, 0003, 0004: where the study was in that table" in holding
    assert "make it anew from a table without it" in holding


@pytest.mark.parametrize("given", [{"study": "study-19"}, {"study": "of no table"}, {"flag": "nobody-s"}])
def test_of_what_no_version_learnt_from_none_is_named_as_having_learnt(purged, given):
    assert [line for line in purged(**given) if "learnt from it" in line] == []


def test_where_every_version_learnt_from_it_there_is_none_to_go_back_to(place, purged, tmp_path, monkeypatch):
    others = Versions(tmp_path / "models")
    others.adopt(place.versions.path("0003"))
    others.promote("0001")
    left = purge(place.store, JUDGED[0], "", others.folder).left
    assert (
        f"what version 0001 learnt from it: train anew without it, then remove the folders in {others.folder}." in left
    )
