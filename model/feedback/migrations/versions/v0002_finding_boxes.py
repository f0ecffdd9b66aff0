"""Where a finding is on the film, as a reviewer says; of older verdicts nothing is known."""

import sqlalchemy as sql
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("betalens_flags", sql.Column("finding_boxes", sql.Text, nullable=False, server_default="[]"))
