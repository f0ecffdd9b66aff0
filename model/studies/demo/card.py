"""The demo's data card: what is known of it in words, and the counts of the studies that were planned."""

from collections import Counter
from collections.abc import Sequence
from importlib.resources import files

from model.studies.demo import plan
from model.studies.demo.reports import FINDINGS


def data_card(studies: Sequence[plan.Planned]) -> str:
    """The card of these studies, Markdown."""
    text = files(__package__).joinpath("DATA_CARD.md").read_text("utf-8")
    shares = {
        name: f"{getattr(plan, name.upper()):.0%}"
        for name in (
            "hidden", "subtle", "silent", "masked", "missed", "hedged", "restated", "suspected", "denied", "resolved",
        )
    }  # fmt: skip
    anatomies = len({study.anatomy for study in studies})
    return text.format(counts=_counts(studies), anatomies=f"{anatomies:,}", **shares)


def _counts(studies: Sequence[plan.Planned]) -> str:
    by_split = [[s for s in studies if s.split == name] for name in plan.SPLITS]
    concordant = [[s for s in some if s.mishap != "patient"] for some in by_split]
    rows: list[tuple[str, list[int]]] = [
        ("studies", [len(some) for some in by_split]),
        ("reports", [len({s.report_id for s in some}) for some in by_split]),
        ("bodies", [len({s.anatomy for s in some}) for some in by_split]),
        ("none of the eight", [sum(not s.present for s in some) for some in by_split]),
        ("another patient's report (discordant)", [_of_mishap(some, "patient") for some in by_split]),
        ("sides exchanged in the report", [_of_mishap(some, "side") for some in by_split]),
        ("a wrong label", [_of_mishap(some, "label") for some in by_split]),
    ]
    often = [Counter(f for s in some for f in s.labels) for some in concordant]
    rows += [(finding, [count[finding] for count in often]) for finding in FINDINGS]
    lines = [f"| number of | {' | '.join(plan.SPLITS)} |", "|---" * (1 + len(plan.SPLITS)) + "|"]
    return "\n".join(lines + [f"| {name} | {' | '.join(map(str, numbers))} |" for name, numbers in rows])


def _of_mishap(studies: Sequence[plan.Planned], mishap: str) -> int:
    return sum(s.mishap == mishap for s in studies)
