"""How the database's tables came to be as they are: a file a change in `versions`, run in their order by alembic.

A server that is started brings the database up to date before it uses it, and servers are replaced one after the other.
So a change only adds, and a new column has a server default: then servers of the former version go on writing and
reading until they are replaced.
"""

import sqlalchemy as sql
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from model.errors import FeedbackError

SCRIPTS = "model.feedback:migrations"
VERSION_TABLE = "betalens_version"  # not alembic's own name for it, which another program's tables may have taken
ONE_AT_A_TIME = 0x0BE7A  # the advisory lock under which the tables are changed
LIMIT = 600  # seconds that a change, or waiting for another server's, may take


def upgrade(db: sql.Connection) -> None:
    """Make and change the tables as this version has them: all of it or nothing, in the transaction that is begun.

    Of servers that start at once one does it, and the others wait. A database that is up to date is not locked, and
    needs no right to change tables.

    Raises:
        FeedbackError: a newer version made the tables.
        sqlalchemy.exc.SQLAlchemyError: the database refused.
    """
    config = Config(attributes={"connection": db})
    config.set_main_option("script_location", SCRIPTS)
    scripts = ScriptDirectory.from_config(config)
    if _version(db) == scripts.get_current_head():
        return
    limit(db, LIMIT, LIMIT)
    db.execute(sql.select(sql.func.pg_advisory_xact_lock(ONE_AT_A_TIME)))
    if _version(db) not in {None, *(script.revision for script in scripts.walk_revisions())}:
        raise FeedbackError(
            "The database of flags was upgraded by a newer version of BetaLens than this one: run that version, or "
            "restore the backup that was made before the upgrade."
        )
    command.upgrade(config, "head")


def limit(db: sql.Connection, lock: int, statement: int) -> None:
    """Let nobody wait for ever: the seconds of a transaction's waits for locks, and of its statements."""
    db.exec_driver_sql(f"SET LOCAL lock_timeout = '{lock}s'; SET LOCAL statement_timeout = '{statement}s'")


def _version(db: sql.Connection) -> str | None:
    """None where the tables are not there, or were made before there were versions of them."""
    return MigrationContext.configure(db, opts={"version_table": VERSION_TABLE}).get_current_revision()
