"""Checks between the assets: what fails a blocking one never reaches a model, a store or the endpoint.

A check reads the records of its months and judges each as of its own end; it can be run by itself. What blocks was
found when the record was made, and nothing is made from such a record, so that in a range the other months go on: there
a blocking check warns, unless no month is in order. Warnings never stop anything.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import dagster as dg

from macro_cycle.assets.chain import Chain
from macro_cycle.observations.quality import Rule
from macro_cycle.records import Answer, Model, Panel, Record, Snapshot

SHOWN = 20
ERROR, WARN = dg.AssetCheckSeverity.ERROR, dg.AssetCheckSeverity.WARN
LATE = (Rule.late, Rule.discontinued, Rule.gap)
UNUSUAL = (Rule.withdrawn, Rule.rebased, Rule.large_revision, Rule.jump, Rule.foreign_dates, Rule.foreseen)
BLOCKING: tuple[tuple[str, str, type[Record], str], ...] = (
    (
        "snapshot_is_usable",
        "fred_series",
        Snapshot,
        "Every feature's series is known; values are possible, on one base, one per period.",
    ),
    ("panel_is_trainable", "macro_features", Panel, "Columns, index and missing share of the panel."),
    ("model_converged", "regime_model", Model, "The model converged and its figures are finite."),
    ("probabilities_are_probabilities", "regime_labels", Answer, "Probabilities lie in [0, 1] and sum to one."),
)
WARNINGS: tuple[tuple[str, tuple[Rule, ...], str], ...] = (
    ("releases_are_on_time", LATE, "Every series' newest value came when it was due; none was skipped."),
    (
        "revisions_are_ordinary",
        UNUSUAL,
        "No value was withdrawn, rebased, projected, or revised or changed beyond what is usual for its series.",
    ),
)


def record_checks(chain: Chain) -> list[dg.AssetChecksDefinition]:
    """The checks that read what was found when a record was made."""
    blocking = [
        _check(chain, name, asset, kind, description, lambda record: record.problems, blocking=True)
        for name, asset, kind, description in BLOCKING
    ]
    warnings = [
        _check(chain, name, "fred_series", Snapshot, description, _findings(rules), blocking=False)
        for name, rules, description in WARNINGS
    ]
    return [*blocking, *warnings]


def _findings(rules: Iterable[Rule]) -> Callable[[Any], list[str]]:
    return lambda snapshot: [line for rule in rules for line in snapshot.findings.get(rule.value, ())]


def _check(
    chain: Chain,
    name: str,
    asset: str,
    kind: type[Record],
    description: str,
    lines_of: Callable[[Any], Iterable[str]],
    *,
    blocking: bool,
) -> dg.AssetChecksDefinition:
    def check(context: dg.AssetCheckExecutionContext, records: Any) -> dg.AssetCheckResult:
        found = {month: list(lines_of(record)) for month, record in sorted(records.items())}
        some_in_order = len(found) > 1 and not all(found.values())
        return _result(found, ERROR if blocking and not some_in_order else WARN)

    check.__name__ = name
    check.__annotations__ = {"records": dict[str, kind], "return": dg.AssetCheckResult}  # type: ignore[valid-type]
    return dg.asset_check(
        asset=asset,
        name=name,
        description=description,
        blocking=blocking,
        partitions_def=chain.months,
    )(check)


def _result(found: Mapping[str, list[str]], severity: dg.AssetCheckSeverity) -> dg.AssetCheckResult:
    """Failed when any month has a violation; the newest ones are named."""
    lines = [f"{month[:7]}: {line}" for month, messages in found.items() for line in messages]
    shown = lines[: -SHOWN - 1 : -1] + ([f"and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else [])
    return dg.AssetCheckResult(
        passed=not lines,
        severity=severity,
        description="\n".join(shown) or "every month keeps to the rule",
        metadata={"violations": len(lines)},
    )
