"""Version 0.1.0 made these tables without a number: where they are there, they stay as they are."""

import sqlalchemy as sql
from alembic import op

revision = "0001"
down_revision = None

COLUMNS = (
    "flag_id", "schema", "time_utc", "reviewer", "study_id", "image_sha256", "image_name", "report", "model_digest",
    "beta", "probabilities", "verdict", "corrected_labels", "wrong_evidence", "comment", "app_version", "blind",
    "wrong_regions", "wrong_words", "undoes",
)  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "betalens_flags",
        sql.Column("place", sql.BigInteger, sql.Identity(always=True), primary_key=True),
        *(sql.Column(name, sql.Text, nullable=False, unique=name == "flag_id") for name in COLUMNS),
        if_not_exists=True,
    )
    op.create_table(
        "betalens_films",
        sql.Column("sha256", sql.Text, primary_key=True),
        sql.Column("png", sql.LargeBinary, nullable=False),
        if_not_exists=True,
    )
