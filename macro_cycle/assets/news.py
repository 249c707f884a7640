"""Why the answer moved since the month end before."""

from collections.abc import Iterator

import dagster as dg

from macro_cycle.assets.chain import Chain, Made, Metadata, Months, Result
from macro_cycle.assets.charts import as_metadata, news_chart
from macro_cycle.assets.model import stored_model
from macro_cycle.assets.shown import bullets, table
from macro_cycle.assets.sources import as_of_frames
from macro_cycle.errors import MacroCycleError
from macro_cycle.evaluation.news import InformationSet, News, explain
from macro_cycle.observations.calendar import late_arrivals
from macro_cycle.platform.months import as_of_day, month_before
from macro_cycle.platform.versions import content_version
from macro_cycle.records import Answer, Explanation, Model
from macro_cycle.resources.outages import made_again_after_an_outage
from macro_cycle.resources.platform import Platform

COLUMNS = dg.TableSchema(
    columns=[
        dg.TableColumn("since", "date", "the month end before"),
        dg.TableColumn("before", "double precision", "recession probability of the newest month at `since`"),
        dg.TableColumn("forecast", "double precision", "what was expected at `since` of the newest month at `as_of`"),
        dg.TableColumn("after", "double precision", "recession probability of the newest month at `as_of`"),
        dg.TableColumn("parts", "json", "kind, series_id and contribution; they add up to after - before"),
    ]
)
NOTHING_BEFORE = "There is no answer for the month end before, so no change to explain; materialize that month first."


def regime_news(chain: Chain) -> dg.AssetsDefinition:
    """The asset `regime_news`."""
    platform = chain.platform

    @dg.asset(
        **chain.options("regime_news", "regimes", "regime_model", "regime_labels"),
        owners=["team:research"],
        kinds={"postgres", "python"},
        tags={"domain": "macro"},
        metadata={"dagster/column_schema": COLUMNS, "dagster/table_name": "warehouse.news"},
    )
    @made_again_after_an_outage
    def asset(
        context: dg.AssetExecutionContext,
        regime_model: dict[str, Model],
        regime_labels: dict[str, Answer],
    ) -> Iterator[dg.MaterializeResult]:
        """Why the recession probability moved since the month end before: new data, revisions, re-estimation, names.

        The parts add up to the change. The month end before is taken as it is on record; nothing is trained.
        """
        first = month_before(context.partition_keys[0])
        models = platform.records.load("regime_model", Model, [first]) | regime_model
        months = _WithTheMonthBefore(context, chain, models, regime_model, regime_labels)
        yield from months.report(lambda keys: _explained(platform, months, models, keys), _figures)

    return asset


class _WithTheMonthBefore(Months):
    """Months whose records are made from the model of the month end before, too."""

    def __init__(
        self,
        context: dg.AssetExecutionContext,
        chain: Chain,
        models: dict[str, Model],
        regime_model: dict[str, Model],
        regime_labels: dict[str, Answer],
    ) -> None:
        super().__init__(context, chain, regime_model=regime_model, regime_labels=regime_labels)
        self._models = models

    def _versions(self, month: str) -> dict[str, str]:
        before = self._models.get(month_before(month))
        return super()._versions(month) | ({"the month end before": before.version} if before else {})


def _explained(platform: Platform, months: Months, models: dict[str, Model], keys: list[str]) -> Iterator[Result]:
    wanted = sorted({month for key in keys for month in (month_before(key), key) if month in models})
    earlier: InformationSet | None = None
    for month, known in as_of_frames(platform.warehouse, wanted, platform.features.series_ids):
        try:
            later = InformationSet(as_of_day(month), known, stored_model(platform, models[month]).model)
        except MacroCycleError as error:
            later = None
            if month in keys:
                yield month, error
        if later is not None and month in keys:
            follows = earlier is not None and earlier.as_of == as_of_day(month_before(month))
            yield month, _made(platform, months, month, earlier if follows else None, later)
        earlier = later


def _made(
    platform: Platform, months: Months, month: str, earlier: InformationSet | None, later: InformationSet
) -> Made:
    made = {"cycle": platform.cycle, "as_of": later.as_of.date(), **months.made_by_and_from(month)}
    if earlier is None:
        return Explanation(**made, version="first", note=NOTHING_BEFORE), {}
    news = explain(earlier, later, platform.catalog, platform.features)
    platform.news.save(news.to_document())
    record = Explanation(
        **made,
        version=content_version(news.parts),
        since=news.since.date(),
        before=news.before,
        forecast=news.forecast,
        after=news.after,
        standard_error=news.standard_error,
        by_kind=news.by_kind(),
    )
    return record, _shown(platform, news) if month == months.keys[-1] else {}


def _shown(platform: Platform, news: News) -> Metadata:
    series_ids = platform.features.series_ids
    history = platform.warehouse.history(series_ids)
    late = late_arrivals(history, platform.catalog, series_ids, news.since, news.as_of)
    parts = news.parts[news.parts["contribution"] != 0]
    largest_first = parts.sort_values("contribution", key=abs, ascending=False, kind="stable")
    rests_on = platform.publications().provenance([news.since, news.as_of]).in_words
    shown: Metadata = {
        "rests_on": rests_on,
        "why_it_moved": table(largest_first, {"contribution": "+.4f"}) if len(parts) else "Nothing moved.",
        "chart_of_why_it_moved": as_metadata(news_chart(news)),
    }
    return shown | ({"late_releases": bullets(late)} if late else {})


def _figures(record: Explanation) -> Metadata:
    if record.since is None or record.before is None or record.forecast is None or record.after is None:
        return {"note": record.note}
    kinds = {kind.replace(" ", "_").replace("-", "_"): float(total) for kind, total in record.by_kind.items()}
    return {
        **kinds,
        "change": record.after - record.before,
        "before": record.before,
        "forecast": record.forecast,
        "after": record.after,
        "standard_error": record.standard_error,
        "since": f"{record.since:%Y-%m-%d}",
    }
