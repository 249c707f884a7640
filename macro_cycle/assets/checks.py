"""Checks between the assets: what fails a blocking one never reaches a model, a store or the endpoint.

A check reads the records of its months and judges each as of its own end; it can be run by itself. Dagster's page runs
checks alone without a partition: then they are about the open month. What blocks was found when the record was made,
and nothing is made from such a record, so that in a range the other months go on: there a blocking check warns, unless
no month is in order. Warnings never stop anything.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import dagster as dg
import pandas as pd

from macro_cycle.assets.chain import Chain
from macro_cycle.assets.shown import table
from macro_cycle.dagster_internals import be_about
from macro_cycle.observations.quality import Rule
from macro_cycle.resources.outages import made_again_after_an_outage
from macro_cycle.resources.platform import Platform
from macro_cycle.resources.records import received

SHOWN = 20
ERROR, WARN = dg.AssetCheckSeverity.ERROR, dg.AssetCheckSeverity.WARN
LATE = (Rule.late, Rule.discontinued, Rule.gap)
UNUSUAL = (Rule.withdrawn, Rule.rebased, Rule.large_revision, Rule.jump, Rule.foreign_dates, Rule.foreseen)
BLOCKING: tuple[tuple[str, str, str], ...] = (
    (
        "snapshot_is_usable",
        "fred_series",
        "Every feature's series is known; values are possible, on one base, one per period.",
    ),
    ("panel_is_trainable", "macro_features", "Columns, index and missing share of the panel."),
    ("model_converged", "regime_model", "The model converged and its figures are finite."),
    ("probabilities_are_probabilities", "regime_labels", "Probabilities lie in [0, 1] and sum to one."),
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
        _check(chain, name, asset, description, lambda record: record.problems, blocking=True)
        for name, asset, description in BLOCKING
    ]
    warnings = [
        _check(chain, name, "fred_series", description, _findings(rules), blocking=False)
        for name, rules, description in WARNINGS
    ]
    return [*blocking, *warnings]


def _findings(rules: Iterable[Rule]) -> Callable[[Any], list[str]]:
    return lambda snapshot: [line for rule in rules for line in snapshot.findings.get(rule.value, ())]


def _check(
    chain: Chain,
    name: str,
    asset: str,
    description: str,
    lines_of: Callable[[Any], Iterable[str]],
    *,
    blocking: bool,
) -> dg.AssetChecksDefinition:
    platform = chain.platform

    @made_again_after_an_outage
    def check(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        records = received(platform, asset, months_of(context, platform))
        found = {month: list(lines_of(record)) for month, record in sorted(records.items())}
        some_in_order = len(found) > 1 and not all(found.values())
        return _result(found, ERROR if blocking and not some_in_order else WARN)

    check.__name__ = name
    return dg.asset_check(
        asset=chain.key(asset),
        name=name,
        description=description,
        blocking=blocking,
        partitions_def=chain.months,
    )(check)


def months_of(context: dg.AssetCheckExecutionContext, platform: Platform) -> list[str]:
    """The months that a run of checks is about: its partitions, or without any the open month."""
    run, month = context.op_execution_context, platform.clock.open_month()
    if run.has_partition_key or run.has_partition_key_range:
        return list(run.partition_keys)
    be_about(context, month)
    return [month]


def _result(found: Mapping[str, list[str]], severity: dg.AssetCheckSeverity) -> dg.AssetCheckResult:
    """Failed when any month has a violation; the newest ones are named."""
    lines = [f"{month[:7]}: {line}" for month, messages in found.items() for line in messages]
    shown = lines[: -SHOWN - 1 : -1] + ([f"and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else [])
    return dg.AssetCheckResult(
        passed=not lines,
        severity=severity,
        description="\n".join(shown) or "every month keeps to the rule",
        metadata={"violations": len(lines), **({"found": _found(found)} if lines else {})},
    )


def _found(found: Mapping[str, list[str]]) -> dg.MetadataValue:
    rows = [(month[:7], line) for month, messages in found.items() for line in messages]
    return table(pd.DataFrame(rows[: -SHOWN - 1 : -1], columns=["month", "finding"]))
