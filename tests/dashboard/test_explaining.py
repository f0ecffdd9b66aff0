"""Explanations leave the processor to who opens cases and moves β meanwhile."""

import os
import sys
import threading

import pytest

from dashboard.aside import Aside
from dashboard.explaining import Explanations, Methods
from dashboard.opening import open_study
from explain import DEFAULT, Superseded


def niceness() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a priority for each thread")
def test_what_takes_long_runs_at_a_lower_priority_than_who_asks(engine, table):
    case, own, seen = open_study(engine, table, "one"), niceness(), []

    def wanted() -> bool:
        seen.append(niceness())
        return True

    found = Explanations(engine, Aside()).evidence(case, engine.findings[0], Methods(**DEFAULT), wanted)
    assert found.report_method == "integrated_gradients"
    assert seen
    assert min(seen) > own
    assert niceness() == own


def test_who_asks_is_told_that_an_answer_is_not_wanted_any_more(engine, table):
    case = open_study(engine, table, "one")
    with pytest.raises(Superseded):
        Explanations(engine, Aside()).evidence(case, engine.findings[0], Methods(**DEFAULT), lambda: False)
