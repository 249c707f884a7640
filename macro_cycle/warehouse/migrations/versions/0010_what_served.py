"""What release 0.1.0 served last stands promoted: it goes on serving, and is the incumbent of the gate."""

from alembic import op

revision = "0010"
down_revision = "0009"

TAKE_OVER = """
INSERT INTO warehouse.records (cycle, asset, as_of, version, document)
SELECT 'us', 'champion', as_of, 'promote ' || model_version, json_build_object(
    'cycle', 'us', 'as_of', as_of, 'version', 'promote ' || model_version, 'made_by', '0.1.0',
    'made_from', '{}'::json, 'problems', '[]'::json, 'model_version', model_version, 'outcome', 'promote', 'by', 'gate',
    'reason', 'it served under release 0.1.0', 'decided_at', served_at, 'incumbent', NULL, 'figures', '{}'::json,
    'not_asked', '[]'::json, 'evidence', '')
FROM warehouse.served
WHERE NOT EXISTS (SELECT FROM warehouse.records WHERE asset = 'champion' AND document ->> 'outcome' <> 'closed')
ORDER BY served.id DESC LIMIT 1
"""


def upgrade() -> None:
    op.execute(TAKE_OVER)


def downgrade() -> None:
    """A decision is never taken away."""
