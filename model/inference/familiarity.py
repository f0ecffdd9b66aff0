"""Whether a case is like those that a model learnt from: of one that is not, its probabilities say nothing.

How far a film or a report is from the studies that the model learnt from is the Mahalanobis distance between pooled
vectors of unit length, under the covariance of Ledoit and Wolf (Lee et al., "A Simple Unified Framework for Detecting
Out-of-Distribution Samples", NeurIPS 2018). Of a film it is the vector of the finer map, in which textures weigh more
than findings. Distances of studies that the model has not learnt from turn it into a conformal p-value (Vovk et al.,
"Algorithmic Learning in a Random World", 2005; Bates et al., Annals of Statistics 2023): of a study like them it is at
most α with a probability of at most α.
"""

import math
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from jaxtyping import Float, Int
from safetensors import SafetensorError
from sklearn.covariance import LedoitWolf

from model.errors import CheckpointError
from model.inference.array_file import packed, unpacked
from model.inference.encoding import MODALITIES, Encoded

FILE = "familiarity.safetensors"
FORMAT = "betalens-familiarity/1"
# The share of cases like those it learnt from that a model declines to judge, whichever modalities they have: each is
# asked at this over their number (Bonferroni), so that a second one does not make it decline more.
LEVEL = 0.05
FEWEST = 2  # studies, of which there is a covariance
NAMES = {"image": "film", "report": "report"}


class Known(NamedTuple):
    """One modality of the studies that a model learnt from.

    Attributes:
        mean: of their vectors.
        precision: the inverse of their covariance.
        held_out: the distances of n studies that it has not learnt from, ascending.
    """

    mean: Float[np.ndarray, "d"]
    precision: Float[np.ndarray, "d d"]
    held_out: Float[np.ndarray, "n"] = np.zeros(0)

    @classmethod
    def of(cls, vectors: Float[np.ndarray, "m d"]) -> "Known | None":
        """What the vectors of m studies are like; None of fewer than FEWEST."""
        if len(vectors) < FEWEST:
            return None
        fitted = LedoitWolf().fit(_unit(vectors))
        return cls(fitted.location_, np.asarray(fitted.precision_))

    def against(self, distances: Float[np.ndarray, "n"]) -> "Known":
        """The same, with the distances of n studies that the model has not learnt from."""
        return self._replace(held_out=np.sort(distances))

    def distances(self, vectors: Float[np.ndarray, "k d"]) -> Float[np.ndarray, "k"]:
        """How far each of k vectors is from them: squared Mahalanobis distances."""
        apart = _unit(vectors) - self.mean
        return ((apart @ self.precision) * apart).sum(1)


class KnownStudies(NamedTuple):
    """The studies that a model learnt from.

    Attributes:
        modalities: what each is like, by its name.
        frontal: whether the films are frontal radiographs of chests that hang as they are read: of a model of other
            pictures nobody asks whether a picture is one.
    """

    modalities: dict[str, Known]
    frontal: bool


ReasonKind = Literal[
    "unlike", "modality", "part", "view", "hanging", "other", "lateral", "mirrored", "upside_down", "turned",
    "inverted",
]  # fmt: skip


class Reason(NamedTuple):
    """Why a model cannot tell of a case.

    Attributes:
        kind: unlike: the modality is unlike those of the studies that it learnt from. Of a film that is no frontal
            radiograph of a chest that hangs as it is read: modality, part, view, hanging, by its header
            (`model.inputs.Contradiction`); other, lateral, mirrored, upside_down, turned, inverted, by its pixels
            (`model.view.View`).
        nearer: of what is unlike: held-out studies that are nearer to those that it learnt from.
        of: held-out studies.
        named: of what a header says: the code that stands there; "" where that is none of the standard.
    """

    kind: ReasonKind
    modality: str
    nearer: int = 0
    of: int = 0
    named: str = ""

    def __str__(self) -> str:
        what = NAMES[self.modality]
        if self.kind == "unlike":
            return f"the {what} is unlike the {what}s this model learnt from (further than {self.nearer} of {self.of})"
        return _NO_CHEST_FILM[self.kind].format(named=self.named or "something else")


_NO_CHEST_FILM = {
    "modality": "the film is no chest radiograph (its header says Modality {named})",
    "part": "the film is no chest radiograph (its header says BodyPartExamined {named})",
    "view": "the film is no frontal view (its header says so)",
    "hanging": "the film does not hang as a chest is read (PatientOrientation in its header): turn it",
    "other": "the film does not look like a chest radiograph",
    "lateral": "the film looks like a lateral view",
    "mirrored": "the film looks like a mirror image: see on which side the heart lies",
    "upside_down": "the film looks upside down: turn it",
    "turned": "the film looks turned by 90°: turn it",
    "inverted": "the film looks like a negative (bone black): invert it",
}


class Unasked(NamedTuple):
    """Why nothing says whether a modality of a case is like those that a model learnt from."""

    kind: Literal["unmeasured", "too_few"]
    modality: str
    held_out: int = 0  # studies that were measured
    needed: int = 0  # for the level

    def __str__(self) -> str:
        what = NAMES[self.modality]
        asked = f"Whether the {what} is like the {what}s this model learnt from"
        if self.kind == "unmeasured":
            return f"{asked} was not measured for this model."
        return f"{asked} cannot be told: it takes {self.needed} held-out studies, and {self.held_out} were measured."


