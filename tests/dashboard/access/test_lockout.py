"""Who guesses waits; the counts themselves, on a clock that a test moves."""

import pytest

from dashboard.access import lockout
from dashboard.access.base import LoginRefusedError
from dashboard.access.lockout import (
    FADES,
    MOST_FAILURES,
    NAME_FADES,
    NAME_FAILURES,
    PLACE_FAILURES,
    Buckets,
    Lockout,
    place_of,
)


@pytest.fixture
def clock(monkeypatch):
    """Seconds, to be set."""
    now = [1000.0]
    monkeypatch.setattr(lockout.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def counts(clock) -> Lockout:
    return Lockout()


def fails(counts: Lockout, name: str, address: str, times: int = 1, device: str = "") -> int:
    """How many of so many attempts were judged, of which none succeeded."""
    judged = 0
    for _ in range(times):
        try:
            counts.begin(name, address, device)
            judged += 1
        except LoginRefusedError:
            pass
    return judged


def address(i: int) -> str:
    return f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}"


def test_after_five_failures_one_more_is_judged_each_minute(counts, clock):
    assert fails(counts, "rita", "10.0.0.1", 20) == MOST_FAILURES
    for _ in range(3):
        clock[0] += FADES
        assert fails(counts, "rita", "10.0.0.1", 20) == 1


def test_who_waits_is_told_how_long(counts, clock):
    fails(counts, "rita", "10.0.0.1", MOST_FAILURES)
    clock[0] += 10
    with pytest.raises(LoginRefusedError) as refused:
        counts.begin("rita", "10.0.0.1")
    assert refused.value.retry == FADES - 10


def test_failures_from_one_address_never_reach_another(counts, clock):
    for _ in range(24 * 60):  # a day of it
        fails(counts, "rita", "10.0.0.1", 10)
        clock[0] += 60
    counts.succeeded(counts.begin("rita", "10.0.0.2"))


def test_with_many_addresses_a_name_can_be_guessed_at_a_hundred_times_and_then_once_a_minute(counts, clock):
    assert sum(fails(counts, "rita", address(i)) for i in range(1000)) == NAME_FAILURES
    clock[0] += 10 * NAME_FADES
    assert sum(fails(counts, "rita", address(i)) for i in range(1000, 2000)) == 10


def test_and_its_owner_is_let_in_all_the_while_where_they_are_known(counts, clock):
    counts.succeeded(counts.begin("rita", "192.0.2.1"))
    sum(fails(counts, "rita", address(i)) for i in range(1000))
    counts.succeeded(counts.begin("rita", "192.0.2.1"))
    counts.succeeded(counts.begin("rita", "192.0.2.77", device="hers"))
    with pytest.raises(LoginRefusedError):
        counts.begin("rita", "192.0.2.78")


def test_one_password_at_many_names_is_counted_by_address(counts):
    assert sum(fails(counts, f"person-{i}", "10.0.0.1") for i in range(1000)) == PLACE_FAILURES
    assert fails(counts, "person-7", "10.0.0.2") == 1


def test_a_success_gives_no_new_guesses_at_others(counts):
    for i in range(200):
        fails(counts, f"person-{i}", "10.0.0.1")
        try:
            counts.succeeded(counts.begin("an attacker's own", "10.0.0.1"))
        except LoginRefusedError:
            break
    assert sum(fails(counts, f"other-{i}", "10.0.0.1") for i in range(100)) <= 1


def test_a_subscriber_s_network_of_ipv6_is_one_address(counts):
    tries = [f"2001:db8:1:2::{i:x}" for i in range(1, 100)]
    assert sum(fails(counts, "rita", each) for each in tries) == MOST_FAILURES
    assert fails(counts, "rita", "2001:db8:1:3::1") == 1
    assert place_of("::ffff:10.0.0.1") != place_of("::ffff:10.0.0.2")
    assert place_of("unix") == "unix"


def test_what_waits_is_never_forgotten_for_the_sake_of_others(counts, clock, monkeypatch):
    monkeypatch.setattr(lockout, "COUNTED", 500)
    fails(counts, "rita", "10.0.0.1", MOST_FAILURES)
    judged = sum(fails(counts, f"other-{i}", address(i)) for i in range(10, 5000))
    assert judged <= 500
    assert fails(counts, "rita", "10.0.0.1") == 0
    clock[0] += 10 * FADES
    assert fails(counts, "somebody", "10.9.9.9") == 1


def test_a_bucket_keeps_nothing_of_what_has_faded(clock):
    buckets = Buckets(5, 60)
    buckets.add(b"one", clock[0])
    buckets.add(b"one", clock[0], -1)
    assert buckets.wait(b"one", clock[0]) == 0
    assert buckets._levels == {}
