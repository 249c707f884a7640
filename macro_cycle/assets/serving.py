"""From an answer and a decision to what people can ask: the feature store and the endpoint.

These act for the open month alone: a closed one reaches the offline store, and nothing that serves.
"""

from collections.abc import Iterator, Mapping
from itertools import islice

import dagster as dg

from macro_cycle.assets.chain import Chain, Made, Metadata, Months, Result
from macro_cycle.assets.shown import model_page, page_of, version_page
from macro_cycle.errors import MacroCycleError
from macro_cycle.feature_store.rows import month_row
from macro_cycle.platform.months import as_of_day, key_of
from macro_cycle.records import Answer, Decision, Declared, Deployment, Panel, Record
from macro_cycle.resources import declarations, deployments
from macro_cycle.resources.outages import made_again_after_an_outage
from macro_cycle.resources.platform import Platform

BATCH = 100
ENDPOINT = deployments.ASSET
NOTHING_PROMOTED = "No model stands promoted, so nothing serves; see the asset champion, or promote one by hand."
CLOSED = "A closed month. Nothing was deployed."


def feast_materialization(chain: Chain) -> dg.AssetsDefinition:
    """The asset `feast_materialization`."""
    platform = chain.platform

    @dg.asset(
        **chain.options("feast_materialization", "serving", "macro_features", "regime_labels"),
        deps=[chain.key(declarations.ASSET)],
        owners=["team:ml-platform"],
        kinds={"feast", "postgres"},
        tags={"domain": "serving"},
    )
    @made_again_after_an_outage
    def asset(
        context: dg.AssetExecutionContext,
        macro_features: dict[str, Panel],
        regime_labels: dict[str, Answer],
    ) -> Iterator[dg.MaterializeResult]:
        """The month's newest features and regime probabilities in Feast's offline store; online, the open month's."""
        declared = platform.records.load(declarations.ASSET, Declared, list(context.partition_keys))
        beside = {declarations.ASSET: declared}
        months = Months(context, chain, beside, macro_features=macro_features, regime_labels=regime_labels)
        yield from months.report(
            lambda keys: _stored(platform, months, macro_features, regime_labels, declared, keys),
            lambda record: _where(platform, key_of(record.as_of)),
        )

    return asset


def _where(platform: Platform, month: str) -> Metadata:
    """Where the month's row is found, and how it is asked for."""
    from macro_cycle.feature_store.definitions import ENTITY, VIEWS

    feast = platform.settings.feast
    open_month = month == platform.clock.open_month()
    return {
        "online": "yes" if open_month else "no: a closed month is in the offline store alone",
        "feature_views": ", ".join(VIEWS),
        "entity": f"{ENTITY} = {feast.economy}",
        "ask_by_post": f"/get-online-features at port {feast.port}, after macro-cycle up --feature-server",
    }


def _stored(
    platform: Platform,
    months: Months,
    panels: Mapping[str, Panel],
    answers: Mapping[str, Answer],
    declared: Mapping[str, Declared],
    keys: list[str],
) -> Iterator[Result]:
    remaining = iter(keys)
    while batch := list(islice(remaining, BATCH)):
        rows = [month_row(panels[month], answers[month], declared.get(month)) for month in batch]
        platform.feature_store.write_offline(rows)
        if batch[-1] == platform.clock.open_month():
            platform.feature_store.materialize_online()
        for month, row in zip(batch, rows, strict=True):
            day = as_of_day(month).date()
            made = months.made_by_and_from(month)
            yield month, (Record(cycle=platform.cycle, as_of=day, version=row.digest[:16], **made), {})


def kserve_deployment(chain: Chain) -> dg.AssetsDefinition:
    """The asset `kserve_deployment`."""
    platform = chain.platform

    @dg.asset(
        **chain.options(ENDPOINT, "serving", "champion", "regime_labels"),
        deps=[chain.key(declarations.ASSET)],
        owners=["team:ml-platform"],
        kinds={"kserve"},
        tags={"domain": "serving"},
        metadata={"dagster/table_name": "warehouse.served"},
    )
    @made_again_after_an_outage
    def asset(
        context: dg.AssetExecutionContext,
        champion: dict[str, Decision],
        regime_labels: dict[str, Answer],
    ) -> Iterator[dg.MaterializeResult]:
        """The endpoint serving the model that stands promoted, verified by a prediction before anybody else asks."""
        open_month = platform.clock.open_month()
        beside = {declarations.ASSET: platform.records.load(declarations.ASSET, Declared, [open_month])}
        months = Months(context, chain, beside, champion=champion)

        def deployed(keys: list[str]) -> Iterator[Result]:
            for month in keys:
                yield (
                    month,
                    _deployed(platform, months, month) if month == open_month else _closed(platform, months, month),
                )

        yield from months.report(
            deployed, lambda record: _figures(record, platform), lambda record: key_of(record.as_of) != open_month
        )

    return asset


def _deployed(platform: Platform, months: Months, month: str) -> Made:
    made = deployments.Made(as_of_day(month).date(), **months.made_by_and_from(month))
    record = deployments.deploy_as_decided(platform, made)
    if record.model_version is None:
        return record, {"note": NOTHING_PROMOTED}
    return record, _indexed(platform, record)


def _indexed(platform: Platform, record: Deployment) -> Metadata:
    """Show in MLflow what serves, for people; nothing depends on it."""
    try:
        versions = {version.version: version for version in platform.registry.versions().values()}
        platform.registry.set_alias("champion", versions[record.registry_version])
    except MacroCycleError as error:
        return {"not_shown_in_mlflow": str(error)}
    return {}


def _closed(platform: Platform, months: Months, month: str) -> Made:
    day = as_of_day(month)
    record = Deployment(
        cycle=platform.cycle,
        as_of=day.date(),
        version="closed",
        **months.made_by_and_from(month),
        model_version=None,
        deployed_at=day.tz_localize("UTC").to_pydatetime(),
    )
    return record, {"note": CLOSED}


def _figures(record: Deployment, platform: Platform) -> Metadata:
    if record.model_version is None:
        return {}
    return {
        "page": page_of(platform.settings, platform.cycle),
        "endpoint": model_page(record.endpoint),
        "ask_by_post": "that address with :predict after it",
        **version_page(platform, record.registry_version),
        "model_version": record.model_version,
        "mlflow_version": record.registry_version,
        "label": record.label,
        "recession_probability": record.recession_probability,
        "verified": "V1 and V2 answered with the stored probabilities",
    }
