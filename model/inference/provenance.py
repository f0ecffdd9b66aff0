"""What a network has learnt from, and who can judge that: kept with a checkpoint, known by content.

A study that it has learnt, by its film or its patient, must not measure it. Where a network was cross-validated,
another one like it, of the fold that held the patient out, has not seen the study and answers in its place. What those
said when they were trained is kept as well, so that nothing is encoded again for it.

Digests are keyed by a salt of the checkpoint's own, so that two checkpoints cannot be joined by their patients.
"""

import hashlib
import secrets
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int, UInt8
from safetensors import SafetensorError

from model.errors import CheckpointError
from model.inference.array_file import Arrays, packed, unpacked
from model.studies.content import Content

FILE = "learnt.safetensors"
FORMAT = "betalens-learnt/1"
BYTES = 16  # of each digest that are kept
CHOSEN_ON = "chosen_on"  # the array of its keys
BY_ALL = -1  # the fold of a study that no fold held out

State = Arrays


class Answers(NamedTuple):
    """Calibrated logits that the folds gave to the studies they held out, at each β of `predictions.BETA_GRID`; NaN
    where none did."""

    has: Float[np.ndarray, "n 2"]
    logits: Float[np.ndarray, "betas n findings"]


@dataclass(frozen=True, eq=False)
class Provenance:
    """n studies that a network has learnt from.

    Attributes:
        keys: of `Content`'s parts; zeros where there is none.
        fold: which fold held each study out; BY_ALL where none did.
        folds: for each fold the tensors in which its network differs.
        answers: of the folds to these studies; None where they are not kept.
        chosen_on: studies that it has not learnt from, and that chose its epoch or its temperature; None where there
            are none.
    """

    salt: bytes
    keys: UInt8[np.ndarray, "n 4 bytes"]
    fold: Int[np.ndarray, "n"]
    folds: tuple[State, ...] = ()
    answers: Answers | None = None
    chosen_on: "Provenance | None" = None

    def __len__(self) -> int:
        return len(self.keys)

    @classmethod
    def of(cls, contents: Sequence[Content], fold: Int[np.ndarray, "n"] | None = None, **known) -> "Provenance":
        """The provenance of a network that has learnt these studies."""
        salt = secrets.token_bytes(BYTES)
        keys = _keys(salt, contents)
        return cls(salt, keys, np.full(len(keys), BY_ALL) if fold is None else np.asarray(fold), **known)

    def rows(self, content: Content) -> set[int]:
        """The studies that are this one, or of its patient. Of a study without a film its report tells as well, where
        but one has those words; beside a film that is new it does not: many patients have the same words."""
        file, film, report, patient = (_key(self.salt, part) for part in content)
        where = self._where
        found = {*where["patient", patient], *where["film", file], *where["film", film]}
        alike = () if found or content.film else where["report", report]
        return found if len(alike) != 1 else set(alike)

    def same(self, content: Content) -> int | None:
        """The study that has both this film and this report."""
        report = _key(self.salt, content.report)
        alike = [r for r in self.rows(content) if bytes(self.keys[r, 2]) == report and self._film_is(r, content)]
        return min(alike, default=None)

    def judge(self, content: Content) -> int | None:
        """The fold whose network has seen neither a study nor its patient; None where there is none, or none is needed:
        see `rows`."""
        held_out = {int(self.fold[r]) for r in self.rows(content)}
        return held_out.pop() if len(held_out) == 1 and BY_ALL not in held_out else None

    def with_answers(self, answers: Answers | None, folds: tuple[State, ...]) -> "Provenance":
        """The same studies, with what networks of its folds, of which these tensors differ, say of them."""
        return replace(self, answers=answers, folds=folds)

    def with_choice(self, contents: Sequence[Content]) -> "Provenance":
        """The same studies, of a network that these others chose: its epoch, or its temperature."""
        return replace(self, chosen_on=_unfolded(self.salt, _keys(self.salt, contents)))

    def has_chosen(self, content: Content) -> bool:
        """Whether a study, or another of its patient, chose this network."""
        return self.chosen_on is not None and bool(self.chosen_on.rows(content))

    def with_more(self, contents: Sequence[Content]) -> "Provenance":
        """The provenance of a network that learns these studies as well. Those of patients that are new are held out
        by a fold as well, where there are any. The answers go: they are of networks that have not learnt this."""
        fresh = {c: None for c in contents if not self._knows(c)}
        fold = []
        for content in fresh:
            judge = self.judge(content)
            if not self.rows(content) and self.folds:
                judge = int.from_bytes(_key(self.salt, content.patient)[:4]) % len(self.folds)
            fold.append(BY_ALL if judge is None else judge)
        keys = np.concatenate([self.keys, _keys(self.salt, tuple(fresh))])
        return replace(self, keys=keys, fold=np.concatenate([self.fold, np.array(fold, self.fold.dtype)]), answers=None)

    def pack(self) -> bytes:
        """All of it as the file that a checkpoint holds."""
        arrays = {"keys": self.keys, "fold": self.fold.astype(np.int32)}
        arrays |= {f"fold.{k}.{name}": tensor for k, state in enumerate(self.folds) for name, tensor in state.items()}
        if self.answers:
            arrays |= {f"answers.{name}": a for name, a in self.answers._asdict().items()}
        if self.chosen_on is not None:
            arrays[CHOSEN_ON] = self.chosen_on.keys
        facts = {"format": FORMAT, "salt": self.salt.hex(), "folds": str(len(self.folds))}
        return packed(arrays, facts)

    @cached_property
    def _where(self) -> dict[tuple[str, bytes], list[int]]:
        where = defaultdict(list)
        for row, (file, film, report, patient) in enumerate(self.keys.tolist()):
            has_film = any(film) or any(file)
            parts = (("film", file), ("film", film), ("patient", patient), ("" if has_film else "report", report))
            for kind, key in parts:
                if kind and any(key):
                    where[kind, bytes(key)].append(row)
        return where

    def _film_is(self, row: int, content: Content) -> bool:
        own = [bytes(key) for key in self.keys[row, :2]]
        asked = [bytes(_key(self.salt, part)) for part in content[:2]]
        return any(a == b and any(a) for a, b in zip(own, asked, strict=True)) or not any(map(any, own + asked))

    def _knows(self, content: Content) -> bool:
        """Whether the very study, of that patient, is among these."""
        row = self.same(content)
        return row is not None and bytes(self.keys[row, 3]) == bytes(_key(self.salt, content.patient))


