"""Remember the days on which a source without vintages was looked at, so that what it lacked then is not backdated."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

SCHEMA = "warehouse"

SEEN = """
INSERT INTO warehouse.looks (series_id, source, day)
SELECT DISTINCT series_id, source, estimated_on FROM warehouse.observations WHERE estimated_on IS NOT NULL
"""


def upgrade() -> None:
    op.create_table(
        "looks",
        sa.Column("series_id", sa.Text(collation="C"), primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("source", sa.Text, primary_key=True),
        schema=SCHEMA,
    )
    op.execute(SEEN)


def downgrade() -> None:
    op.drop_table("looks", schema=SCHEMA)
