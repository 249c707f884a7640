"""What the records say, as views with columns: for dashboards and whoever else reads the warehouse by SQL.

Each shows the standing record of a month end, that is the newest one that could be made.
"""

from alembic import op

revision = "0012"
down_revision = "0011"

STANDING = """
CREATE VIEW warehouse.standing_records AS
SELECT DISTINCT ON (cycle, asset, as_of) id, cycle, asset, as_of, version, document, recorded_at
FROM warehouse.records WHERE document IS NOT NULL ORDER BY cycle, asset, as_of, id DESC
"""
ANSWERS = """
CREATE VIEW warehouse.answers AS
SELECT cycle, as_of, (document ->> 'reference_month')::date AS reference_month, document ->> 'label' AS label,
       (document ->> 'recession_probability')::float8 AS recession_probability,
       document -> 'probabilities' AS probabilities, document -> 'newest' AS newest,
       document ->> 'model_version' AS model_version, (document ->> 'news')::boolean AS news,
       document -> 'outlook' AS outlook, recorded_at
FROM warehouse.standing_records WHERE asset = 'regime_labels'
"""
PHASE_PROBABILITIES = """
CREATE VIEW warehouse.phase_probabilities AS
SELECT cycle, as_of, reference_month, substr(name, length('phase_') + 1) AS label, value::float8 AS probability
FROM warehouse.answers, json_each_text(newest) AS numbers (name, value) WHERE starts_with(name, 'phase_')
"""
FORECASTS = """
CREATE VIEW warehouse.forecasts AS
SELECT cycle, as_of, reference_month, months_ahead, (bounds ->> 'value')::float8 AS recession_probability,
       (bounds ->> 'low')::float8 AS low, (bounds ->> 'high')::float8 AS high,
       (outlook ->> 'level')::float8 AS level
FROM warehouse.answers
CROSS JOIN LATERAL (
    SELECT 0 AS months_ahead, outlook -> 'recession_probability' AS bounds
    UNION ALL
    SELECT (month ->> 'months_ahead')::int, month -> 'recession_probability'
    FROM json_array_elements(outlook -> 'months') AS month
) ahead WHERE json_typeof(outlook) = 'object'
"""
ONSETS = """
CREATE VIEW warehouse.onsets AS
SELECT cycle, as_of, reference_month, months::int AS within_months, (bounds ->> 'value')::float8 AS probability,
       (bounds ->> 'low')::float8 AS low, (bounds ->> 'high')::float8 AS high,
       (outlook ->> 'level')::float8 AS level
FROM warehouse.answers, json_each(outlook -> 'recession_begins') AS onsets (months, bounds)
WHERE json_typeof(outlook) = 'object'
"""
EXITS = """
CREATE VIEW warehouse.exits AS
SELECT cycle, as_of, reference_month, until, (outlook -> until ->> 'value')::float8 AS months,
       (outlook -> until ->> 'low')::float8 AS low, (outlook -> until ->> 'high')::float8 AS high,
       (outlook ->> 'level')::float8 AS level
FROM warehouse.answers, unnest(ARRAY['months_to_exit', 'months_to_turn']) AS until
WHERE json_typeof(outlook) = 'object'
"""
DURATIONS = """
CREATE VIEW warehouse.expected_durations AS
SELECT cycle, as_of, label, months::float8 AS months
FROM warehouse.standing_records, json_each_text(document -> 'expected_durations') AS durations (label, months)
WHERE asset = 'regime_model'
"""
DECLARED = """
CREATE VIEW warehouse.declared_phases AS
SELECT cycle, as_of, document ->> 'phase' AS phase, (document ->> 'declared_on')::date AS declared_on,
       (document ->> 'about')::date AS about, (document ->> 'through')::date AS through,
       (document ->> 'reconstructed')::boolean AS reconstructed, recorded_at
FROM warehouse.standing_records WHERE asset = 'declared_phase'
"""
DECLARATIONS = """
CREATE VIEW warehouse.declarations AS
SELECT cycle, as_of, (declaration ->> 'declared_on')::date AS declared_on, declaration ->> 'phase' AS phase,
       (declaration ->> 'about')::date AS about
FROM warehouse.standing_records, json_array_elements(document -> 'declarations') AS declaration
WHERE asset = 'declared_phase'
"""
VIEWS = {
    "standing_records": STANDING,
    "answers": ANSWERS,
    "phase_probabilities": PHASE_PROBABILITIES,
    "forecasts": FORECASTS,
    "onsets": ONSETS,
    "exits": EXITS,
    "expected_durations": DURATIONS,
    "declared_phases": DECLARED,
    "declarations": DECLARATIONS,
}


def upgrade() -> None:
    for view in VIEWS.values():
        op.execute(view)


def downgrade() -> None:
    for name in reversed(VIEWS):
        op.execute(f"DROP VIEW warehouse.{name}")
