"""What an import did: how many records became studies, and every one that did not, with the reason."""

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from model.config import FEW
from model.importing.record import ExclusionReason, Joined, LeftOut
from model.studies.table import SPLITS

JSON, TEXT = "import.json", "import.txt"
NAMED = 20  # records of each reason that the text names; the JSON names all


class Moved(NamedTuple):
    """A study that is not in the split that its source gave it."""

    where: str
    source: str
    split: str
    why: str


class Doubted(NamedTuple):
    """A record that is imported, and what is to be looked at."""

    where: str
    why: str


@dataclass
class ImportReport:
    """Counts, and what is behind them. `records` is always the studies, what was joined to one of them and what was
    left out, together.

    A record is a radiograph, or a row, report or file that has none.
    """

    images: str
    seed: int
    studies: int = 0
    without_report: int = 0
    splits: Counter = field(default_factory=Counter)
    patients: Counter = field(default_factory=Counter)  #: by split
    findings: dict[str, Counter] = field(default_factory=lambda: defaultdict(Counter))  #: by finding, by split
    moved: list[Moved] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    joined: list[Joined] = field(default_factory=list)
    doubted: list[Doubted] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  #: what was taken as meant, a clause each
    undealt: bool = False  #: no splits are written; those that are counted are what `split_of` makes of the table

    @property
    def records(self) -> int:
        return self.studies + len(self.joined) + len(self.left_out)

    def count(self, label: str, split: str, has_report: bool) -> None:
        """A study that is in the table."""
        self.studies += 1
        self.without_report += not has_report
        self.splits[split] += 1
        for finding in filter(None, label.split("|")):
            self.findings[finding][split] += 1

    def summary(self) -> dict:
        """The counts."""
        skipped = Counter(str(left.reason) for left in self.left_out)
        return {
            "records": self.records,
            "studies": self.studies,
            "joined": len(self.joined),
            "left_out": {str(reason): skipped[reason] for reason in ExclusionReason if skipped[reason]},
            "to_be_looked_at": len(self.doubted),
            "moved_to_another_split": len(self.moved),
            "without_report": self.without_report,
            "splits": _in_order(self.splits),
            "patients": _in_order(self.patients),
            "findings": {finding: _in_order(counts) for finding, counts in sorted(self.findings.items())},
            "splits_written": not self.undealt,
            "images": self.images,
            "seed": self.seed,
            "read_as_meant": self.notes,
        }

    def write(self, folder: Path) -> None:
        """Write `import.json`, with every record that was left out or moved, and `import.txt`, for reading."""
        left = [{"record": x.where, "reason": str(x.reason), "why": x.why} for x in self.left_out]
        moved = [{"record": x.where, "from": x.source, "to": x.split, "why": x.why} for x in self.moved]
        joined = [x._asdict() for x in self.joined]
        doubted = [x._asdict() for x in self.doubted]
        whole = {**self.summary(), "records_left_out": left, "records_joined": joined, "records_moved": moved}
        whole |= {"records_to_be_looked_at": doubted}
        (folder / JSON).write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", "utf-8")
        (folder / TEXT).write_text("\n".join(self.in_words()) + "\n", "utf-8")

    def commonest(self) -> str:
        """The commonest reason for which a record was left out, with an example."""
        (why, n), *_ = Counter(x.why for x in self.left_out).most_common(1) or [("there is none", 0)]
        return f"The commonest reason, {n:,} times: {why.rstrip('.')}."

    def in_words(self) -> list[str]:
        """The report for a person, a line each."""
        joined = f"{len(self.joined):,} joined to others, " if self.joined else ""
        lines = [f"{self.records:,} records: {self.studies:,} studies, {joined}{len(self.left_out):,} left out."]
        lines += [f"{self.without_report:,} studies have no report."] if self.without_report else []
        lines += [f"Read as meant: {note}." for note in self.notes]
        lines += self._whole() if self.undealt else self._by_split()
        for reason in ExclusionReason:
            named = [f"{x.where}: {x.why}" for x in self.left_out if x.reason == reason]
            lines += _section(f"Left out: {reason}", named)
        lines += _section("Kept, to be looked at", [f"{x.where}: {x.why}" for x in self.doubted])
        lines += _section("Joined", [f"{x.where}: to {x.into}" for x in self.joined])
        moved = [f"{x.where}: {x.source} -> {x.split}, {x.why}" for x in self.moved]
        return lines + _section("In another split than the source's", moved)

    def _by_split(self) -> list[str]:
        lines = [f"  {s}: {self.splits[s]:,} studies of {self.patients[s]:,} patients" for s in SPLITS]
        for finding, counts in sorted(self.findings.items()):
            lines.append(f"  {finding}: " + ", ".join(f"{counts[split]:,} {split}" for split in SPLITS))
        return lines

    def _whole(self) -> list[str]:
        lines = [f"  {self.studies:,} studies of {self.patients.total():,} patients"]
        lines += [f"  {finding}: {counts.total():,}" for finding, counts in sorted(self.findings.items())]
        return [
            *lines,
            f"Fewer than {FEW:,} studies: no splits are written, as `betalens train` cross-validates over patients.",
        ]


def _in_order(counts: Counter) -> dict[str, int]:
    return {split: counts[split] for split in SPLITS}


def _section(title: str, lines: list[str]) -> list[str]:
    if not lines:
        return []
    more = [f"... and {len(lines) - NAMED:,} more, in {JSON}"] if len(lines) > NAMED else []
    return ["", f"{title} ({len(lines):,})", *(f"  {line}" for line in lines[:NAMED] + more)]
