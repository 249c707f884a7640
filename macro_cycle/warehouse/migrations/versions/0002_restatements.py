"""Remember restated values and the load behind an estimate; index what an as-of query reads."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

SCHEMA = "warehouse"


def upgrade() -> None:
    op.alter_column("observations", "series_id", type_=sa.Text(collation="C"), schema=SCHEMA)
    op.add_column(
        "observations",
        sa.Column("restated", sa.ARRAY(sa.Date), nullable=False, server_default="{}"),
        schema=SCHEMA,
    )
    op.add_column("observations", sa.Column("estimated_on", sa.Date), schema=SCHEMA)
    op.execute("UPDATE warehouse.observations SET estimated_on = loaded_at::date WHERE estimated")
    op.drop_column("observations", "estimated", schema=SCHEMA)


def downgrade() -> None:
    op.add_column("observations", sa.Column("estimated", sa.Boolean), schema=SCHEMA)
    op.execute("UPDATE warehouse.observations SET estimated = estimated_on IS NOT NULL")
    op.alter_column("observations", "estimated", nullable=False, schema=SCHEMA)
    op.drop_column("observations", "estimated_on", schema=SCHEMA)
    op.drop_column("observations", "restated", schema=SCHEMA)
