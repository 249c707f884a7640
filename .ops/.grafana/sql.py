"""What *Regime Analysis* asks of the warehouse about the cycle that is chosen.

`$cycle` and `$__timeFilter` are Grafana's. A call that was repeated counts once.
"""

from collections.abc import Mapping

import pandas as pd

from macro_cycle.evaluation.chronology import Chronology

CYCLES = "SELECT DISTINCT cycle FROM warehouse.calls ORDER BY 1 DESC"
OF_CYCLE = "cycle = '$cycle'"

NEWEST_CALLS = f"""
SELECT DISTINCT ON (as_of) as_of, reference_month, label, recession_probability, probabilities, model_version
FROM warehouse.calls WHERE {OF_CYCLE} AND $__timeFilter(as_of) ORDER BY as_of, id DESC
""".strip()
NEWEST = f"SELECT * FROM warehouse.calls WHERE {OF_CYCLE} ORDER BY as_of DESC, id DESC LIMIT 1"
TURNS = f"""
SELECT as_of, label, lag(label) OVER (ORDER BY as_of) AS former FROM ({NEWEST_CALLS}) calls
""".strip()


def newest_of(view: str) -> str:
    """Rows of a view about the cycle's newest month end that it has any of."""
    newest = f"SELECT max(as_of) FROM warehouse.{view} WHERE {OF_CYCLE}"
    return f"SELECT * FROM warehouse.{view} WHERE {OF_CYCLE} AND as_of = ({newest})"


# Now
PHASE = f'SELECT label AS "Phase" FROM ({NEWEST}) newest'
AS_OF = f"SELECT to_char(as_of, 'YYYY-MM-DD') AS \"As of\" FROM ({NEWEST}) newest"
ABOUT = f"SELECT to_char(reference_month, 'YYYY-MM') AS \"Month\" FROM ({NEWEST}) newest"
RECESSION_NOW = f'SELECT recession_probability AS "Recession probability" FROM ({NEWEST}) newest'
BAND = f"""
SELECT to_char(100 * low, 'FM990.0') || ' % to ' || to_char(100 * high, 'FM990.0') || ' %' AS "Band"
FROM ({newest_of("forecasts")}) forecasts WHERE months_ahead = 0
""".strip()
DECLARED = f'SELECT phase AS "Declared" FROM ({newest_of("declared_phases")}) declared'
DECLARED_ON = f"""
SELECT coalesce(to_char(declared_on, 'YYYY-MM-DD'), 'before the record') AS "Declared on"
FROM ({newest_of("declared_phases")}) declared
""".strip()
DECLARED_ABOUT = f"""
SELECT coalesce(CASE phase WHEN 'contraction' THEN 'peak ' ELSE 'trough ' END || to_char(about, 'YYYY-MM'), 'not known')
       AS "Turning point"
FROM ({newest_of("declared_phases")}) declared
""".strip()

# The months ahead
FORECAST = f"""
SELECT months_ahead AS "Months ahead", recession_probability AS "Recession probability", low AS "Low", high AS "High"
FROM ({newest_of("forecasts")}) forecasts WHERE months_ahead > 0 ORDER BY 1
""".strip()
ONSETS = f"""
SELECT within_months || ' months' AS "Within", probability AS "Probability", low AS "Low", high AS "High"
FROM ({newest_of("onsets")}) onsets ORDER BY within_months
""".strip()
ONSETS_AS_MADE = f"""
SELECT as_of::timestamp AS time, 'within ' || within_months || ' months' AS metric, probability AS value
FROM warehouse.onsets WHERE {OF_CYCLE} AND $__timeFilter(as_of) ORDER BY 1, within_months
""".strip()
EXITS = f"""
SELECT CASE until WHEN 'months_to_exit' THEN 'the phase is left' ELSE 'the cycle turns' END AS "Until",
       months AS "Months", low AS "Low", high AS "High"
FROM ({newest_of("exits")}) exits ORDER BY until
""".strip()

# News
NEWS = f"""
SELECT coalesce(nullif(part->>'series_id', ''), part->>'kind') AS source,
       sum((part->>'contribution')::float) AS "Contribution"
FROM ({newest_of("news")}) newest, json_array_elements(parts) part
GROUP BY 1 ORDER BY abs(sum((part->>'contribution')::float)) DESC LIMIT 12
""".strip()
NEWS_BY_KIND = f"""
SELECT as_of::timestamp AS time, part->>'kind' AS metric, sum((part->>'contribution')::float) AS value
FROM warehouse.news, json_array_elements(parts) part
WHERE {OF_CYCLE} AND $__timeFilter(as_of) GROUP BY 1, 2 ORDER BY 1, 2
""".strip()

