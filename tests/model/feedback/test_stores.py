"""Every acknowledged flag is there, once, whole, and says exactly what was typed; in a folder and in PostgreSQL."""

import multiprocessing
import random
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from helpers import random_film
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from writing import FLAG, a_flag, flag_of_id, race, write_many, write_until_killed

from model.errors import FeedbackError, TakenError
from model.feedback import FeedbackStore, as_csv, open_store, standing, utc_now


def test_flags_read_back_exactly_and_in_order(store, address):
    assert store.rows() == []
    flags = [FLAG, a_flag(report="", probabilities={}, corrected_labels=()), a_flag(beta=1 / 3, time_utc=utc_now())]
    assert [store.append(flag) for flag in flags] == [flag.flag_id for flag in flags]
    assert store.rows() == flags == open_store(address).rows()
    assert store.count() == 3
    assert flags[0].probabilities == {"Effusion": 0.123457, "Nodule": 0.0, "Cardiomegaly": 1.0}


anything = st.text(st.characters(), max_size=40)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.tuples(anything, anything, anything), min_size=1, max_size=4))
@example(texts=[("\r\n", "'\r", "\\u000d\\\\"), ('"\n"', "\x00\ud800\udfff", "\ufeff,\x1a\x85\u2028"), ("", "NA", "'")])
def test_any_text_comes_back_as_it_was_typed(store, texts):
    flags = [a_flag(report=a, comment=b, reviewer=b, corrected_labels=(c,), study_id=c) for a, b, c in texts]
    for flag in flags:
        store.append(flag)
    assert store.rows()[-len(flags) :] == flags


def test_a_very_long_report_does_not_hide_other_rows(store):
    flags = [a_flag(report="x" * 300_000), a_flag()]
    for flag in flags:
        store.append(flag)
    assert store.rows() == flags
    with pytest.raises(FeedbackError, match="at most"):
        store.append(a_flag(comment="x" * 5_000_000))
    assert store.rows() == flags


def test_a_retry_is_acknowledged_and_kept_once_whichever_server_it_reaches(store, address):
    for each in (store, store, open_store(address), store):
        assert each.append(FLAG) == FLAG.flag_id
    assert store.rows() == [FLAG]


@pytest.mark.parametrize(
    "changes",
    [
        {"study_id": "s2"}, {"reviewer": "B"}, {"verdict": "agree"}, {"comment": ""}, {"report": ""}, {"beta": 0.4},
        {"corrected_labels": ()}, {"wrong_words": ()}, {"wrong_regions": ()}, {"blind": False}, {"image_sha256": ""},
        {"wrong_evidence": "both"}, {"probabilities": {}}, {"model_digest": "ef" * 32}, {"image_name": "another.png"},
        {"verdict": "undo", "undoes": "f9"},
    ],
)  # fmt: skip
def test_an_id_that_is_taken_by_other_content_is_refused_and_the_same_again_is_not(store, address, changes):
    store.append(FLAG)
    other = FLAG.changed(**changes)
    for each in (store, open_store(address)):
        with pytest.raises(TakenError, match="a verdict with other content has its id") as caught:
            each.append(other)
        assert caught.value.flag == FLAG
        later = FLAG.changed(time_utc="2026-02-01T00:00:00Z", app_version="0.2.0")
        assert each.save(later) == FLAG
    assert store.rows() == [FLAG]


def test_an_id_that_was_purged_is_taken_but_for_a_retry_of_what_was(store):
    store.append(FLAG)
    store.take_out("s1")
    with pytest.raises(TakenError, match="was purged has its id"):
        store.append(FLAG.changed(time_utc="2026-02-01T00:00:00Z"))
    store.append(FLAG)
    assert standing(store.rows()) == []


def test_of_two_servers_that_race_for_an_id_one_is_told_that_it_is_taken(address):
    """On a folder each has a file of its own."""
    forkserver = multiprocessing.get_context("forkserver")
    queue = forkserver.Queue()
    racers = [forkserver.Process(target=race, args=(address, name, 40, queue)) for name in ("left", "right")]
    for racer in racers:
        racer.start()
    kept = dict(queue.get(timeout=120) for _ in racers)
    for racer in racers:
        racer.join()
    won = [dict.fromkeys(ids, name) for name, ids in kept.items()]
    assert not won[0].keys() & won[1].keys()
    rows = {flag.flag_id: flag.reviewer for flag in open_store(address).rows()}
    assert rows == won[0] | won[1]
    assert len(rows) == 40


def test_the_csv_of_a_store_is_a_file_that_reads_back_the_same(store, tmp_path):
    flags = [FLAG, a_flag(comment="=1\r\n"), a_flag(verdict="undo", undoes="f0")]
    for flag in flags:
        store.append(flag)
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "flags.csv").write_bytes(as_csv(store.rows()))
    assert FeedbackStore(tmp_path / "copy").rows() == flags


# What is taken out


