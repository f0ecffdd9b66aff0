"""A job in the background is run once a key, tells its progress, and is tried again where it failed."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from dashboard.serving.background_job import BackgroundJob, BackgroundJobs
from model.errors import ChoiceError


def test_a_job_is_run_once_a_key_for_all_who_ask():
    ran, go_on = [], threading.Event()

    def run(key, counted):
        ran.append(key)
        go_on.wait(30)
        return key.upper()

    jobs = BackgroundJobs("test", run)
    assert jobs.result("a") is None  # nobody asked for it, and asking for a result starts nothing
    with ThreadPoolExecutor(4) as readers:
        found = [job.result() for job in [readers.submit(jobs.of, key) for key in "abab"]]
    assert found[0] is found[2]
    assert found[1] is found[3]
    assert jobs.result("a") is None
    go_on.set()
    for job in found:
        assert all(progress == ("encoding", 0, 0, None) for progress in job.follow())
    assert [job.result for job in found] == ["A", "B", "A", "B"]
    assert jobs.result("a") == "A"
    assert sorted(ran) == ["a", "b"]


def test_a_job_tells_what_it_does_and_how_much_of_it_is_done():
    second, go_on = threading.Event(), threading.Event()

    def run(key, counted):
        for item in counted("layout")("xyz"):
            if item == "y":
                second.set()
                go_on.wait(30)
        return key

    jobs = BackgroundJobs("test", run)
    followed = jobs.of("a").follow()
    assert second.wait(30)
    *counted, left = next(followed)
    assert counted == ["layout", 1, 3]
    assert left > 0  # two steps, as long as the first one took
    go_on.set()
    assert all(progress.total == 3 for progress in followed)
    assert jobs.result("a") == "a"


def test_a_job_that_is_cancelled_ends_at_its_next_step_and_leaves_the_way_free():
    second, go_on, did = threading.Event(), threading.Event(), []

    def run(counted):
        for item in counted("layout")("xyz"):
            did.append(item)
            second.set()
            go_on.wait(30)

    job = BackgroundJob("test", run)
    assert second.wait(30)
    assert job.running
    job.cancel()
    go_on.set()
    assert list(job.messages(dict))[-1] == {"cancelled": True}
    assert (did, job.running, job.cancelled, job.error) == (["x"], False, True, "")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize(
    ("error", "said"), [(ChoiceError("No such map."), "No such map."), (KeyError("s1"), "The work failed (KeyError)")]
)
def test_a_job_that_failed_says_why_and_is_tried_again(error, said):
    errors = [error]

    def run(key, counted):
        if errors:
            raise errors.pop()
        return key

    jobs = BackgroundJobs("test", run)
    job = jobs.of("a")
    for _ in job.follow():
        pass
    assert job.error.startswith(said)
    assert "s1" not in job.error
    assert jobs.result("a") is None
    for _ in jobs.of("a").follow():
        pass
    assert jobs.result("a") == "a"
