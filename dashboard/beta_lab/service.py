"""The β lab on the server: measures a split once for all readers, without making any of them wait for the page."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from platformdirs import user_data_path

from dashboard.serving.background_job import BackgroundJobs
from dashboard.serving.served import ServedModel
from dashboard.ui.payload import lay_out
from dashboard.ui.pictures import thumbnail
from model.errors import CheckpointError, ChoiceError
from model.evaluation import beta_curves
from model.evaluation.figures import json_numbers
from model.evaluation.held_out import predict_held_out
from model.inference.embeddings import Reference, encode_studies
from model.inference.engine import Engine
from model.network.checkpoint import with_default_beta
from model.progress import ProgressOf
from model.storage.paths import DEMO_CHECKPOINT
from model.studies.finding_names import named_for
from model.studies.table import SPLITS, Study

FILMS_AT_ONCE = 24  # the picture files that one request may have read


class Measured(NamedTuple):
    """What a split came to, how many of its studies networks of the cross-validation judged, how many were left out as
    the model has learnt them, and how many chose its epoch or temperature."""

    lab: beta_curves.Lab
    by_folds: int
    left_out: int
    chose: int


class BetaLabService:
    """What the β lab shows of one table under one engine. Safe to ask from many threads."""

    def __init__(self, served: ServedModel):
        self.engine, self.table, self.reference_cache = served.engine, served.table, served.reference_cache
        self._measured = BackgroundJobs("beta-lab", self._measure)

    def splits(self) -> list[str]:
        """The splits that the table has studies in, and all of them together."""
        present = {s.split for s in self.table.studies}
        return [split for split in SPLITS if split in present] + ["all"]

    def measure(self, split: str) -> Iterator[dict[str, Any]]:
        """How far the work is, now and again, and at last what it found: {"split", "progress" | "error" | the lab}."""

        def found(measured: Measured) -> dict[str, Any]:
            facts = {"out_of_fold": measured.by_folds, "left_out": measured.left_out, "chose": measured.chose}
            folder = self.engine.folder
            facts |= {"default_beta": self.engine.default_beta, "checkpoint": folder.name if folder else ""}
            return facts | describe_lab(measured.lab)

        for message in self._measured.of(split).messages(found):
            yield {"split": split, **message}

    def scores(self, split: str, finding: str) -> dict[str, Any]:
        """What each study of a measured split was given for a finding, at every β.

        Raises:
            ChoiceError: the finding is unknown, or the split was not measured.
        """
        index, measured = self.engine.finding_index(finding), self._measured.result(split)
        if measured is None:
            raise ChoiceError(f"Split {split!r} has not been measured yet.")
        result = measured.lab
        layout, block = lay_out({"scores": result.probabilities[:, :, index], "labels": result.labels[:, index]})
        return {"split": split, "finding": finding, "ids": result.study_ids, "arrays": layout, "block": block}

    def films(self, study_ids: list[str]) -> dict[str, str | None]:
        """Thumbnails by study id; None where there is no film that can be read. Unknown ids are left out."""
        known = {}
        for study_id in study_ids[:FILMS_AT_ONCE]:
            try:
                known[study_id] = thumbnail(self.table.by_id(study_id).image)
            except ChoiceError:
                continue
        return known

    def save(self, beta: float) -> dict[str, Any]:
        """Make β the default of the checkpoint; where it must not or cannot be changed, of a copy.

        Returns:
            The key of the phrase that says what was done, and what the phrase names.
        """
        folder = self.engine.folder
        if folder is None:
            return {"key": "lab.save.no_folder", "bad": True}
        try:
            beta = round(float(beta), 2)
            if not _is_embedded(folder) and os.access(folder.resolve().parent, os.W_OK):
                return {"key": "lab.save.done", "folder": str(with_default_beta(folder, beta)), "beta": beta}
            copy = user_data_path("betalens") / "checkpoints" / f"{_name(folder)}-{self.engine.digest[:8]}"
            key = "lab.save.copy_demo" if _is_embedded(folder) else "lab.save.copy_locked"
            return {"key": key, "folder": str(with_default_beta(folder, beta, copy)), "beta": beta}
        except (CheckpointError, ChoiceError) as error:
            return {"key": "lab.save.failed", "reason": str(error), "bad": True}

    def _measure(self, split: str, counted: ProgressOf) -> Measured:
        of_split = named_for(self.table, self.engine.config).of_split(split)
        studies = tuple(s for s in of_split if not s.discordant)  # as nothing of the others is measured

        def encode(engine: Engine, some: tuple[Study, ...]) -> Reference:
            own = engine is self.engine
            return self.reference_cache.reference(counted("encoding")) if own else encode_studies(engine, some)

        judged = predict_held_out(self.engine, self.table, studies, encode)
        resampling = counted("resampling")
        result = beta_curves.measure_over_beta(
            self.engine.network, judged.scored, progress=resampling, chose=judged.chose
        )
        return Measured(result, judged.by_folds, judged.left_out, int(judged.chose.sum()))


def describe_lab(result: beta_curves.Lab) -> dict[str, Any]:
    """A lab as the page reads it: facts, and one block of numbers in which "" names all findings together."""
    measures = {"": result.overall, **result.per_finding}
    arrays = {}
    for place, found in enumerate(measures.values()):
        for name in ("auroc", "average_precision", "ece", "threshold"):
            arrays[f"{place}.{name}"] = np.stack(getattr(found, name))
        for modality, gain in found.gains.items():
            arrays[f"{place}.{modality}"] = np.stack([*gain.difference, gain.p])
        shown = found.reliability
        arrays[f"{place}.reliability"] = np.stack([shown.studies, shown.predicted, *shown.observed])
    layout, block = lay_out(arrays)
    return {
        "betas": result.betas,
        "n": len(result.study_ids),
        "patients": result.patients,
        "resamples": result.resamples,
        "names": list(measures),
        "positives": [found.positives for found in measures.values()],
        "best": [json_numbers(np.stack(found.best), 2) for found in measures.values()],
        "verdicts": [{m: found.verdicts(m) for m in found.gains} for found in measures.values()],
        "margin": beta_curves.MARGIN,
        "alone": [found.alone_suffices() for found in measures.values()],
        "arrays": layout,
        "block": block,
    }


def _is_embedded(folder: Path) -> bool:
    return folder.resolve() == DEMO_CHECKPOINT.resolve()


def _name(folder: Path) -> str:
    return "demo" if _is_embedded(folder) else folder.resolve().name
