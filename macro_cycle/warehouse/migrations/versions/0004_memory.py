"""News, served answers and evaluations; calls, models, served answers and evaluations can only be added to."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

SCHEMA = "warehouse"
APPEND_ONLY = ("calls", "models", "served", "evaluations")

REFUSE = """
CREATE FUNCTION warehouse.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'warehouse.% is append-only: % was refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'integrity_constraint_violation';
END
$$
"""
GUARD = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON warehouse.{table}
FOR EACH STATEMENT EXECUTE FUNCTION warehouse.refuse_change()
"""


def upgrade() -> None:
    op.create_table(
        "news",
        sa.Column("as_of", sa.Date, primary_key=True),
        sa.Column("since", sa.Date, nullable=False),
        sa.Column("reference_month", sa.Date, nullable=False),
        sa.Column("since_reference_month", sa.Date, nullable=False),
        sa.Column("before", sa.Float(53), nullable=False),
        sa.Column("forecast", sa.Float(53), nullable=False),
        sa.Column("after", sa.Float(53), nullable=False),
        sa.Column("standard_error", sa.Float(53), nullable=False),
        sa.Column("parts", sa.JSON, nullable=False),
        schema=SCHEMA,
    )
    op.create_table(
        "served",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("as_of", sa.Date, nullable=False),
        sa.Column("model_version", sa.Text, nullable=False),
        sa.Column("registry_version", sa.Text, nullable=False),
        sa.Column("endpoint", sa.Text, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("recession_probability", sa.Float(53), nullable=False),
        sa.Column("served_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        schema=SCHEMA,
    )
    op.create_table(
        "evaluations",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("as_of", sa.Date, nullable=False),
        sa.Column("data_version", sa.Text, nullable=False),
        sa.Column("document", sa.JSON, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        schema=SCHEMA,
    )
    op.execute(REFUSE)
    for table in APPEND_ONLY:
        op.execute(GUARD.format(table=table))


def downgrade() -> None:
    for table in ("calls", "models"):
        op.execute(f"DROP TRIGGER append_only ON warehouse.{table}")
    for table in ("evaluations", "served", "news"):
        op.drop_table(table, schema=SCHEMA)
    op.execute("DROP FUNCTION warehouse.refuse_change()")
