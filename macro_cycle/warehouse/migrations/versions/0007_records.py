"""One record a month of each asset, append-only; decisions are seen as a table of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

SCHEMA = "warehouse"

GUARD = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON warehouse.records
FOR EACH STATEMENT EXECUTE FUNCTION warehouse.refuse_change()
"""
DECISIONS = """
CREATE VIEW warehouse.decisions AS
SELECT id, cycle, as_of, document ->> 'model_version' AS model_version, document ->> 'outcome' AS outcome,
       document ->> 'by' AS by, document ->> 'reason' AS reason, document ->> 'incumbent' AS incumbent,
       (document ->> 'decided_at')::timestamptz AS decided_at
FROM warehouse.records WHERE asset = 'champion' AND document IS NOT NULL
"""


def upgrade() -> None:
    op.create_table(
        "records",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("cycle", sa.Text, nullable=False),
        sa.Column("asset", sa.Text, nullable=False),
        sa.Column("as_of", sa.Date, nullable=False),
        sa.Column("version", sa.Text),
        sa.Column("document", sa.JSON),
        sa.Column("failure", sa.Text),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        schema=SCHEMA,
    )
    op.create_index("records_standing", "records", ["cycle", "asset", "as_of", "id"], schema=SCHEMA)
    op.execute(GUARD)
    op.execute(DECISIONS)


def downgrade() -> None:
    op.execute("DROP VIEW warehouse.decisions")
    op.drop_table("records", schema=SCHEMA)
