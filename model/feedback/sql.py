"""Flags in a PostgreSQL table, for those who outgrow files.

`betalens_flags` has the columns of the CSV, as the text that stands in its cells (without the apostrophes that keep a
spreadsheet from running a formula); `betalens_films` the copies of uploaded films; `betalens_version` the last of the
migrations that were run. No error of the driver is passed
on: it may quote a report, or the address with its password.
"""

import contextlib
from collections.abc import Iterator

import sqlalchemy as sql
from sqlalchemy import event
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

from model.errors import FeedbackError, StoreError
from model.feedback import trouble
from model.feedback.cells import NO_FLAG, cells, encode, flag_of
from model.feedback.films import film_of, png_of
from model.feedback.migrations import VERSION_TABLE, limit, upgrade
from model.feedback.record import COLUMNS, Flag
from model.feedback.store import Purged, Read, Store, agreed, refuse_tombstone, trace
from model.feedback.trouble import Trouble
from model.inputs import Film
from model.storage.spreadsheet import plain, typed

CONNECT_LIMIT = 10  # seconds
LOCK_LIMIT = 5  # seconds that a statement waits for the lock of somebody else, and a thread for a connection
STATEMENT_LIMIT = 60  # seconds
SILENCE_LIMIT = 15  # seconds after which a connection on which the server acknowledges nothing is given up
TABLES = sql.MetaData()  # as the migrations leave them
FLAGS = sql.Table(
    "betalens_flags",
    TABLES,
    sql.Column("place", sql.BigInteger, sql.Identity(always=True), primary_key=True),
    *(sql.Column(name, sql.Text, nullable=False, unique=name == "flag_id") for name in COLUMNS),
)
FILMS = sql.Table(
    "betalens_films",
    TABLES,
    sql.Column("sha256", sql.Text, primary_key=True),
    sql.Column("png", sql.LargeBinary, nullable=False),
)
sql.Table(VERSION_TABLE, TABLES, sql.Column("version_num", sql.String(32), primary_key=True))  # alembic's


class SqlStore(Store):
    """Flags in a database; any number of servers may share it. See Store for what it does.

    Args:
        url: postgresql+psycopg://USER:PASSWORD@HOST/DATABASE. The password may as well be in libpq's own places,
            such as ~/.pgpass.

    Raises:
        FeedbackError: it is no such address, nothing answers there, or a newer version upgraded the database.
    """

    look_every = 300.0

    def __init__(self, url: str):
        with _said("The database of flags cannot be used", "check its address, and that it runs"):
            self._engine = sql.create_engine(
                _address(url),
                pool_pre_ping=True,  # a server that was started anew must not cost a flag
                hide_parameters=True,
                pool_timeout=LOCK_LIMIT,
                connect_args={"connect_timeout": CONNECT_LIMIT, "tcp_user_timeout": SILENCE_LIMIT * 1000},
            )
            event.listen(self._engine, "begin", lambda db: limit(db, LOCK_LIMIT, STATEMENT_LIMIT))
            with self._engine.begin() as db:
                upgrade(db)

    def save(self, flag: Flag) -> Flag:
        """See Store."""
        refuse_tombstone(flag)
        encode(flag)  # or it could be too long to be exported
        with _said("The flag was not saved"), self._engine.begin() as db:
            db.execute(sql.text("SET LOCAL synchronous_commit TO on"))  # whatever the database is set to
            added = insert(FLAGS).values(_row(flag)).on_conflict_do_nothing(index_elements=["flag_id"])
            if db.execute(added.returning(FLAGS.c.place)).first():
                return flag
            return agreed(flag, next(found for _, found in _flags(db, FLAGS.c.flag_id == flag.flag_id)))

    def read(self) -> Read:
        """See Store."""
        with _said("The feedback cannot be read"), self._engine.begin() as db:
            found = list(_flags(db))
        bad = tuple(place for place, flag in found if flag is None)
        self.troubles = (Trouble(trouble.TABLE_ROWS, FLAGS.name, bad),) if bad else ()
        return Read(tuple(flag for _, flag in found if flag), self.troubles)

    def count(self) -> int:
        """See Store."""
        with _said("The feedback cannot be read"), self._engine.begin() as db:
            return db.execute(sql.select(sql.func.count()).select_from(FLAGS)).scalar_one()

    def keep_film(self, film: Film) -> None:
        """See Store."""
        with _said("The film was not kept"), self._engine.begin() as db:
            db.execute(insert(FILMS).values(sha256=film.sha256, png=png_of(film)).on_conflict_do_nothing())

    def film(self, sha256: str) -> Film | None:
        """See Store."""
        with _said("The film cannot be read"), self._engine.begin() as db:
            png = db.scalar(sql.select(FILMS.c.png).where(FILMS.c.sha256 == sha256))
        return film_of(png, sha256) if png else None

    def take_out(self, study_id: str = "", flag_id: str = "") -> Purged:
        """See Store."""
        with _said("The study was not purged"), self._engine.begin() as db:
            rows = [flag for _, flag in _flags(db) if flag]
            found = trace(rows, study_id, flag_id)
            held = [row for row in rows if found.holds(row)]
            for row in held:
                db.execute(sql.update(FLAGS).where(FLAGS.c.flag_id == row.flag_id).values(_row(row.tombstone())))
            taken = db.scalars(sql.delete(FILMS).where(FILMS.c.sha256.in_(found.films)).returning(FILMS.c.sha256))
            films = tuple(f"{FILMS.name}: {sha256}" for sha256 in taken)
            return Purged(len(held), tuple(row.flag_id for row in held), films)


def _address(url: str) -> sql.URL:
    with contextlib.suppress(SQLAlchemyError, ValueError):  # of a port, which may be half a password with an "@"
        address = sql.make_url(url)
        if address.get_backend_name() == "postgresql":
            return address.set(drivername="postgresql+psycopg")
    raise FeedbackError(
        "Flags are kept in a folder or at postgresql+psycopg://USER:PASSWORD@HOST/DATABASE: name one of the two, with "
        "every sign of the password that is no letter or digit as %XX."
    )


def _row(flag: Flag) -> dict[str, str]:
    return {name: plain(text) for name, text in cells(flag).items()}


def _flags(db: sql.Connection, *where: sql.ColumnElement) -> Iterator[tuple[int, Flag | None]]:
    """The flags in the order of saving, each with its place; None for a row that is none."""
    wanted = sql.select(FLAGS.c.place, *(FLAGS.c[n] for n in COLUMNS)).where(*where).order_by(FLAGS.c.place)
    for place, *row in db.execute(wanted):
        try:
            yield place, flag_of({name: typed(text) for name, text in zip(COLUMNS, row, strict=True)})
        except NO_FLAG:
            yield place, None


@contextlib.contextmanager
def _said(what: str, then: str = "have that put right, then try again") -> Iterator[None]:
    """What the database cannot do, in one sentence and without its own words."""
    try:
        yield
    except SQLAlchemyError as error:
        raise StoreError(f"{what}: the database said {type(error).__name__}; {then}.") from None
