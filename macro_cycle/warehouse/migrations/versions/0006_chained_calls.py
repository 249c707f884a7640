"""Each call holds a hash of itself and of the call before it, so that one altered or removed is noticed."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

SCHEMA = "warehouse"

DIGEST = """
CREATE FUNCTION warehouse.call_digest(before bytea, call warehouse.calls) RETURNS bytea LANGUAGE sql STABLE
SET datestyle = ISO SET timezone = 'UTC' SET extra_float_digits = 1 AS $$
SELECT sha256(coalesce(before, '') || convert_to(concat_ws('|', call.id, call.as_of, call.reference_month, call.label,
    call.recession_probability, call.probabilities, call.model_version, call.data_version, call.recorded_at), 'UTF8'))
$$
"""
CHAIN = """
CREATE FUNCTION warehouse.chain_call() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE last warehouse.calls;
BEGIN
    PERFORM pg_advisory_xact_lock(7200000007);
    SELECT * INTO last FROM warehouse.calls ORDER BY id DESC LIMIT 1;
    NEW.id := coalesce(last.id, 0) + 1;
    NEW.digest := warehouse.call_digest(last.digest, NEW);
    RETURN NEW;
END
$$;
CREATE TRIGGER chained BEFORE INSERT ON warehouse.calls FOR EACH ROW EXECUTE FUNCTION warehouse.chain_call()
"""
EARLIER = """
ALTER TABLE warehouse.calls DISABLE TRIGGER append_only;
DO $$
DECLARE call warehouse.calls; before bytea;
BEGIN
    FOR call IN SELECT * FROM warehouse.calls ORDER BY id LOOP
        before := warehouse.call_digest(before, call);
        UPDATE warehouse.calls SET digest = before WHERE id = call.id;
    END LOOP;
END
$$;
ALTER TABLE warehouse.calls ENABLE TRIGGER append_only
"""


def upgrade() -> None:
    op.add_column("calls", sa.Column("digest", sa.LargeBinary), schema=SCHEMA)
    for statement in (DIGEST, EARLIER, CHAIN):
        op.execute(statement)
    op.alter_column("calls", "digest", nullable=False, schema=SCHEMA)


def downgrade() -> None:
    op.execute("DROP TRIGGER chained ON warehouse.calls")
    op.execute("DROP FUNCTION warehouse.chain_call(), warehouse.call_digest(bytea, warehouse.calls)")
    op.drop_column("calls", "digest", schema=SCHEMA)
