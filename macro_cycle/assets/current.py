"""Now: the newest answer, what serves, how old everything is, and what waits for a person."""

from datetime import date
from typing import Any

import dagster as dg
import pandas as pd

from macro_cycle.assets.chain import Chain
from macro_cycle.assets.line_chart import line_chart
from macro_cycle.assets.shown import model_page, page_of, rounded, version_page
from macro_cycle.automation.conditions import on_change_of_the_open_month
from macro_cycle.automation.freshness import ANSWER_MONTHLY
from macro_cycle.platform.versions import document_version
from macro_cycle.promotion.decisions import pending
from macro_cycle.records import Answer, Decision, Declared, Snapshot
from macro_cycle.resources import deployments
from macro_cycle.resources.outages import made_again_after_an_outage
from macro_cycle.resources.platform import Platform

UPSTREAM = ("regime_labels", "declared_phase", "champion", "kserve_deployment")

APART = ("probabilities", "phases", "to_be_decided")  # shown by themselves


def current(chain: Chain) -> dg.AssetsDefinition:
    """The asset `current`."""
    platform = chain.platform

    @dg.asset(
        **chain.names("current", "serving"),
        deps=[dg.AssetDep(chain.key(asset), partition_mapping=dg.LastPartitionMapping()) for asset in UPSTREAM],
        owners=["team:research"],
        kinds={"postgres"},
        tags={"domain": "serving"},
        code_version="3",
        freshness_policy=ANSWER_MONTHLY,
        automation_condition=on_change_of_the_open_month(),
    )
    @made_again_after_an_outage
    def asset() -> dg.MaterializeResult:
        """The present: the newest answer, what serves, ages and decisions to be made. It has no partitions.

        Pages of the monthly assets show the month that was run last, which may be a past one.
        """
        answer = platform.records.newest("regime_labels", Answer)
        if answer is None:
            raise dg.Failure("there is no answer yet; materialize the open month first", allow_retries=False)
        document = present(platform, answer)
        return dg.MaterializeResult(
            data_version=dg.DataVersion(document_version(document)),
            metadata={
                "summary": dg.MetadataValue.md(_in_words(document)),
                **_drawn(platform, answer),
                **_links(platform),
                **_shown(document),
            },
        )

    return asset


def present(platform: Platform, answer: Answer) -> dict[str, Any]:
    """What is true now, as JSON: the answer, the declared phase, ages, what serves and what is to be decided."""
    declared = platform.records.newest("declared_phase", Declared)
    serving = deployments.serving(platform)
    snapshot = platform.records.newest("fred_series", Snapshot)
    today = platform.clock.today()
    return {
        "as_of": f"{answer.as_of:%Y-%m}",
        "reference_month": f"{answer.reference_month:%Y-%m}",
        "label": answer.label,
        "recession_probability": answer.recession_probability,
        "probabilities": dict(answer.probabilities),
        "phases": answer.phases,
        **answer.foreseen,
        **(declared.stated if declared else {}),
        "months_behind": answer.months_behind,
        "news": answer.news,
        "rests_on": answer.rests_on,
        "model_version": answer.model_version,
        "days_since_newest_release": _days(today, snapshot.newest_release) if snapshot else None,
        "serves": serving.model_version if serving else None,
        "served_since": f"{serving.deployed_at:%Y-%m-%d %H:%M} UTC" if serving else None,
        "to_be_decided": [each.model_version for each in pending(platform.records.history("champion", Decision))],
    }


def _drawn(platform: Platform, answer: Answer) -> dict[str, Any]:
    shares = platform.regimes.load(answer.as_of)["recession_probability"]
    return {"ten_years": line_chart("recession probability", shares, platform.chronology)}


def _links(platform: Platform) -> dict[str, Any]:
    """Where people and programs are answered."""
    serving = deployments.serving(platform)
    page = {"page": page_of(platform.settings, platform.cycle)}
    if serving is None:
        return page
    return {**page, "endpoint": model_page(serving.endpoint), **version_page(platform, serving.registry_version)}


def _days(today: pd.Timestamp, day: date) -> int:
    return (today.date() - day).days


def _shown(document: dict[str, Any]) -> dict[str, Any]:
    waiting = ", ".join(document["to_be_decided"])
    return {
        **rounded({name: value for name, value in document.items() if name not in APART}),
        **rounded({f"p_{label.lower()}": p for label, p in document["probabilities"].items()}),
        **rounded({f"phase_{label.lower()}": p for label, p in document["phases"].items()}),
        "serves": document["serves"] or "nothing",
        "to_be_decided": waiting or "nothing",
    }


def _in_words(document: dict[str, Any]) -> str:
    declared = document.get("declared_phase")
    since = f"; {declared} declared on {document['declared_on']}" if declared and document["declared_on"] else ""
    return (
        f"**{document['label']}**, probability of a recession {document['recession_probability']:.1%}, "
        f"in {document['reference_month']} as known in {document['as_of']}{since}; "
        f"{'model ' + document['serves'] if document['serves'] else 'nothing'} serves"
    )