def test_a_purge_takes_out_all_that_is_kept_of_a_study_and_nothing_else(store):
    film, other = random_film(1)._replace(sha256="11" * 32), random_film(2)._replace(sha256="22" * 32)
    for each in (film, other):
        store.keep_film(each)
    hers = [
        a_flag(study_id="s1", image_sha256=film.sha256, time_utc="2026-01-31T12:00:00Z"),
        a_flag(study_id="", image_sha256=film.sha256, report="the same film, uploaded apart"),
    ]
    undo = FLAG.tombstone().changed(flag_id="undo", verdict="undo", undoes=hers[0].flag_id, comment="Her name")
    others = [a_flag(study_id="s2", image_sha256=other.sha256), a_flag(study_id="", image_sha256="")]
    for flag in (hers[0], others[0], hers[1], undo, others[1]):
        store.append(flag)
    assert store.take_out("s1").rows == 3
    gone = [flag.tombstone() for flag in (*hers, undo)]
    assert store.rows() == [gone[0], others[0], gone[1], gone[2], others[1]]
    assert standing(store.rows()) == others
    assert store.film(film.sha256) is None
    assert store.film(other.sha256) is not None
    assert store.take_out("s1").rows == 0
    store.append(hers[0])  # a retry that was under way
    assert store.rows()[0] == gone[0]


def test_an_uploaded_film_is_purged_by_the_name_that_the_page_gives_it(store):
    uploaded, other = a_flag(study_id="", image_sha256="12" * 32), a_flag(study_id="", image_sha256="34" * 32)
    for flag in (uploaded, other):
        store.append(flag)
    assert store.take_out(f"film-{'12' * 6}").rows == 1
    assert standing(store.rows()) == [other]


def test_a_purge_needs_a_study_and_a_tombstone_is_no_verdict(store):
    store.append(a_flag(study_id=""))
    with pytest.raises(FeedbackError, match="needs the id"):
        store.take_out("")
    with pytest.raises(FeedbackError, match="not a verdict"):
        store.append(FLAG.tombstone())


def test_a_purge_loses_nothing_that_others_save_meanwhile(store, address):
    forkserver = multiprocessing.get_context("forkserver")
    for number in range(5):
        store.append(a_flag(study_id=f"purged {number}"))
    writers = [forkserver.Process(target=write_many, args=(address, f"p{n}", 2, 40)) for n in range(2)]
    for writer in writers:
        writer.start()
    purged = 0
    while any(writer.is_alive() for writer in writers):
        store.append(a_flag(study_id=f"purged {purged}"))
        assert store.take_out(f"purged {purged}").rows
        purged += 1
    assert [writer.exitcode for writer in writers] == [0, 0]
    rows = store.rows()
    ids = Counter(flag.flag_id for flag in rows)
    assert set(ids.values()) == {1}
    assert {f"p{n}-{t}-{i}" for n in range(2) for t in range(2) for i in range(40)} <= set(ids)
    assert not [flag for flag in rows if flag.study_id in {f"purged {n}" for n in range(purged)}]


def test_a_film_comes_back_as_it_was_seen(store):
    film = random_film(3)
    assert store.film("ab" * 32) is None
    for _ in range(2):
        store.keep_film(film._replace(sha256="ab" * 32))
    kept = store.film("ab" * 32)
    np.testing.assert_allclose(kept.pixels, film.pixels, atol=1e-5)
    assert (kept.sha256, kept.pixels.dtype) == ("ab" * 32, np.float32)


# Many at once


def test_three_processes_of_four_threads_lose_nothing_not_even_in_the_first_write(store, address):
    forkserver = multiprocessing.get_context("forkserver")
    workers = [forkserver.Process(target=write_many, args=(address, f"p{n}", 4, 25)) for n in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    ids = Counter(flag.flag_id for flag in store.rows())
    assert ids == Counter(f"p{n}-{t}-{i}" for n in range(3) for t in range(4) for i in range(25))


def kill_writers(address: str, folder: Path, kills: int) -> list[Path]:
    """Keep three writing processes of four threads, and kill one of them at random so many times.

    Returns:
        What each process acknowledged.
    """
    forkserver, rng = multiprocessing.get_context("forkserver"), random.Random(kills)
    forkserver.set_forkserver_preload(["__main__", "writing"])
    logs, running = [], []

    def start():
        logs.append(folder / f"acknowledged-{len(logs)}")
        running.append(forkserver.Process(target=write_until_killed, args=(address, logs[-1], 4)))
        running[-1].log = logs[-1]
        running[-1].start()

    def kill(process):
        process.kill()
        process.join()
        running.remove(process)

    try:
        for _ in range(3):
            start()
        for _ in range(kills):
            victim = rng.choice(running)
            while not (victim.log.exists() and victim.log.stat().st_size):
                assert victim.is_alive()
                time.sleep(0.01)
            time.sleep(rng.uniform(0, 0.1))
            kill(victim)
            start()
    finally:
        for process in list(running):
            kill(process)
    return logs


@pytest.mark.parametrize("kills", [3, pytest.param(50, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])])
def test_every_flag_acknowledged_before_kill_9_is_there_once_and_whole(store, address, tmp_path, kills):
    logs = kill_writers(address, tmp_path, kills)
    acknowledged = [line for log in logs if log.exists() for line in log.read_text().split()]
    store.append(FLAG)  # what the last kill tore is cut off
    rows = store.rows()
    ids = Counter(flag.flag_id for flag in rows)
    assert set(ids.values()) == {1}
    assert set(acknowledged) <= set(ids)
    assert len(ids) <= len(acknowledged) + 1 + 4 * len(logs)  # on the disk, and not yet acknowledged when killed
    assert [flag for flag in rows if flag != FLAG and flag != flag_of_id(flag.flag_id)] == []
    if isinstance(store, FeedbackStore):
        assert store.path.read_bytes().count(b"flag_id,schema") == 1
    print(f"{kills} kills: {len(acknowledged):,} acknowledged, {len(ids) - 1:,} rows, none lost, torn or twice")
