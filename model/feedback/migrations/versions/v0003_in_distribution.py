"""Whether a case was like those that the model learnt from; of older verdicts nothing is known."""

import sqlalchemy as sql
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("betalens_flags", sql.Column("in_distribution", sql.Text, nullable=False, server_default="{}"))
