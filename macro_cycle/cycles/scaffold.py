"""The beginning of a definition, made from a list of series."""

from collections.abc import Sequence

from macro_cycle.cycles.definition import CODE
from macro_cycle.errors import UsageError
from macro_cycle.features.feature_set import FeatureSet, feature_set_for
from macro_cycle.observations.catalog import Catalog, SeriesSpec

TEMPLATE = """\
# Begun by `macro-cycle cycles new`; docs/cycles.md says what each key means.
title: the business cycle of {code} # in words that follow "of"
economy: {economy} # entity of its rows in the feature store
first_month: 2000-01 # the first as-of month
# source: {{name: alfred_file, path: {code}.csv}} # without it: the settings' source

features: # role: activity (level), momentum (direction), free, transition (moves the transitions)
{features}
{catalogue}
model:
  n_regimes: {n_regimes} # 2, 3 or 4; 4 need a feature of the role momentum
  n_restarts: 8
  max_iter: 300

declared: {{on: 0.7, days: 7, off: 0.5}} # when a contraction is declared, and when it is over

chronology: # the official turning points: months YYYY-MM or quarters YYYYQ1, and the days of their announcement
  authority: the committee
  longest_wait: 12 # months that the announcement of a peak took at most
  recessions: []
  #  - {{peak: 2007-12, trough: 2009-06, peak_announced: 2008-12-01, trough_announced: 2010-09-20}}
"""
CATALOGUE = "catalogue:\n  series: # tcode: 1 level, 2 difference, 5 log difference; sign -1: up is bad"
ENTRY = (
    "    {series_id}: {{title: {series_id}, frequency: M, units: index, tcode: 5, sign: 1, "
    "publication_lag_days: 30, role: coincident}}"
)


def scaffold(code: str, series_ids: Sequence[str], catalog: Catalog) -> str:
    """A definition of the cycle `code` on these series, as YAML; those outside the catalogue are described in it.

    Raises:
        UsageError: the code cannot name a cycle.
    """
    if not CODE.fullmatch(code):
        raise UsageError(f"{code!r} cannot name a cycle; use up to 16 small letters, digits and _")
    unknown = [series_id for series_id in dict.fromkeys(series_ids) if series_id not in catalog]
    guesses = {series_id: SeriesSpec.guess(series_id) for series_id in unknown}
    features = feature_set_for(series_ids, Catalog(series={**catalog.series, **guesses}))
    described = "\n".join(ENTRY.format(series_id=series_id) for series_id in unknown)
    return TEMPLATE.format(
        code=code,
        economy=code.upper(),
        features="\n".join(_lines(features)),
        catalogue=f"\n{CATALOGUE}\n{described}\n" if unknown else "",
        n_regimes=4 if any(feature.role == "momentum" for feature in features.features) else 2,
    )


def scaffold_component(code: str) -> str:
    """The same as the `defs.yaml` of a component, on two series of the sample.

    Raises:
        UsageError: the code cannot name a cycle.
    """
    body = scaffold(code, ["UNRATE", "PERMIT"], Catalog.load())
    indented = "".join(f"  {line}" if line.strip() else line for line in body.splitlines(keepends=True))
    return f"type: macro_cycle.CycleComponent\n\nattributes:\n{indented}"


def _lines(features: FeatureSet) -> list[str]:
    lines = []
    for feature in features.features:
        told = [f"name: {feature.name}", f"role: {feature.role}"]
        if feature.series_ids != (feature.name,):
            told.append(f"series_ids: [{', '.join(feature.series_ids)}]")
        told += [f"{key}: {value:g}" for key, value in _numbers(feature.persistence, feature.span, feature.change)]
        lines.append(f"  - {{{', '.join(told)}}}")
    return lines


def _numbers(persistence: float, span: int, change: int) -> list[tuple[str, float]]:
    return [
        *([("persistence", persistence)] if persistence else []),
        *([("span", float(span))] if span != 1 else []),
        *([("change", float(change))] if change else []),
    ]
