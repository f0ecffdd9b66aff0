"""Run by alembic, on the connection that `upgrade` gives it."""

from alembic import context

from model.feedback.migrations import VERSION_TABLE

context.configure(connection=context.config.attributes["connection"], version_table=VERSION_TABLE)
with context.begin_transaction():
    context.run_migrations()
