"""A table as a model names its findings: what is spelt otherwise is renamed, what the model does not know is refused.

A finding that is unknown to a model would count as absent, in every figure and in what is learnt.
"""

from functools import cache

from model.config import MULTI_LABEL, SINGLE_LABEL, Config
from model.errors import StudyTableError
from model.studies.names import NO_FINDING, hint, key
from model.studies.table import StudyTable

NAMED = 5  # further unknown findings in the sentence


def named_for(table: StudyTable, config: Config) -> StudyTable:
    """The table with its labels as the model spells them; the same one where nothing is spelt otherwise. Its `notes`
    say what was renamed.

    "No finding" is no label of a multi-label model that has no such finding, and the label of studies without one where
    a single-label model has it.

    Raises:
        StudyTableError: a label is unknown to the model.
    """
    known = {key(f): f for f in config.findings}
    absent = dict.fromkeys(NO_FINDING, "") if config.problem_type == MULTI_LABEL else {}
    meant = absent | known
    if unknown := [name for name in table.findings if key(name) not in meant]:
        raise StudyTableError(_refusal(table, unknown, config.findings))
    named = {name: meant[key(name)] for name in table.findings}
    none = next((f for k, f in known.items() if k in NO_FINDING), "") if config.problem_type == SINGLE_LABEL else ""
    renamed = {name: f for name, f in named.items() if name != f}
    bare = bool(none) and any(not s.labels for s in table.studies)
    if not renamed and not bare:
        return table

    @cache
    def labels(of: frozenset[str]) -> frozenset[str]:
        return frozenset(named[name] for name in of) - {""} or frozenset({none} - {""})

    notes = [f"the finding {name!r} is read as the model's {f!r}" for name, f in renamed.items() if f]
    notes += [f"{name!r} is read as no finding" for name, f in renamed.items() if not f]
    notes += [f"studies without a label are read as {none!r}"] if bare else []
    studies = [s._replace(labels=labels(s.labels)) for s in table.studies]
    notes, stories = (*table.notes, *notes), table.stories.renamed(named)
    return StudyTable(table.name, studies, table.skipped, table.digest, table.about, notes, stories)


def _refusal(table: StudyTable, unknown: list[str], findings: tuple[str, ...]) -> str:
    first = next(s for s in table.studies if not s.labels.isdisjoint(unknown))
    name = min(first.labels & set(unknown))
    others = [repr(n) for n in unknown if n != name]
    more = f" It knows none of {', '.join(others[:NAMED])} either." if others else ""
    return (
        f"Line {first.line} of {table.name} names the finding {name!r}, which the model does not know: "
        f"{hint(name, findings)}.{more} Rename such labels in the table, or take them out."
    )
