"""Splits by patient that keep the shares of each finding: reproducible in their seed, whatever the order of studies."""

import hashlib
from collections import Counter, defaultdict

from model.studies.names import hint, is_missing, key

SPLITS = ("train", "val", "test")
CALLED = {  # by other names too
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validate", "validation"), "val"),
    **dict.fromkeys(("test", "testing"), "test"),
}
SHARES = {"train": 0.7, "val": 0.15, "test": 0.15}
OF_TRAIN = {"train": 0.85, "val": 0.15}  # where a source has splits but none to validate on
STRICTEST = SPLITS  # the last of a patient's splits holds: nobody is both trained and tested on
WITHOUT_FINDING = ""  # studies without any are a stratum too


def read_split(cell: str) -> tuple[str, str | None]:
    """The split that a cell names, "" where it names none; and why it cannot be told."""
    if is_missing(cell):
        return "", None
    if split := CALLED.get(key(cell)):
        return split, None
    return "", f"its split is {cell[:20]!r}, not one of {', '.join(SPLITS)}; {hint(cell, SPLITS)}"


def divided(studies: list[tuple[str, str, str]], seed: int) -> list[str]:
    """The split of each study, the same for all studies of a patient.

    A patient keeps the split of the source, the strictest if there are several; the others are dealt out. Where no one
    is in val then, some of those in train are.

    Args:
        studies: patient, findings joined by `|`, and the source's split or "", of each study.
    """
    chosen: dict[str, str] = {}
    for patient, _, split in studies:
        if split:
            chosen[patient] = max(split, chosen.get(patient, split), key=STRICTEST.index)
    chosen |= stratified_split([(p, label) for p, label, _ in studies if p not in chosen], seed)
    if "val" not in chosen.values():
        chosen |= stratified_split([(p, label) for p, label, _ in studies if chosen[p] == "train"], seed, OF_TRAIN)
    return [chosen[patient] for patient, _, _ in studies]


def stratified_split(studies: list[tuple[str, str]], seed: int, shares: dict[str, float] = SHARES) -> dict[str, str]:
    """Patient -> split.

    Iterative stratification (Sechidis, Tsoumakas and Vlahavas, 2011) over patients: from the rarest finding to the
    commonest, each patient who has it goes where that finding is wanted most; among equals, where there is most room.

    Args:
        studies: the patient and the findings, joined by `|`, of each study.
        seed: of the order in which patients are dealt out.
    """
    of_patient: dict[str, Counter] = defaultdict(Counter)
    patients_with: dict[str, set[str]] = defaultdict(set)
    for patient, label in studies:
        for finding in label.split("|"):
            of_patient[patient][finding] += 1
            patients_with[finding].add(patient)
    total = sum(of_patient.values(), Counter())
    wanted = {split: {f: share * n for f, n in total.items()} for split, share in shares.items()}
    room = {split: share * total.total() for split, share in shares.items()}
    chosen: dict[str, str] = {}
    for finding in sorted(total, key=lambda f: (f == WITHOUT_FINDING, total[f], f)):
        waiting = patients_with[finding] - chosen.keys()
        # Among as many studies the order is drawn: by digests, so that it does not depend on that of the table.
        drawn = sorted(waiting, key=lambda p: hashlib.sha256(f"{seed} {p}".encode()).digest())
        for patient in sorted(drawn, key=lambda p: -of_patient[p].total()):
            split = max(shares, key=lambda s: (wanted[s][finding], room[s]))
            chosen[patient] = split
            room[split] -= of_patient[patient].total()
            for other, n in of_patient[patient].items():
                wanted[split][other] -= n
    return chosen


def split_of(patient: str) -> str:
    """70 % train, 15 % val, 15 % test by a hash of the patient: the same for all time, and no patient in two."""
    draw = int.from_bytes(hashlib.sha256(patient.encode()).digest()[:4]) / 2**32
    return "train" if draw < 0.7 else "val" if draw < 0.85 else "test"
