"""Explanations wait in line: in the order in which they were asked for, each told its place."""

import threading
import time

from dashboard.review.service import CaseService
from dashboard.review.steps import Staged, Waiting
from dashboard.serving.fair_queue import FairQueue
from dashboard.serving.served import ServedModel
from dashboard.serving.session import Session

SOON = 5.0  # seconds within which a thread takes its turn on a busy machine


def test_the_first_works_and_the_others_know_their_place():
    line = FairQueue()
    with line.place() as first, line.place() as second, line.place() as third:
        assert [ahead(0) for ahead in (first, second, third)] == [0, 1, 2]


def test_who_leaves_lets_the_others_move_up():
    line = FairQueue()
    first = line.place()
    first.__enter__()
    with line.place() as second:
        assert second(0) == 1
        first.__exit__(None, None, None)
        assert second(0) == 0


def test_as_many_work_as_there_are_slots():
    line = FairQueue(slots=2)
    with line.place() as first, line.place() as second, line.place() as third:
        assert [ahead(0) for ahead in (first, second, third)] == [0, 0, 1]


def test_who_is_not_wanted_any_more_holds_nobody_up():
    line, wanted = FairQueue(), [True]
    with line.place(lambda: wanted[0]), line.place() as second:
        assert second(0) == 1
        wanted[0] = False
        assert second(0) == 0


def test_first_come_first_served():
    line, served = FairQueue(), []

    def work(name: int) -> None:
        with line.place() as ahead:
            while ahead(0.01):
                pass
            served.append(name)

    with line.place():
        threads = []
        for name in range(8):
            threads.append(threading.Thread(target=work, args=(name,)))
            threads[-1].start()
            end = time.monotonic() + SOON
            while len(line) < name + 2 and time.monotonic() < end:
                time.sleep(0.001)
    for thread in threads:
        thread.join(SOON)
    assert served == list(range(8))


def test_a_reader_is_told_the_place_and_then_gets_the_explanation(engine, table):
    reviewer, session = CaseService(ServedModel(engine, table)), Session(beta=0.5)
    with reviewer.explanations.queue.place():
        steps = reviewer.open_study(session, "one", 0.5)
        assert isinstance(next(steps), Staged)
        assert next(steps) == Waiting(session.request_id, 1)
    assert isinstance(next(steps), Staged)


def test_what_is_at_hand_does_not_wait(engine, table):
    reviewer = CaseService(ServedModel(engine, table))
    list(reviewer.open_study(Session(beta=0.5), "one", 0.5))
    with reviewer.explanations.queue.place():
        assert [type(s) for s in reviewer.open_study(Session(beta=0.5), "one", 0.5)] == [Staged]


def test_a_newer_request_leaves_the_line(engine, table):
    reviewer, session = CaseService(ServedModel(engine, table)), Session(beta=0.5)
    with reviewer.explanations.queue.place():
        steps = reviewer.open_study(session, "one", 0.5)
        next(steps), next(steps)
        session.next_request()
        assert list(steps) == []
        assert len(reviewer.explanations.queue) == 1
