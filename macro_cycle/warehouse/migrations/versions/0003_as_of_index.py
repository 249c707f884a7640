"""An index in the order of an as-of query, by which ingestion finds the open end of histories too."""

from alembic import op

revision = "0003"
down_revision = "0002"

SCHEMA = "warehouse"


def upgrade() -> None:
    columns = ["series_id", "realtime_end", "realtime_start"]
    op.create_index("observations_as_of", "observations", columns, schema=SCHEMA)


def downgrade() -> None:
    op.drop_index("observations_as_of", "observations", schema=SCHEMA)
