"""Which reference studies the picker offers: every study of the table can be reached, a page of cards at a time.

What a reader asks for is a `Question`: words, filters, an order, or the queue of what is most worth a look. Where it
asks for nothing, the stories of the table come first. In blind mode the cards say nothing of what a study has, stand in
an order that says nothing of it either, shuffled by a seed that is the reader's own, and no story is told.
"""

import json
import random
from collections.abc import Callable, Mapping, Sequence
from itertools import chain, zip_longest
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from jaxtyping import Float

from dashboard.ui.payload import as_json
from dashboard.ui.pictures import thumbnail
from explain.cohort.worklist import Candidate
from model.studies.splits import SPLITS
from model.studies.stories import Story
from model.studies.table import Study, StudyTable

CARDS = 24  # of one page
MOST_CHARACTERS = 200  # of what is searched for

SplitName = Literal["", "train", "val", "test", "all"]
Judged = Literal["", "yes", "no"]
Order = Literal["mixed", "id", "likely", "uncertain"]
Queue = Literal["", "evaluation", "training"]
Probabilities = Callable[[], dict[str, Float[np.ndarray, "n"]]]


class Question(NamedTuple):
    """What a reader asks to see of the table; an empty field asks for nothing.

    Attributes:
        text: stands in the study's id or in its report, whatever the case of the letters.
        finding: the study has it; likelihood and uncertainty are of it.
        discordant: image and report disagree on purpose.
        split: "" for the test split, and for all where there is none.
        judged: "yes" for what the reader has judged, "no" for what they have not.
        order: "mixed", every finding in turn; "likely", the highest probability first; "uncertain", nearest to ½ first.
        queue: what is most worth a look, of the studies whose verdicts measure the model ("evaluation"), or of those
            whose verdicts teach it ("training"). Only `text` and `judged` narrow it.
        offset: how many studies come before the first card.
        number: the page's own, which comes back with the answer.
    """

    text: str = ""
    finding: str = ""
    discordant: bool = False
    split: SplitName = ""
    judged: Judged = ""
    order: Order = "mixed"
    queue: Queue = ""
    offset: int = 0
    number: int = 0

    @property
    def narrows(self) -> bool:
        """Whether it asks for some of the studies: an order is no choice, nor is a split that is shown unasked."""
        chosen = self.text or self.finding or self.discordant or self.judged or self.queue
        return bool(chosen) or self.split in ("train", "val")

    @classmethod
    def read(cls, asked: Mapping[str, Any]) -> "Question":
        """From what the page sent; what is not understood asks for nothing."""
        understood: dict[str, Any] = {
            name: asked[name]
            for name, allowed in {"split": SplitName, "judged": Judged, "order": Order, "queue": Queue}.items()
            if asked.get(name) in get_args(allowed)
        }
        counts: dict[str, Any] = {
            name: n for name in ("offset", "number") if type(n := asked.get(name)) is int and n >= 0
        }
        return cls(
            text=str(asked.get("text") or "")[:MOST_CHARACTERS].strip(),
            finding=str(asked.get("finding") or "")[:MOST_CHARACTERS],
            discordant=bool(asked.get("discordant")),
            **understood,
            **counts,
        )


class Reader(NamedTuple):
    """For whom the cards are.

    Attributes:
        seed: of the order in blind mode.
        blind: whether nothing may be said of what a study has, or of what the model says of it.
        judged: the reader's verdicts that stand, by study.
    """

    seed: str = ""
    blind: bool = False
    judged: Mapping[str, str] = {}


DEFAULT, ANYBODY = Question(), Reader()


