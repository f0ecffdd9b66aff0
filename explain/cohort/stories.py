"""Six studies of the demo that show what β does: `python -m explain.cohort.stories` writes assets/demo/stories.json.

Each kind of story has a rule, a function below: which findings of which studies fit, and which of them shows it best.
Studies are of the test split, which the model has not learnt, and each story is of another patient. A kind that no
study fits has no story. To be run again whenever the demo's checkpoint or table is another one.

- report_saw: the finding is there; the report alone says so, the film alone denies it
- film_saw: the finding is there; the film alone says so, the report does not name it, and alone denies it
- negation: the finding is not there, and the report names it only to deny it; film or report alone says it is
- other_patient: the report is another patient's, and states what the film does not have
- nodule: the film alone is not sure of a nodule that is there; β decides
- confidently_wrong: film and report belong together, and at the model's own β it is sure of what is not so
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from explain.every_beta.evidence import CURVE_BETAS, flips
from model.config import SINGLE_LABEL
from model.evaluation.metrics import probabilities_at
from model.inference.embeddings import Reference, load_reference
from model.inference.engine import Engine
from model.storage.paths import DEMO_STUDIES
from model.studies.demo.reports import mentioned, stating_sentences
from model.studies.demo.table import open_demo
from model.studies.stories import FILE, NEAR, Stories, Story, StoryKind
from model.studies.table import StudyTable, label_matrix

SURE = 0.9  # a probability from which on a finding is said for sure; 1 - SURE where it is denied for sure
# How far from its flip a story is best looked at: the decision is clear, and a small move of β changes it.
BESIDE = 0.05
REPORT, FILM = 0, -1  # the places of β = 0 and β = 1, where either decides alone


class Told(NamedTuple):
    """What is known of n studies that have a film and a report, and what a model says of them.

    Attributes:
        p: the probabilities, at each β of `CURVE_BETAS`.
        flip: the β nearest to the model's own at which the decision changes; NaN where it never does.
        labels: what the studies have.
        stated: what their reports state.
        denied: what their reports name, and do not state.
        foreign: whose report is another patient's than the film.
        findings: their names.
        beta: the model's own, 0 to 1.
        ids: of the studies.
        patients: whose studies they are.
    """

    p: Float[np.ndarray, "n betas findings"]
    flip: Float[np.ndarray, "n findings"]
    labels: Bool[np.ndarray, "n findings"]
    stated: Bool[np.ndarray, "n findings"]
    denied: Bool[np.ndarray, "n findings"]
    foreign: Bool[np.ndarray, "n 1"]
    findings: tuple[str, ...]
    beta: float
    ids: tuple[str, ...]
    patients: tuple[str, ...]

    @property
    def report_alone(self) -> Float[np.ndarray, "n findings"]:
        return self.p[:, REPORT]

    @property
    def film_alone(self) -> Float[np.ndarray, "n findings"]:
        return self.p[:, FILM]

    @property
    def flips(self) -> Bool[np.ndarray, "n findings"]:
        return ~np.isnan(self.flip)

    @property
    def off_beside(self) -> Float[np.ndarray, "n findings"]:
        """How far the model's own β is from where a flip is best looked at; infinite where there is none."""
        return np.nan_to_num(np.abs(np.abs(self.flip - self.beta) - BESIDE), nan=np.inf)


class Fit(NamedTuple):
    """Which findings of n studies fit a kind of story, and how badly each would tell it: the least tells it best."""

    fits: Bool[np.ndarray, "n findings"]
    badly: Float[np.ndarray, "n findings"]


def report_saw(told: Told) -> Fit:
    """The study has what its own report states, for sure by the report alone; the film alone denies it for sure."""
    opposed = (told.report_alone >= SURE) & (told.film_alone <= 1 - SURE) & told.flips
    return Fit(~told.foreign & told.labels & told.stated & opposed, told.off_beside)


def film_saw(told: Told) -> Fit:
    """The film has it, for sure by itself; the report does not name it, and alone denies it for sure."""
    opposed = (told.film_alone >= SURE) & (told.report_alone <= 1 - SURE) & told.flips
    return Fit(told.labels & ~told.stated & ~told.denied & opposed, told.off_beside)


def negation(told: Told) -> Fit:
    """The study does not have what its own report names only to deny it; the decision flips, so film or report alone
    says that it is there."""
    return Fit(~told.foreign & ~told.labels & told.denied & told.flips, told.off_beside)


