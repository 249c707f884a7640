"""Keep current rows apart from past ones, so that a revision is written in place and touches no index of theirs."""

from alembic import op

revision = "0005"
down_revision = "0004"

APART = """
ALTER TABLE warehouse.observations RENAME TO observations_past;
ALTER TABLE warehouse.observations_past RENAME CONSTRAINT observations_pkey TO observations_past_pkey;
CREATE TABLE warehouse.observations (LIKE warehouse.observations_past INCLUDING DEFAULTS)
    PARTITION BY LIST (realtime_end);
CREATE TABLE warehouse.observations_current (LIKE warehouse.observations_past INCLUDING DEFAULTS)
    WITH (fillfactor = 50);
WITH moved AS (DELETE FROM warehouse.observations_past WHERE realtime_end = 'infinity' RETURNING *)
INSERT INTO warehouse.observations_current SELECT * FROM moved ORDER BY series_id, date;
ALTER TABLE warehouse.observations_current ADD PRIMARY KEY (series_id, date);
ALTER TABLE warehouse.observations ATTACH PARTITION warehouse.observations_current FOR VALUES IN ('infinity');
ALTER TABLE warehouse.observations ATTACH PARTITION warehouse.observations_past DEFAULT
"""
TOGETHER = """
ALTER TABLE warehouse.observations DETACH PARTITION warehouse.observations_past;
INSERT INTO warehouse.observations_past SELECT * FROM warehouse.observations_current;
DROP TABLE warehouse.observations;
ALTER TABLE warehouse.observations_past RENAME CONSTRAINT observations_past_pkey TO observations_pkey;
ALTER TABLE warehouse.observations_past RENAME TO observations
"""


def upgrade() -> None:
    op.execute(APART)


def downgrade() -> None:
    op.execute(TOGETHER)
