"""What a database does that files do not: its connections die, its tables are changed, its errors quote."""

import pytest
import sqlalchemy as sql
from writing import FLAG, a_flag

from model.errors import FeedbackError
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


def test_a_row_changed_by_hand_is_named_and_not_quoted(store, database):
    store.append(FLAG)
    database.execute(sql.update(FLAGS).values(verdict="perhaps"))
    with pytest.raises(FeedbackError, match=r"^Row 1 of betalens_flags is not a flag") as caught:
        store.rows()
    assert "perhaps" not in str(caught.value)


def test_a_password_that_is_wrong_is_in_no_error(postgres, caplog):
    with caplog.at_level("DEBUG"), pytest.raises(FeedbackError, match="OperationalError") as caught:
        SqlStore(postgres.replace("hush-hush", "hush-wrong"))
    assert "hush" not in str(caught.value) + caplog.text
    assert caught.value.__suppress_context__


def test_nothing_of_a_purged_study_is_in_the_table(store, database):
    store.append(FLAG)
    store.purge(FLAG.study_id)
    (row,) = database.execute(sql.select(FLAGS)).all()
    assert set(row[1:]) == {"f0", "2", FLAG.time_utc, "", "0.0", "{}", "purged", "[]", "neither", "false"}
