"""Why the answer moved since the month end before."""

from collections.abc import Iterator

import dagster as dg
import pandas as pd

from macro_cycle.assets.charts import as_metadata, news_chart
from macro_cycle.assets.features import FEATURES, macro_features
from macro_cycle.assets.monthly import MONTHLY, MonthResult, report_months
from macro_cycle.assets.regimes import regime_labels
from macro_cycle.assets.sources import as_of_frames
from macro_cycle.errors import MacroCycleError
from macro_cycle.evaluation.news import InformationSet, News, explain
from macro_cycle.features import build_panel
from macro_cycle.features.store import content_version
from macro_cycle.observations import Catalog
from macro_cycle.platform.months import as_of_day
from macro_cycle.platform.settings import load_settings
from macro_cycle.resources.warehouse import WarehouseResource

NEWS_COLUMNS = dg.TableSchema(
    columns=[
        dg.TableColumn("since", "date", "the month end before"),
        dg.TableColumn("before", "double precision", "recession probability of the newest month at `since`"),
        dg.TableColumn("forecast", "double precision", "what was expected at `since` of the newest month at `as_of`"),
        dg.TableColumn("after", "double precision", "recession probability of the newest month at `as_of`"),
        dg.TableColumn("parts", "json", "kind, series_id and contribution; they add up to after - before"),
    ]
)


@dg.asset(
    deps=[macro_features, regime_labels],
    group_name="regimes",
    owners=["team:research"],
    kinds={"postgres", "python"},
    metadata={"dagster/column_schema": NEWS_COLUMNS, "dagster/table_name": "warehouse.news"},
    **MONTHLY,
)
def regime_news(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> Iterator[dg.MaterializeResult]:
    """Why the recession probability moved since the month end before: new data, revisions, re-estimation, names.

    The parts add up to the change. What was known and believed a month before is computed from the observations
    again, so that a month depends on no other partition.
    """
    yield from report_months(context, _explained(warehouse, context.partition_keys))


def _explained(warehouse: WarehouseResource, months: list[str]) -> Iterator[MonthResult]:
    catalog = Catalog.load(load_settings().data.catalog_path)
    store, earlier = warehouse.news(), _information_set_before(warehouse, catalog, months[0])
    for month, later in zip(months, _information_sets(warehouse, catalog, months), strict=True):
        if earlier is None:
            note = "Nothing was known at the month end before; there is no change to explain."
            yield month, dg.MaterializeResult(data_version=dg.DataVersion("first"), metadata={"note": note})
        else:
            news = explain(earlier, later, catalog, FEATURES)
            store.save(news.to_document())
            yield month, _result(news, charted=month == months[-1])
        earlier = later


def _information_set_before(warehouse: WarehouseResource, catalog: Catalog, month: str) -> InformationSet | None:
    """What was believed at the month end before, or None when too little was known for a panel."""
    before = f"{pd.Timestamp(month) - pd.DateOffset(months=1):%Y-%m-%d}"
    known = warehouse.observations().as_of(as_of_day(before), FEATURES.series_ids)
    try:
        build_panel(known, catalog, FEATURES)
    except MacroCycleError:
        return None
    return next(_information_sets(warehouse, catalog, [before]))


def _information_sets(warehouse: WarehouseResource, catalog: Catalog, months: list[str]) -> Iterator[InformationSet]:
    from macro_cycle.training.information_sets import information_sets
    from macro_cycle.training.train import hmm_config

    frames = as_of_frames(warehouse.observations(), months, list(FEATURES.series_ids))
    dated = ((as_of_day(month), known) for month, known in frames)
    return information_sets(warehouse.models(), dated, catalog, FEATURES, hmm_config(load_settings().model, FEATURES))


def _result(news: News, *, charted: bool) -> dg.MaterializeResult:
    kinds = {kind.replace(" ", "_").replace("-", "_"): total for kind, total in news.by_kind().items()}
    metadata: dict[str, dg.MetadataValue] = {
        **{name: dg.MetadataValue.float(total) for name, total in kinds.items()},
        "change": dg.MetadataValue.float(news.change),
        "before": dg.MetadataValue.float(news.before),
        "forecast": dg.MetadataValue.float(news.forecast),
        "after": dg.MetadataValue.float(news.after),
        "standard_error": dg.MetadataValue.float(news.standard_error),
        "since": dg.MetadataValue.text(f"{news.since:%Y-%m-%d}, about {news.since_reference_month:%Y-%m}"),
        "parts": dg.MetadataValue.md(news.parts.to_markdown(index=False, floatfmt="+.4f")),
    }
    if charted:
        metadata["waterfall"] = as_metadata(news_chart(news))
    return dg.MaterializeResult(data_version=dg.DataVersion(content_version(news.parts)), metadata=metadata)
