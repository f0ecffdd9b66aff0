"""A database of any version is brought up to date by the server that opens it: once, whole, and losing nothing."""

import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sql
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from helpers import random_film
from writing import FLAG, a_flag

from model.errors import FeedbackError, StoreError
from model.feedback import migrations
from model.feedback.films import png_of
from model.feedback.sql import FILMS, FLAGS, TABLES, SqlStore

# As version 0.1.0 (6b94e56) made the tables and wrote into them.
RELEASED = """
CREATE TABLE betalens_flags (
    place BIGINT GENERATED ALWAYS AS IDENTITY, flag_id TEXT NOT NULL, schema TEXT NOT NULL, time_utc TEXT NOT NULL,
    reviewer TEXT NOT NULL, study_id TEXT NOT NULL, image_sha256 TEXT NOT NULL, image_name TEXT NOT NULL,
    report TEXT NOT NULL, model_digest TEXT NOT NULL, beta TEXT NOT NULL, probabilities TEXT NOT NULL,
    verdict TEXT NOT NULL, corrected_labels TEXT NOT NULL, wrong_evidence TEXT NOT NULL, comment TEXT NOT NULL,
    app_version TEXT NOT NULL, blind TEXT NOT NULL, wrong_regions TEXT NOT NULL, wrong_words TEXT NOT NULL,
    undoes TEXT NOT NULL, PRIMARY KEY (place), UNIQUE (flag_id)
);
CREATE TABLE betalens_films (sha256 TEXT NOT NULL, png BYTEA NOT NULL, PRIMARY KEY (sha256));
"""
ROW = {
    "flag_id": "f0", "schema": "2", "time_utc": FLAG.time_utc, "reviewer": FLAG.reviewer, "study_id": "s1",
    "image_sha256": FLAG.image_sha256, "image_name": "film.png", "report": FLAG.report,
    "model_digest": FLAG.model_digest, "beta": "0.35",
    "probabilities": '{"Effusion": 0.123457, "Nodule": 0.0, "Cardiomegaly": 1.0}', "verdict": "disagree",
    "corrected_labels": '["Effusion", "Nodule; calcified"]', "wrong_evidence": "image", "comment": "=1+1",
    "app_version": "0.1.0", "blind": "true", "wrong_regions": "[[0.25, 0.5, 0.125, 0.0625]]",
    "wrong_words": "[[0, 8], [12, 20]]", "undoes": "",
}  # fmt: skip

HEAD = ScriptDirectory(str(Path(migrations.__file__).parent)).get_current_head()
NEXT = f"""
import sqlalchemy as sql
from alembic import op

revision, down_revision = "next", "{HEAD}"


def upgrade():
    op.add_column("betalens_flags", sql.Column("mood", sql.Text, nullable=False, server_default="null"))
"""


@pytest.fixture
def database(postgres):
    """A connection to a server, whose tables are none."""
    engine = sql.create_engine(postgres)
    TABLES.drop_all(engine)
    with engine.connect() as db:
        yield db.execution_options(isolation_level="AUTOCOMMIT")
    engine.dispose()


@pytest.fixture(params=["empty", "released"])
def before(request, database) -> list:
    """A database of one kind; the flags in it."""
    if request.param == "empty":
        return []
    database.exec_driver_sql(RELEASED)
    database.execute(sql.insert(FLAGS).values(ROW))
    return [FLAG.changed(finding_boxes=(), in_distribution={})]


@pytest.fixture
def upcoming(tmp_path, monkeypatch):
    """Makes this the next version, which changes the tables once more; until `monkeypatch` is undone."""

    def release(change: str = NEXT) -> None:
        scripts = tmp_path / "migrations"
        shutil.copytree(Path(migrations.__file__).parent, scripts, ignore=shutil.ignore_patterns("__pycache__"))
        (scripts / "versions" / "next.py").write_text(change)
        monkeypatch.setattr(migrations, "SCRIPTS", str(scripts))

    return release


def differences(database) -> list:
    """Between the tables that are there and those that the code writes to."""
    return compare_metadata(MigrationContext.configure(database, opts={"compare_type": True}), TABLES)


def version(database) -> str:
    return database.scalar(sql.text("SELECT version_num FROM betalens_version"))


def columns(database) -> list[str]:
    return [column["name"] for column in sql.inspect(database).get_columns(FLAGS.name)]


def test_a_database_becomes_what_the_code_writes_to_and_keeps_what_is_in_it(database, postgres, before):
    store = SqlStore(postgres)
    assert store.read() == (tuple(before), ())
    assert differences(database) == []
    assert version(database) == HEAD
    store.append(later := a_flag())
    assert SqlStore(postgres).rows() == [*before, later]  # opened again, it is as it was


def test_films_of_a_released_database_are_kept(database, postgres):
    database.exec_driver_sql(RELEASED)
    film = random_film(1)
    database.execute(sql.insert(FILMS).values(sha256="ab" * 32, png=png_of(film)))
    np.testing.assert_allclose(SqlStore(postgres).film("ab" * 32).pixels, film.pixels, atol=1e-5)


def test_of_servers_that_start_at_once_one_upgrades_and_the_others_wait(database, postgres, before, upcoming, caplog):
    upcoming()
    with caplog.at_level("INFO", "alembic"), ThreadPoolExecutor(6) as pool:
        stores = list(pool.map(lambda _: SqlStore(postgres), range(6)))
    run = [found[1] for r in caplog.records if (found := re.search(r"Running upgrade .*-> (\w+)", r.getMessage()))]
    assert run == sorted(set(run))
    assert (run[0], run[-1]) == ("0001", "next")
    assert columns(database)[-1] == "mood"
    for number, store in enumerate(stores):
        store.append(a_flag(comment=str(number)))
    assert len(stores[0].rows()) == len(before) + 6


def test_a_server_of_the_former_version_goes_on_until_it_is_replaced_and_does_not_start_again(
    database, postgres, upcoming, monkeypatch
):
    former = SqlStore(postgres)
    upcoming()
    SqlStore(postgres)
    monkeypatch.undo()
    former.append(FLAG)
    assert former.read() == ((FLAG,), ())
    assert database.scalar(sql.text("SELECT mood FROM betalens_flags")) == "null"
    with pytest.raises(FeedbackError, match=r"by a newer version of BetaLens .*: run that version, or restore"):
        SqlStore(postgres)
    assert version(database) == "next"


def test_a_change_that_fails_changes_nothing(database, postgres, upcoming):
    database.exec_driver_sql(RELEASED)
    tables, was = sql.inspect(database).get_table_names(), columns(database)
    upcoming(NEXT + "    op.drop_column('betalens_flags', 'her name')\n")
    with pytest.raises(StoreError, match="The database of flags cannot be used: the database said ProgrammingError"):
        SqlStore(postgres)
    assert (sql.inspect(database).get_table_names(), columns(database)) == (tables, was)


def test_who_may_not_change_tables_may_use_a_database_that_is_up_to_date(database, postgres):
    SqlStore(postgres)
    database.exec_driver_sql("DROP ROLE IF EXISTS clerk")
    database.exec_driver_sql("CREATE ROLE clerk LOGIN PASSWORD 'hush-hush'")
    database.exec_driver_sql("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO clerk")
    clerk = postgres.replace("//betalens:", "//clerk:")
    SqlStore(clerk).append(FLAG)
    TABLES.drop_all(database)
    with pytest.raises(StoreError, match="ProgrammingError"):
        SqlStore(clerk)
    database.exec_driver_sql("DROP OWNED BY clerk; DROP ROLE clerk")