class Familiarity(NamedTuple):
    """Whether a model can tell of a case.

    Attributes:
        in_distribution: the p-value of each modality; None where it is absent or was not measured.
        cannot_tell: why it cannot; nothing where it can.
        unasked: what nothing says.
    """

    in_distribution: dict[str, float | None]
    cannot_tell: tuple[Reason, ...]
    unasked: tuple[Unasked, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values, with each sentence."""
        return {
            "in_distribution": self.in_distribution,
            "cannot_tell": [{**r._asdict(), "sentence": str(r)} for r in self.cannot_tell],
            "unasked": [{**u._asdict(), "sentence": str(u)} for u in self.unasked],
        }


def familiarity(known: KnownStudies | None, encoded: Encoded) -> Familiarity:
    """Whether a model can tell of a case.

    Args:
        known: what it learnt from, by modality; None where that was not measured.
    """
    given = [m for m in MODALITIES if m in encoded.modalities]
    found: dict[str, float | None] = dict.fromkeys(MODALITIES)
    reasons = _no_chest_film(encoded) if known and known.frontal else []
    unasked: list[Unasked] = []
    named = {reason.modality for reason in reasons}  # of which one reason says enough
    for modality in given:
        if known is None:
            unasked.append(Unasked("unmeasured", modality))
            continue
        own, needed = known.modalities.get(modality), fewest_held_out(len(given))
        n = len(own.held_out) if own else 0
        if own and n:
            distances = own.distances(_vector(encoded, modality))
            p = found[modality] = float(p_values(own.held_out, distances)[0])
            if p < level(len(given)) and modality not in named:
                reasons.append(Reason("unlike", modality, int(nearer(own.held_out, distances)[0]), n))
        if n < needed:
            unasked.append(Unasked("too_few", modality, n, needed))
    return Familiarity(found, tuple(reasons), tuple(unasked))


def _no_chest_film(encoded: Encoded) -> list[Reason]:
    """Why the film is no frontal radiograph of a chest: by its header, and where that says nothing against it, by its
    pixels."""
    if encoded.contradiction:
        return [Reason(encoded.contradiction.kind, "image", named=encoded.contradiction.named)]
    if encoded.view and encoded.view.kind != "frontal":
        return [Reason(encoded.view.kind, "image")]
    return []


def level(modalities: int | Int[np.ndarray, "n"]) -> float | Float[np.ndarray, "n"]:
    """The p-value below which a modality is unlike those of the studies, in a case of so many modalities."""
    return LEVEL / modalities


def fewest_held_out(modalities: int) -> int:
    """With fewer held-out studies than this no p-value is below the level."""
    return math.floor(1 / level(modalities))


def nearer(held_out: Float[np.ndarray, "n"], distances: Float[np.ndarray, "k"]) -> Int[np.ndarray, "k"]:
    """How many of the held-out distances, ascending, are below each of k distances."""
    return np.searchsorted(held_out, distances, "left")


def p_values(held_out: Float[np.ndarray, "n"], distances: Float[np.ndarray, "k"]) -> Float[np.ndarray, "k"]:
    """(1 + number of held-out distances ≥ d) / (n + 1) of each of k distances d; `held_out` is ascending."""
    return (1 + len(held_out) - nearer(held_out, distances)) / (len(held_out) + 1)


def pack(known: KnownStudies) -> bytes:
    """What a model learnt from as the file that a checkpoint holds."""
    arrays = {}
    for modality, own in known.modalities.items():
        # Of a symmetric matrix one half.
        values = own._replace(precision=own.precision[np.triu_indices_from(own.precision)])
        arrays |= {f"{modality}.{name}": a.astype(np.float32) for name, a in values._asdict().items()}
    return packed(arrays, {"format": FORMAT, "frontal": str(known.frontal)}, half=False)


def read_known(folder: Path) -> KnownStudies | None:
    """What lies beside a checkpoint's weights; None where nothing does, as in older ones.

    Raises:
        CheckpointError: the file is damaged.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        arrays, facts = unpacked(path, FORMAT)
        named = {name.partition(".")[0] for name in arrays}
        modalities = {m: _read(*(arrays[f"{m}.{name}"].astype(float) for name in Known._fields)) for m in named}
        return KnownStudies(modalities, facts.get("frontal") == "True")
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise CheckpointError(
            f"{path} does not say what the model's studies are like; restore it, or measure it again with `betalens "
            "familiarity`."
        ) from error


def _read(mean: np.ndarray, half: np.ndarray, held_out: np.ndarray) -> Known:
    upper = np.zeros((len(mean), len(mean)))
    upper[np.triu_indices(len(mean))] = half
    return Known(mean, upper + np.triu(upper, 1).T, held_out)


def _vector(encoded: Encoded, modality: str) -> Float[np.ndarray, "1 d"]:
    vector = encoded.texture if modality == "image" else encoded.pooled.report
    assert vector is not None  # the case has it
    return vector.cpu().numpy()


def _unit(vectors: Float[np.ndarray, "k d"]) -> Float[np.ndarray, "k d"]:
    """Of unit length, in double precision; what is nothing stays so."""
    exact = vectors.astype(float)
    return exact / np.maximum(np.linalg.norm(exact, axis=1, keepdims=True), 1e-12)
