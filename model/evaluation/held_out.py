"""Who may judge a study: the model itself, where it has learnt neither the study nor its patient; a network of its
cross-validation that has not, where there is one; otherwise nobody, and the study is left out.

Every figure that is measured is measured through here.
"""

from collections.abc import Callable
from itertools import compress
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool

from model.errors import CheckpointError, ChoiceError
from model.inference.array_cache import read_arrays
from model.inference.embeddings import REFERENCE, Reference, encode_studies
from model.inference.engine import Engine
from model.inference.predictions import BETA_GRID, Scored, score
from model.inference.provenance import FILE, Answers, Provenance
from model.network.network import Network
from model.progress import Progress
from model.studies.content import Content, contents_of
from model.studies.table import Study, StudyTable
from model.training.calibration import cross_fitted, parts_of

OLD_ANSWERS = "out_of_fold.safetensors"  # of checkpoints that knew their studies by the bytes of a table alone
ITSELF, NOBODY = -1, -2  # in place of the number of a fold

Encode = Callable[[Engine, tuple[Study, ...]], Reference]


class HeldOutPredictions(NamedTuple):
    """What was said of studies by networks that had not seen them.

    Attributes:
        scored: the studies that can be judged, in their order.
        keep: which of the studies that were asked for these are.
        by_folds: how many of them networks of the cross-validation judged.
        left_out: how many the model has learnt, and nobody else can judge.
        known: whether anything says what the model has learnt from.
        chose: which of `scored` chose the model's epoch or temperature, themselves or by another study of the patient.
    """

    scored: Scored
    keep: Bool[np.ndarray, "n"]
    by_folds: int
    left_out: int
    known: bool
    chose: Bool[np.ndarray, "kept"]

    @property
    def fitted_alert(self) -> bool:
        """Whether the alert was fitted to some of them: to those that chose the model, or all that folds held out."""
        return bool(self.by_folds or self.chose.any())

    def caveats(self) -> str:
        """What of this a reader of the figures must know, in one sentence; "" where there is nothing to say."""
        n, said = len(self.scored.studies), []

        def of_these(count: int) -> str:
            return "these studies" if count == n else f"{count} of these {n} studies"

        if not self.known:
            said.append("does not say what it learnt from, so that none of these studies could be left out for it")
        if self.by_folds:
            said.append(f"has learnt from {of_these(self.by_folds)}: the figures are those of its cross-validation")
        if self.left_out:
            which = "1 study" if self.left_out == 1 else f"{self.left_out} studies"
            said.append(f"has learnt {which} (by film or patient) that are left out here")
        if count := int(self.chose.sum()):
            which = of_these(count)
            said.append(f"was chosen on {which}, which flatters its AUROC there; its calibration error is cross-fitted")
        return f"The model {', and it '.join(said)}." if said else ""


def provenance_of(engine: Engine, table: StudyTable) -> Provenance | None:
    """What an engine's network has learnt from; of an older checkpoint, as far as the table says it. None where nothing
    does.

    Raises:
        CheckpointError: an older checkpoint was cross-validated on studies that it cannot name.
    """
    if engine.provenance is None and engine.folder:
        engine.provenance = _legacy_provenance(engine, engine.folder, table)
    return engine.provenance


def predictors_of(engine: Engine, table: StudyTable, studies: tuple[Study, ...]) -> np.ndarray:
    """For each study ITSELF, the number of the fold whose network has not seen it, or NOBODY.

    Raises:
        CheckpointError: see `provenance_of`.
    """
    return _judges(provenance_of(engine, table), studies)[0]