# History
RECESSION = (
    f'SELECT as_of::timestamp AS time, recession_probability AS "recession" FROM ({NEWEST_CALLS}) calls ORDER BY 1'
)
PHASES = f'SELECT as_of::timestamp AS time, label AS "phase" FROM ({NEWEST_CALLS}) calls ORDER BY 1'
DECLARED_PHASES = f"""
SELECT declared_on::timestamp AS time, phase AS "declared phase"
FROM warehouse.declarations WHERE {OF_CYCLE} AND $__timeFilter(declared_on) ORDER BY 1
""".strip()
PROBABILITIES = f"""
SELECT as_of::timestamp AS time, key AS metric, value::float AS value
FROM ({NEWEST_CALLS}) calls, json_each_text(probabilities) ORDER BY 1, 2
""".strip()
PHASE_PROBABILITIES = f"""
SELECT as_of::timestamp AS time, label AS metric, probability AS value
FROM warehouse.phase_probabilities WHERE {OF_CYCLE} AND $__timeFilter(as_of) ORDER BY 1, 2
""".strip()
HINDSIGHT = f"""
SELECT (first_reference_month + (number - 1) * interval '1 month')::timestamp AS time, label AS "phase"
FROM ({newest_of("regimes")}) regimes, unnest(labels) WITH ORDINALITY AS months (label, number) ORDER BY 1
""".strip()

# Turns and durations
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
EXPECTED_DURATIONS = f"""
SELECT label AS regime, months AS "Months expected" FROM ({newest_of("expected_durations")}) durations ORDER BY 1
""".strip()
CALLED = f"""
SELECT to_char(as_of, 'YYYY-MM-DD') AS "As of", former AS "From", label AS "To"
FROM ({TURNS}) turns WHERE label <> former ORDER BY as_of DESC LIMIT 12
""".strip()
DECLARATIONS = f"""
SELECT to_char(declared_on, 'YYYY-MM-DD') AS "Declared on", phase AS "Phase", to_char(about, 'YYYY-MM') AS "About",
       (CASE WHEN about IS NULL THEN NULL ELSE declared_on - about END) AS "Days after"
FROM warehouse.declarations WHERE {OF_CYCLE} ORDER BY declared_on DESC LIMIT 24
""".strip()

# Decisions
DECISIONS = f"""
SELECT to_char(decided_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') AS "Decided", by AS "By", outcome AS "Outcome",
       reason AS "Reason", left(model_version, 12) AS "Version", left(incumbent, 12) AS "Served then",
       to_char(as_of, 'YYYY-MM') AS "Model of"
FROM warehouse.decisions WHERE {OF_CYCLE} AND outcome <> 'closed' ORDER BY id DESC LIMIT 24
""".strip()
SERVED = f"""
SELECT to_char(served_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') AS "Since", to_char(as_of, 'YYYY-MM') AS "Model of",
       left(model_version, 12) AS "Version", label AS "Phase",
       round(recession_probability::numeric, 4) AS "Recession probability"
FROM warehouse.served WHERE {OF_CYCLE} ORDER BY id DESC LIMIT 12
""".strip()
MODELS = f"""
SELECT as_of::timestamp AS time,
    sum(changed) OVER (ORDER BY as_of ROWS BETWEEN 11 PRECEDING AND CURRENT ROW) AS "new models in 12 months"
FROM (SELECT as_of, (model_version IS DISTINCT FROM lag(model_version) OVER (ORDER BY as_of))::int AS changed
      FROM ({NEWEST_CALLS}) calls) changes ORDER BY 1
""".strip()


def recessions(chronologies: Mapping[str, Chronology]) -> str:
    """The chosen cycle's official recessions as regions: `time`, `timeend`, `text`; one that goes on ends now."""
    dated = ", ".join(
        f"('{cycle}', timestamp '{each.first_month:%Y-%m-%d}', {_ended(each.trough)}, '{chronology.authority}')"
        for cycle, chronology in chronologies.items()
        for each in chronology.recessions
    )
    shown = "SELECT began AS time, ended AS timeend, 'recession by ' || authority AS text"
    return f"{shown} FROM (VALUES {dated}) AS official (cycle, began, ended, authority) WHERE {OF_CYCLE}"


def _ended(trough: pd.Timestamp | None) -> str:
    if trough is None:
        return "now()::timestamp"
    return f"timestamp '{trough + pd.DateOffset(months=1):%Y-%m-%d}'"