def offered_cases(
    table: StudyTable,
    question: Question = DEFAULT,
    reader: Reader = ANYBODY,
    probabilities: Probabilities | None = None,
    candidates: Callable[[], list[Candidate]] = list,
) -> str:
    """The value of the picker.

    Args:
        probabilities: of each finding, for every study of the table, which an order may ask for.
        candidates: what is most worth a look, first first, which a queue asks for.
    """
    reasons: dict[str, list[dict[str, Any]]] = {}
    told = () if reader.blind or question.narrows else table.stories.stories
    if question.queue:
        queued = candidates()
        reasons = {c.study_id: [r._asdict() for r in c.reasons] for c in queued}
        studies = [s for c in queued if in_queue(s := table.by_id(c.study_id), question.queue)]
        question = question._replace(finding="", discordant=False, split="", order="mixed")
    else:
        studies = list(_of_split(table, question.split))
    if reader.blind:
        order = "id" if question.order == "id" else "mixed"
        question = question._replace(finding="", discordant=False, order=order)
    has_discordant = any(s.discordant for s in studies)
    found = [s for s in studies if _passes(s, question, reader)]
    if not question.queue:
        found = _ordered(table, found, question, reader, probabilities)
    elif reader.blind:
        found = _shuffled(found, reader)
    return as_json(
        {
            "findings": table.findings,
            "splits": [split for split in SPLITS if any(s.split == split for s in table.studies)],
            "has_discordant": has_discordant,
            "question": question._asdict(),
            "blind": reader.blind,
            "stories": [_line(story, reader) for story in told],
            "stories_of": table.stories.checkpoint,
            "total": len(found),
            "studies": [
                _card(s, reader, reasons.get(s.study_id, [])) for s in found[question.offset : question.offset + CARDS]
            ],
        }
    )


def ids_of(offered: str) -> list[str]:
    """The studies whose films the value of a picker shows."""
    return [study["id"] for study in json.loads(offered)["studies"]]


def in_queue(study: Study, queue: Queue) -> bool:
    """Whether a verdict on this study does what the queue is for: one on a training study teaches the model, one on any
    other measures it."""
    return (study.split == "train") == (queue == "training")


def in_turn(studies: Sequence[Study], findings: Sequence[str]) -> list[Study]:
    """The studies in turn from each finding, from those without any, and from the discordant ones."""
    single = sorted(studies, key=lambda s: len(s.labels))  # a study with one finding shows it best
    turns = [[s for s in single if name in s.labels and not s.discordant] for name in findings]
    turns += [[s for s in single if not s.labels], [s for s in single if s.discordant]]
    found = (s for s in chain.from_iterable(zip_longest(*turns)) if s)
    return list({s.study_id: s for s in found}.values())


def _of_split(table: StudyTable, split: str) -> Sequence[Study]:
    """Those of a split; by default of the test split, which the model has never seen, and all where there is none."""
    found = tuple(s for s in table.studies if s.split == (split or "test"))
    return table.studies if split == "all" or not (found or split) else found


def _passes(study: Study, question: Question, reader: Reader) -> bool:
    text = question.text.casefold()
    return (
        (not question.finding or question.finding in study.labels)
        and (not question.discordant or study.discordant)
        and (not question.judged or (study.study_id in reader.judged) == (question.judged == "yes"))
        and (not text or text in study.study_id.casefold() or text in study.report.casefold())
    )


def _ordered(
    table: StudyTable,
    studies: list[Study],
    question: Question,
    reader: Reader,
    probabilities: Probabilities | None,
) -> list[Study]:
    if question.order == "id":
        return sorted(studies, key=lambda s: s.study_id)
    if question.order in ("likely", "uncertain") and probabilities:
        by_finding = probabilities()
        p = np.stack([by_finding[question.finding]] if question.finding in by_finding else [*by_finding.values()], 1)
        first = p.max(1) if question.order == "likely" else -np.abs(p - 0.5).min(1)
        place = {s.study_id: i for i, s in enumerate(table.studies)}
        return sorted(studies, key=lambda s: -first[place[s.study_id]])
    if reader.blind:
        return _shuffled(studies, reader)
    return studies if question.finding or question.discordant or question.text else in_turn(studies, table.findings)


def _shuffled(studies: list[Study], reader: Reader) -> list[Study]:
    """In an order that is the reader's own, and the same each time."""
    return random.Random(reader.seed).sample(studies, len(studies))


def _line(story: Story, reader: Reader) -> dict[str, Any]:
    return story.model_dump(exclude={"flip"}) | {"judged": reader.judged.get(story.study, "")}


def _card(study: Study, reader: Reader, reasons: list[dict[str, Any]]) -> dict[str, Any]:
    known = not reader.blind
    return {
        "id": study.study_id,
        "labels": sorted(study.labels) if known else None,
        "discordant": study.discordant and known,
        "split": study.split,
        "judged": reader.judged.get(study.study_id, ""),
        "thumb": thumbnail(study.image),
        "reasons": reasons if known else [],
    }