def predict_held_out(
    engine: Engine,
    table: StudyTable,
    studies: tuple[Study, ...],
    encode: Encode | None = None,
    progress: Progress = iter,
) -> HeldOutPredictions:
    """What is said of studies by networks that have not seen them.

    Args:
        table: that the studies are of.
        encode: the embeddings of some studies under an engine, where they are at hand.
        progress: wraps the loops over batches, where they are not.

    Raises:
        ChoiceError: the model has learnt all of these studies, and nobody else can judge one of them.
        CheckpointError: see `provenance_of`.
    """
    encode = encode or (lambda network, some: encode_studies(network, some, progress))
    provenance = provenance_of(engine, table)
    judges, contents = _judges(provenance, studies)
    answered = np.full(len(studies), -1)
    has = np.zeros((len(studies), 2), np.float32)
    logits = np.zeros((len(BETA_GRID), len(studies), len(engine.findings)), np.float32)
    if provenance is not None and provenance.answers is not None:
        by_fold = np.flatnonzero(judges >= 0)
        same = [provenance.same(contents[i]) for i in by_fold]
        known = provenance.answers.logits[0, :, 0]
        answered[by_fold] = [-1 if row is None or np.isnan(known[row]) else row for row in same]
        places = np.flatnonzero(answered >= 0)
        has[places] = provenance.answers.has[answered[places]]
        logits[:, places] = provenance.answers.logits[:, answered[places]]
    if provenance is not None and not provenance.folds:
        judges[(judges >= 0) & (answered < 0)] = NOBODY
    keep = judges != NOBODY
    if len(studies) and not keep.any():
        raise ChoiceError(
            f"The model has learnt all {len(studies)} studies asked for, by film or patient, and no network of a "
            "cross-validation can judge them in its place: measure it on studies of other patients."
        )
    for number in np.unique(judges[keep & (answered < 0)]):
        places = np.flatnonzero((judges == number) & (answered < 0))
        some, network = tuple(studies[i] for i in places), engine if number == ITSELF else engine.fold(int(number))
        said = score(network, encode(network, some), some)
        has[places], logits[:, places] = said.has, said.logits
    chose = np.zeros(len(studies), bool)
    if provenance is not None and contents:
        chose[:] = [j == ITSELF and provenance.has_chosen(c) for j, c in zip(judges, contents, strict=True)]
    return HeldOutPredictions(
        scored=Scored(studies, has, logits).where(keep),
        keep=keep,
        by_folds=int((judges >= 0).sum()),
        left_out=int((~keep).sum()),
        known=provenance is not None,
        chose=chose[keep],
    )


def answered(provenance: Provenance, scored: Scored, network: Network) -> Provenance:
    """A provenance whose folds are calibrated, each by the studies of the others, and have answered.

    Args:
        scored: what they say, without a temperature, of studies that they held out; what others say is left alone.
        network: of the model itself.
    """
    rows = [provenance.same(content) for content in contents_of(scored.studies)]
    own = np.array([row is not None and provenance.fold[row] >= 0 for row in rows], bool)
    scored, places = scored.where(own), np.array(list(compress(rows, own)), int)
    scored, fitted = cross_fitted(scored, provenance.fold[places], network)
    states = tuple(
        state | {"log_temperature": fitted.get(k, np.zeros(3)).astype(np.float32)}
        for k, state in enumerate(provenance.folds)
    )
    has = np.zeros((len(provenance), 2), np.float32)
    logits = np.full((len(BETA_GRID), len(provenance), len(network.config.findings)), np.nan, np.float32)
    # As they will be kept, so that what is said of them now can be computed from them again.
    has[places], logits[:, places] = scored.has, scored.logits.astype(np.float16)
    return provenance.with_answers(Answers(has, logits), states)


def _judges(provenance: Provenance | None, studies: tuple[Study, ...]) -> tuple[np.ndarray, list[Content]]:
    """See `predictors_of`; and what each study is known by, where there is a provenance to look it up in."""
    if provenance is None or not (len(provenance) or provenance.chosen_on):
        return np.full(len(studies), ITSELF), []
    contents, found = contents_of(studies), []
    for content in contents:
        fold = provenance.judge(content)
        found.append(ITSELF if not provenance.rows(content) else NOBODY if fold is None else fold)
    return np.array(found, int), contents


def _legacy_provenance(engine: Engine, folder: Path, table: StudyTable) -> Provenance | None:
    """Of a checkpoint without FILE."""
    path = folder / OLD_ANSWERS
    if not path.is_file():
        if read_arrays(folder / f"{REFERENCE}.safetensors", table) is None:
            return None
        learnt = tuple(s for s in table.studies if s.split == "train" and not s.discordant)
        return Provenance.of(contents_of(learnt))
    arrays = read_arrays(path, table)
    if arrays is None:
        raise CheckpointError(
            f"{folder} was cross-validated before checkpoints kept what they learnt from ({FILE}), and "
            f"{table.name} is not the very file it knows: measure it with that file, or train it again."
        )
    studies = tuple(table.studies[i] for i in arrays["rows"])
    scored, _ = cross_fitted(Scored(studies, arrays["has"], arrays["logits"]), parts_of(studies), engine.network)
    return Provenance.of(contents_of(studies), np.zeros(len(studies), int), answers=Answers(scored.has, scored.logits))
