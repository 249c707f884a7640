"""Answers and what is kept beside them are a cycle's; those of earlier releases are of the United States.

The digest of a call of that cycle is what it was; that of another's holds its cycle.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

SCHEMA = "warehouse"
TABLES = ("calls", "regimes", "news", "served", "evaluations")
BY_MONTH_END = ("regimes", "news")

DIGEST = """
CREATE OR REPLACE FUNCTION warehouse.call_digest(before bytea, call warehouse.calls) RETURNS bytea LANGUAGE sql STABLE
SET datestyle = ISO SET timezone = 'UTC' SET extra_float_digits = 1 AS $$
SELECT sha256(coalesce(before, '') || convert_to(concat_ws('|', {cycle}call.id, call.as_of, call.reference_month,
    call.label, call.recession_probability, call.probabilities, call.model_version, call.data_version,
    call.recorded_at), 'UTF8'))
$$
"""


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("cycle", sa.Text, nullable=False, server_default="us"), schema=SCHEMA)
        op.alter_column(table, "cycle", server_default=None, schema=SCHEMA)
    for table in BY_MONTH_END:
        _key(table, "cycle", "as_of")
    op.drop_index("calls_by_as_of", "calls", schema=SCHEMA)
    op.create_index("calls_by_as_of", "calls", ["cycle", "as_of", "id"], schema=SCHEMA)
    op.execute(DIGEST.format(cycle="nullif(call.cycle, 'us'), "))


def downgrade() -> None:
    """The regimes of other cycles go; their calls stay, and are then taken for the United States'."""
    op.execute("DELETE FROM warehouse.regimes WHERE cycle <> 'us'")
    op.execute("DELETE FROM warehouse.news WHERE cycle <> 'us'")
    for table in BY_MONTH_END:
        _key(table, "as_of")
    op.execute(DIGEST.format(cycle=""))
    op.drop_index("calls_by_as_of", "calls", schema=SCHEMA)
    op.create_index("calls_by_as_of", "calls", ["as_of", "id"], schema=SCHEMA)
    for table in TABLES:
        op.drop_column(table, "cycle", schema=SCHEMA)


def _key(table: str, *columns: str) -> None:
    op.drop_constraint(f"{table}_pkey", table, schema=SCHEMA)
    op.create_primary_key(f"{table}_pkey", table, list(columns), schema=SCHEMA)
