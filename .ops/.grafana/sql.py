"""What *Regime Analysis* asks of the warehouse. `$__timeFilter` is Grafana's; a call that was repeated counts once.

It is about the United States, the default cycle.
"""

from macro_cycle.cycles import shipped

NEWEST_CALLS = """
SELECT DISTINCT ON (as_of) as_of, reference_month, label, recession_probability, probabilities, model_version
FROM warehouse.calls WHERE cycle = 'us' AND $__timeFilter(as_of) ORDER BY as_of, id DESC
""".strip()
NEWEST = "SELECT * FROM warehouse.calls WHERE cycle = 'us' ORDER BY as_of DESC, id DESC LIMIT 1"
TURNS = f"""
SELECT as_of, label, lag(label) OVER (ORDER BY as_of) AS former FROM ({NEWEST_CALLS}) calls
""".strip()

PHASE = f'SELECT label AS "Phase" FROM ({NEWEST}) newest'
AS_OF = f"SELECT to_char(as_of, 'YYYY-MM-DD') AS \"As of\" FROM ({NEWEST}) newest"
ABOUT = f"SELECT to_char(reference_month, 'YYYY-MM') AS \"Month\" FROM ({NEWEST}) newest"
RECESSION_NOW = f'SELECT recession_probability AS "Recession probability" FROM ({NEWEST}) newest'
RECESSION = (
    f'SELECT as_of::timestamp AS time, recession_probability AS "recession" FROM ({NEWEST_CALLS}) calls ORDER BY 1'
)
HINDSIGHT = """
SELECT (first_reference_month + (number - 1) * interval '1 month')::timestamp AS time, label AS "phase"
FROM warehouse.regimes, unnest(labels) WITH ORDINALITY AS months (label, number)
WHERE cycle = 'us' AND as_of = (SELECT max(as_of) FROM warehouse.regimes WHERE cycle = 'us') ORDER BY 1
""".strip()
PROBABILITIES = f"""
SELECT as_of::timestamp AS time, key AS metric, value::float AS value
FROM ({NEWEST_CALLS}) calls, json_each_text(probabilities) ORDER BY 1, 2
""".strip()
PHASES = f'SELECT as_of::timestamp AS time, label AS "phase" FROM ({NEWEST_CALLS}) calls ORDER BY 1'
TRANSITIONS = f"""
SELECT former AS "From", label AS "To", count(*) AS "Months"
FROM ({TURNS}) turns WHERE former IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 3 DESC
""".strip()
DURATIONS = f"""
SELECT label AS phase, avg(months) AS "Months on average" FROM (
    SELECT label, count(*) AS months FROM (
        SELECT label, sum((label IS DISTINCT FROM former)::int) OVER (ORDER BY as_of) AS spell FROM ({TURNS}) turns
    ) spells GROUP BY label, spell
) lengths GROUP BY 1 ORDER BY 1
""".strip()
CALLED = f"""
SELECT to_char(as_of, 'YYYY-MM-DD') AS "As of", former AS "From", label AS "To"
FROM ({TURNS}) turns WHERE label <> former ORDER BY as_of DESC LIMIT 12
""".strip()
NEWS = """
SELECT coalesce(part->>'series_id', part->>'kind') AS source, sum((part->>'contribution')::float) AS "Contribution"
FROM warehouse.news, json_array_elements(parts) part
WHERE cycle = 'us' AND as_of = (SELECT max(as_of) FROM warehouse.news WHERE cycle = 'us')
GROUP BY 1 ORDER BY abs(sum((part->>'contribution')::float)) DESC LIMIT 12
""".strip()
SERVED = """
SELECT to_char(served_at, 'YYYY-MM-DD HH24:MI') AS "Since", to_char(as_of, 'YYYY-MM') AS "Model of",
       left(model_version, 12) AS "Version", label AS "Phase",
       round(recession_probability::numeric, 4) AS "Recession probability"
FROM warehouse.served WHERE cycle = 'us' ORDER BY id DESC LIMIT 12
""".strip()
MODELS = f"""
SELECT as_of::timestamp AS time,
    sum(changed) OVER (ORDER BY as_of ROWS BETWEEN 11 PRECEDING AND CURRENT ROW) AS "new models in 12 months"
FROM (SELECT as_of, (model_version IS DISTINCT FROM lag(model_version) OVER (ORDER BY as_of))::int AS changed
      FROM ({NEWEST_CALLS}) calls) changes ORDER BY 1
""".strip()


def nber() -> str:
    """The NBER's recessions as regions: `time`, `timeend`, `text`."""
    dated = ", ".join(
        f"(timestamp '{recession.first_month:%Y-%m-%d}', timestamp '{recession.trough:%Y-%m-%d}' + interval '1 month')"
        for recession in shipped().chronology.recessions
    )
    shown = "SELECT began AS time, ended AS timeend, 'NBER recession' AS text"
    return f"{shown} FROM (VALUES {dated}) AS nber (began, ended)"
