"""One row a month end holds its regimes: labels as an array, numbers as binary float64, in place of JSON a row."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

SCHEMA = "warehouse"

CONVERT = """
INSERT INTO warehouse.regimes (as_of, data_version, first_reference_month, columns, labels, numbers)
SELECT as_of, min(data_version), min(reference_month), min(columns), array_agg(label ORDER BY reference_month),
       string_agg(numbers, ''::bytea ORDER BY reference_month)
FROM (
    SELECT as_of, reference_month, label, data_version,
           array_prepend('recession_probability', array_agg(name ORDER BY place)) AS columns,
           float8send(recession_probability)
               || string_agg(float8send(number::float8), ''::bytea ORDER BY place) AS numbers
    FROM warehouse.regimes_by_row, json_each_text(probabilities) WITH ORDINALITY AS p(name, number, place)
    GROUP BY as_of, reference_month, label, data_version, recession_probability
) AS by_row
GROUP BY as_of
"""
CONVERT_BACK = """
INSERT INTO warehouse.regimes_by_row
    (as_of, reference_month, label, recession_probability, probabilities, data_version)
SELECT as_of, (first_reference_month + make_interval(months => (place - 1)::int))::date, label,
       warehouse.float8_at(numbers, (place - 1) * width),
       (SELECT json_object_agg(name, warehouse.float8_at(numbers, (place - 1) * width + n - 1) ORDER BY n)
        FROM unnest(columns) WITH ORDINALITY AS c(name, n) WHERE n > 1),
       data_version
FROM (SELECT *, cardinality(columns) AS width FROM warehouse.regimes) AS r,
     unnest(labels) WITH ORDINALITY AS l(label, place)
"""
FLOAT8_AT = """
CREATE FUNCTION warehouse.float8_at(numbers bytea, place bigint) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
SELECT CASE
    WHEN bits = 0 THEN 0::float8
    ELSE (CASE WHEN bits < 0 THEN -1 ELSE 1 END)
        * (1 + (bits & 4503599627370495)::float8 / 4503599627370496)
        * power(2::float8, ((bits >> 52) & 2047) - 1023)
    END
FROM (SELECT ('x' || encode(substr(numbers, (8 * place + 1)::int, 8), 'hex'))::bit(64)::bigint AS bits) AS b
$$
"""


def upgrade() -> None:
    op.rename_table("regimes", "regimes_by_row", schema=SCHEMA)
    op.execute("ALTER INDEX warehouse.regimes_pkey RENAME TO regimes_by_row_pkey")
    op.create_table(
        "regimes",
        sa.Column("as_of", sa.Date, primary_key=True),
        sa.Column("data_version", sa.Text, nullable=False),
        sa.Column("first_reference_month", sa.Date, nullable=False),
        sa.Column("columns", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("labels", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("numbers", sa.LargeBinary, nullable=False),
        schema=SCHEMA,
    )
    op.execute(CONVERT)
    op.drop_table("regimes_by_row", schema=SCHEMA)


def downgrade() -> None:
    op.create_table(
        "regimes_by_row",
        sa.Column("as_of", sa.Date, primary_key=True),
        sa.Column("reference_month", sa.Date, primary_key=True),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("recession_probability", sa.Float(53), nullable=False),
        sa.Column("probabilities", sa.JSON, nullable=False),
        sa.Column("data_version", sa.Text, nullable=False),
        schema=SCHEMA,
    )
    op.execute(FLOAT8_AT)
    op.execute(CONVERT_BACK)
    op.execute("DROP FUNCTION warehouse.float8_at(bytea, bigint)")
    op.drop_table("regimes", schema=SCHEMA)
    op.rename_table("regimes_by_row", "regimes", schema=SCHEMA)
    op.execute("ALTER INDEX warehouse.regimes_by_row_pkey RENAME TO regimes_pkey")