def other_patient(told: Told) -> Fit:
    """The report is another patient's: it states, for sure by itself, what the film does not have, and alone denies for
    sure."""
    opposed = (told.report_alone >= SURE) & (told.film_alone <= 1 - SURE) & told.flips
    return Fit(told.foreign & ~told.labels & told.stated & opposed, told.off_beside)


def nodule(told: Told) -> Fit:
    """A nodule that the study has and the film alone is not sure of; the decision flips with β."""
    named = np.array(["nodule" in finding.casefold() for finding in told.findings])
    return Fit(~told.foreign & told.labels & named & (told.film_alone < SURE) & told.flips, told.off_beside)


def confidently_wrong(told: Told) -> Fit:
    """Film and report belong together, and at the model's own β it is sure of a finding that is not there, or that one
    which is there is not. Best where it is so at every β: that no weight mends."""
    wrong = np.where(told.labels[:, None], 1 - told.p, told.p)
    own = np.abs(CURVE_BETAS - told.beta).argmin()
    return Fit(~told.foreign & (wrong[:, own] >= SURE), 1 - wrong.min(1))


RULES: dict[StoryKind, Callable[[Told], Fit]] = {
    "report_saw": report_saw,
    "film_saw": film_saw,
    "negation": negation,
    "other_patient": other_patient,
    "nodule": nodule,
    "confidently_wrong": confidently_wrong,
}


def place_beta(flip: float, beta: float) -> float:
    """The β to open a story at, in hundredths: the model's own where its flip is near, and else beside the flip, on the
    side of the model's own. Where nothing flips (NaN), the model's own."""
    if np.isnan(flip) or abs(flip - beta) <= NEAR:
        return round(beta, 2)
    return round(flip - np.copysign(BESIDE, flip - beta), 2)


def choose(told: Told) -> tuple[Story, ...]:
    """A story of each kind that has one, each of another patient."""
    stories: list[Story] = []
    taken: set[str] = set()
    for kind, rule in RULES.items():
        fits, badly = rule(told)
        ranked = sorted(np.argwhere(fits).tolist(), key=lambda place: badly[tuple(place)])
        best = next(((row, column) for row, column in ranked if told.patients[row] not in taken), None)
        if best is None:
            continue
        row, column = best
        taken.add(told.patients[row])
        flip = float(told.flip[row, column])
        stories.append(
            Story(
                kind=kind,
                study=told.ids[row],
                finding=told.findings[column],
                beta=place_beta(flip, told.beta),
                flip=None if np.isnan(flip) else flip,
            )
        )
    return tuple(stories)


def tell(engine: Engine, table: StudyTable, reference: Reference) -> Told:
    """What is known of the studies of the test split that have a film and a report.

    Args:
        table: the demo's, or one whose findings have the names of the demo's, and in which `discordant` says that a
            report is another patient's.
        reference: the embeddings of all its studies.
    """
    kept = [i for i, s in enumerate(table.studies) if s.split == "test" and reference.has[i].all()]
    studies = tuple(table.studies[i] for i in kept)
    kind, names = engine.config.problem_type, engine.findings
    p = np.stack([probabilities_at(engine, reference, float(b))[kept] for b in CURVE_BETAS], 1)
    flip = np.full((len(kept), len(names)), np.nan)
    for row, column in np.ndindex(flip.shape):
        at = flips(p[row], column, kind == SINGLE_LABEL)
        flip[row, column] = min(at, key=lambda beta: abs(beta - engine.default_beta), default=np.nan)
    stated = np.array([[f in stating_sentences(s.report) for f in names] for s in studies], bool)
    named = np.array([[f in mentioned(s.report) for f in names] for s in studies], bool)
    return Told(
        p=p,
        flip=flip,
        labels=label_matrix(studies, names).astype(bool),
        stated=stated,
        denied=named & ~stated,
        foreign=np.array([[s.discordant] for s in studies], bool),
        findings=names,
        beta=engine.default_beta,
        ids=tuple(s.study_id for s in studies),
        patients=tuple(s.patient_id for s in studies),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=DEMO_STUDIES / FILE)
    out = parser.parse_args().out
    # Without the stories that it may have: they may be of an earlier checkpoint.
    engine, table = Engine.load(device="cpu"), open_demo()
    stories = choose(tell(engine, table, load_reference(engine, table)))
    told = Stories(checkpoint=engine.digest, stories=stories)
    out.write_text(told.model_dump_json(indent=2) + "\n", "utf-8")
    for kind in RULES:
        story = next((s for s in stories if s.kind == kind), None)
        print(f"{kind}: {f'{story.study}, {story.finding}, β = {story.beta}' if story else 'no story of this kind'}")


if __name__ == "__main__":
    main()
