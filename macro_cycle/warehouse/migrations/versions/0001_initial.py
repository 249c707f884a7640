"""Observations, models, regimes and calls."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

SCHEMA = "warehouse"


def upgrade() -> None:
    op.create_table(
        "observations",
        sa.Column("series_id", sa.Text, primary_key=True),
        sa.Column("date", sa.Date, primary_key=True),
        sa.Column("realtime_start", sa.Date, primary_key=True),
        sa.Column("realtime_end", sa.Date, nullable=False),
        sa.Column("value", sa.Float(53)),
        sa.Column("estimated", sa.Boolean, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        schema=SCHEMA,
    )
    op.create_table(
        "models",
        sa.Column("model_version", sa.Text, primary_key=True),
        sa.Column("input_version", sa.Text, nullable=False),
        sa.Column("config_version", sa.Text, nullable=False),
        sa.Column("document", sa.JSON, nullable=False),
        sa.Column("metrics", sa.JSON, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.UniqueConstraint("input_version", "config_version"),
        schema=SCHEMA,
    )
    op.create_table(
        "regimes",
        sa.Column("as_of", sa.Date, primary_key=True),
        sa.Column("reference_month", sa.Date, primary_key=True),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("recession_probability", sa.Float(53), nullable=False),
        sa.Column("probabilities", sa.JSON, nullable=False),
        sa.Column("data_version", sa.Text, nullable=False),
        schema=SCHEMA,
    )
    op.create_table(
        "calls",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("as_of", sa.Date, nullable=False),
        sa.Column("reference_month", sa.Date, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("recession_probability", sa.Float(53), nullable=False),
        sa.Column("probabilities", sa.JSON, nullable=False),
        sa.Column("model_version", sa.Text, nullable=False),
        sa.Column("data_version", sa.Text, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Index("calls_by_as_of", "as_of", "id"),
        schema=SCHEMA,
    )


def downgrade() -> None:
    for table in ("calls", "regimes", "models", "observations"):
        op.drop_table(table, schema=SCHEMA)
