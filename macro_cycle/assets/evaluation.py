"""The track record of all calls."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import dagster as dg
import pandas as pd
from pydantic_core import to_jsonable_python

from macro_cycle.assets.chain import Chain
from macro_cycle.assets.charts import as_metadata
from macro_cycle.assets.shown import rounded, table
from macro_cycle.automation.conditions import on_new_calls
from macro_cycle.dagster_internals import DATA_VERSION_TAG
from macro_cycle.platform.versions import content_version, document_version
from macro_cycle.records import Declared
from macro_cycle.resources.declarations import records_by_month
from macro_cycle.resources.outages import made_again_after_an_outage
from macro_cycle.resources.platform import Platform

if TYPE_CHECKING:
    from macro_cycle.evaluation.scoring import Subject

CODE, MADE_FROM = "3", "made_from"
NOTHING_SETTLED = "No call is about a month that is settled yet; backfill past months (macro-cycle backfill) first."


def real_time_evaluation(chain: Chain) -> dg.AssetsDefinition:
    """The asset `real_time_evaluation`."""
    platform = chain.platform

    @dg.asset(
        **chain.names("real_time_evaluation", "evaluation"),
        deps=[chain.key("regime_labels"), chain.key("declared_phase")],
        owners=["team:research"],
        kinds={"postgres", "python"},
        tags={"domain": "macro"},
        metadata={"dagster/table_name": "warehouse.evaluations"},
        code_version=CODE,
        automation_condition=on_new_calls(),
    )
    @made_again_after_an_outage
    def asset(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        """How well the calls dated the cycle, beside the Sahm rule, the term spread and an activity index.

        Scored are the months that the committee has settled; the command `macro-cycle report` writes it as a page. What
        was evaluated today from the same calls and history is not evaluated again.
        """
        from macro_cycle.evaluation.scoring import Subject

        subject = Subject(platform.catalog, platform.features, platform.chronology, platform.definition.declared)
        declared = records_by_month(platform)
        made_from = _made_from(platform, subject, declared)
        event = context.instance.get_latest_materialization_event(context.asset_key)
        before = event.asset_materialization if event else None
        if before and before.metadata.get(MADE_FROM) == dg.MetadataValue.text(made_from):
            version = dg.DataVersion((before.tags or {})[DATA_VERSION_TAG])
            return dg.MaterializeResult(data_version=version, metadata=before.metadata)
        return _evaluated(platform, subject, declared, made_from)

    return asset


def _made_from(platform: Platform, subject: "Subject", declared: Mapping[str, Declared]) -> str:
    """A version of all that the evaluation is made from; of the day, too, by which months are settled."""
    from macro_cycle.evaluation.rivals import simple_rivals
    from macro_cycle.evaluation.scoring import history_read

    history = history_read(platform.warehouse, subject, simple_rivals())
    return document_version(
        {
            "code": CODE,
            "day": str(platform.clock.today().date()),
            "calls": content_version(platform.regimes.calls()),
            "declared": {month: record.version for month, record in declared.items()},
            "history": content_version(history),
            "subject": to_jsonable_python(vars(subject), serialize_unknown=True),
        }
    )


def _evaluated(
    platform: Platform, subject: "Subject", declared: Mapping[str, Declared], made_from: str
) -> dg.MaterializeResult:
    from macro_cycle.evaluation import charts
    from macro_cycle.evaluation.rivals import simple_rivals
    from macro_cycle.evaluation.scoring import evaluate_calls
    from macro_cycle.evaluation.sections import covered_in_words

    found = evaluate_calls(
        platform.warehouse, platform.regimes, subject, simple_rivals(), platform.clock.today(), declared=declared
    )
    document, calls = found.document, found.calls
    version, newest = content_version(calls), calls.index[-1] + pd.offsets.MonthEnd(0)
    platform.evaluations.append(newest.date(), version, document)
    if not document["figures"][0]["months"]:
        return dg.MaterializeResult(
            data_version=dg.DataVersion(version), metadata={"note": NOTHING_SETTLED, MADE_FROM: made_from}
        )
    figures = pd.DataFrame(document["figures"]).drop(columns="name")
    changes = document["label_changes"]["median"]
    model = {name: value for name, value in document["figures"][0].items() if isinstance(value, int | float)}
    return dg.MaterializeResult(
        data_version=dg.DataVersion(version),
        metadata={
            **rounded(model),
            "month_ends_about_a_month_scored_before": document["repeated"],
            **({} if changes is None else {"label_changes_median": changes}),
            "figures": table(figures),
            "recessions": table(pd.DataFrame(document["recessions"])),
            "rests_on": document["rests_on"],
            "covered": covered_in_words(document["coverage"]),
            **_declared(document),
            MADE_FROM: made_from,
            "chart_of_calls": as_metadata(charts.record_chart(calls, platform.chronology)),
            "chart_of_calibration": as_metadata(charts.calibration_chart(document["calibration"])),
        },
    )


def _declared(document: dict[str, Any]) -> dict[str, Any]:
    """Days to the declarations, false alarms and reversals of the model, and what so few recessions settle."""
    if not document["declarations"]:
        return {}
    model = document["declarations"][0]
    days = {
        f"days_after_{turn}_{name}": model[turn][key]
        for turn in ("peak", "trough")
        for name, key in (("mean", "days"), ("worst", "worst"))
        if model[turn][key] is not None
    }
    counts = {name: len(model[name]) for name in ("false_alarms", "reversals")}
    return {
        **days,
        **{f"declared_{name}": count for name, count in counts.items()},
        "settles": model["limits"]["sentence"],
    }