def read_provenance(folder: Path) -> Provenance | None:
    """What lies beside a checkpoint's weights; None where nothing does.

    Raises:
        CheckpointError: the file is damaged.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        arrays, facts = unpacked(path, FORMAT)
        folds: tuple[State, ...] = tuple({} for _ in range(int(facts["folds"])))
        for name, array in arrays.items():
            if name.startswith("fold."):
                _, k, tensor = name.split(".", 2)
                folds[int(k)][tensor] = array
        answers = Answers(arrays["answers.has"], arrays["answers.logits"]) if "answers.has" in arrays else None
        salt = bytes.fromhex(facts["salt"])
        chosen_on = _unfolded(salt, arrays[CHOSEN_ON]) if CHOSEN_ON in arrays else None
        return Provenance(salt, arrays["keys"], arrays["fold"].astype(int), folds, answers, chosen_on)
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, IndexError) as error:
        raise CheckpointError(f"{path} does not say what the model learnt from; restore it, or train again.") from error


def _unfolded(salt: bytes, keys: UInt8[np.ndarray, "n 4 bytes"]) -> Provenance:
    return Provenance(salt, keys, np.full(len(keys), BY_ALL))


def _keys(salt: bytes, contents: Sequence[Content]) -> UInt8[np.ndarray, "n 4 bytes"]:
    return np.array([[list(_key(salt, part)) for part in c] for c in contents], np.uint8).reshape(-1, 4, BYTES)


def _key(salt: bytes, digest: bytes) -> bytes:
    return hashlib.blake2b(digest, key=salt, digest_size=BYTES).digest() if digest else bytes(BYTES)
