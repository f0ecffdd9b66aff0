"""What a database does that files do not: its connections die, its tables are changed, its errors quote."""

import signal
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sql
from writing import FLAG, a_flag

from model.errors import FeedbackError, StoreError
from model.feedback.record import SCHEMA
from model.feedback.sql import FLAGS, TABLES, SqlStore


@pytest.fixture
def database(postgres):
    """Another connection to it, empty."""
    engine = sql.create_engine(postgres)
    TABLES.drop_all(engine)
    with engine.connect() as db:
        yield db.execution_options(isolation_level="AUTOCOMMIT")
    engine.dispose()


@pytest.fixture
def store(database, postgres) -> SqlStore:
    return SqlStore(postgres)


def test_connections_that_the_server_closed_cost_no_flag(store, database):
    store.append(FLAG)
    others = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname IS NOT NULL"
    )
    assert database.execute(sql.text(others)).rowcount
    store.append(last := a_flag())
    assert store.rows() == [FLAG, last]


def test_a_flag_that_the_database_refuses_is_not_acknowledged_and_not_quoted(store, database):
    database.execute(sql.text("ALTER TABLE betalens_flags ADD CONSTRAINT full_disk CHECK (comment <> 'lost')"))
    with pytest.raises(FeedbackError, match=r"^The flag was not saved: the database said IntegrityError") as caught:
        store.append(a_flag(comment="lost"))
    assert caught.value.__suppress_context__
    assert "effusion" not in str(caught.value)
    store.append(FLAG)
    assert store.rows() == [FLAG]


def test_a_row_changed_by_hand_is_named_and_not_quoted_and_hides_no_other(store, database):
    store.append(FLAG)
    database.execute(sql.update(FLAGS).values(verdict="perhaps"))
    store.append(kept := a_flag(study_id="s2"))
    (trouble,) = store.read().troubles
    assert str(trouble).startswith("Row 1 of betalens_flags can be read as no verdict")
    assert "perhaps" not in str(trouble)
    assert store.rows() == [kept]
    assert store.take_out("s2").rows == 1


def test_a_lock_that_somebody_holds_refuses_flags_in_time(store, database, monkeypatch):
    monkeypatch.setattr("model.feedback.sql.LOCK_LIMIT", 1)
    with sql.create_engine(database.engine.url).begin() as holder:
        holder.execute(sql.text("LOCK TABLE betalens_flags IN ACCESS EXCLUSIVE MODE"))
        for action in (lambda: store.append(FLAG), store.read, lambda: store.take_out("s1").rows):
            with pytest.raises(StoreError, match="the database said OperationalError"):
                action()
    store.append(FLAG)
    assert store.rows() == [FLAG]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
def test_while_the_server_is_away_flags_are_refused_and_none_is_lost_or_twice_afterwards(store, postgres_server, how):
    """Four writers send each flag until it is acknowledged, while the server is stopped under them and comes back."""
    acknowledged: list[str] = []
    refused = threading.Event()
    back = threading.Event()

    def write(writer: int) -> None:
        for number in range(60):
            flag = FLAG.changed(flag_id=f"{how}-{writer}-{number}")
            while True:
                try:
                    acknowledged.append(store.append(flag))
                    break
                except StoreError:
                    refused.set()
                    assert back.wait(120)

    with ThreadPoolExecutor(4) as pool:
        writers = [pool.submit(write, n) for n in range(4)]
        while len(acknowledged) < 20:
            time.sleep(0.01)
        postgres_server.stop(how)
        assert refused.wait(120)
        with pytest.raises(StoreError, match="the database said OperationalError"):
            store.append(a_flag())
        with pytest.raises(StoreError, match="cannot be read"):
            store.rows()
        postgres_server.start()
        back.set()
        for writer in writers:
            writer.result(timeout=120)
    assert Counter(acknowledged) == Counter(flag.flag_id for flag in store.rows())
    assert len(acknowledged) == 240


def test_a_password_that_is_wrong_is_in_no_error(postgres, caplog):
    with caplog.at_level("DEBUG"), pytest.raises(FeedbackError, match="OperationalError") as caught:
        SqlStore(postgres.replace("hush-hush", "hush-wrong"))
    assert "hush" not in str(caught.value) + caplog.text
    assert caught.value.__suppress_context__


def test_nothing_of_a_purged_study_is_in_the_table(store, database):
    store.append(FLAG)
    store.take_out(FLAG.study_id)
    (row,) = database.execute(sql.select(FLAGS)).all()
    left = {"f0", str(SCHEMA), FLAG.time_utc, "", "0.0", "{}", "purged", "[]", "neither", "false"}
    assert set(row[1:]) - {"null"} == left
