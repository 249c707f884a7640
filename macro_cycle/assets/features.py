"""The stationary panel, as known at each month end."""

from collections.abc import Iterator

import dagster as dg
import pandas as pd

from macro_cycle.assets.chain import Chain, Made, Metadata, Months, Result
from macro_cycle.assets.shown import table
from macro_cycle.assets.sources import as_of_frames
from macro_cycle.errors import MacroCycleError
from macro_cycle.features import FeatureSet, build_panel
from macro_cycle.features.feature_set import Feature
from macro_cycle.features.schema import panel_schema, violations
from macro_cycle.features.transformations import TCODES
from macro_cycle.observations import Catalog
from macro_cycle.observations.catalog import SeriesSpec
from macro_cycle.platform.months import as_of_day, key_of
from macro_cycle.platform.versions import content_version
from macro_cycle.records import Panel, Snapshot
from macro_cycle.resources.outages import made_again_after_an_outage
from macro_cycle.resources.platform import Platform


def macro_features(chain: Chain, features: FeatureSet, panel_path: str) -> dg.AssetsDefinition:
    """The asset `macro_features`."""
    platform = chain.platform

    @dg.asset(
        **chain.options("macro_features", "features", "fred_series"),
        owners=["team:research"],
        kinds={"pandas", "parquet"},
        tags={"domain": "macro"},
        metadata={
            "dagster/column_schema": _columns(features, platform.catalog),
            "dagster/column_lineage": _lineage(features, chain.key("fred_series")),
            "dagster/uri": panel_path,
        },
    )
    @made_again_after_an_outage
    def asset(
        context: dg.AssetExecutionContext,
        fred_series: dict[str, Snapshot],
    ) -> Iterator[dg.MaterializeResult]:
        """Stationary panel as known at the end of the month: one row per reference month, one column per feature.

        NaN where a value was not yet published; nothing is filled, dropped or scaled.
        """
        months = Months(context, chain, fred_series=fred_series)
        yield from months.report(
            lambda keys: _built(platform, months, keys),
            _figures,
            lambda record: platform.panels.holds(key_of(record.as_of)),
        )

    return asset


def _built(platform: Platform, months: Months, keys: list[str]) -> Iterator[Result]:
    for month, known in as_of_frames(platform.warehouse, keys, platform.features.series_ids):
        try:
            yield month, _made(platform, months, month, build_panel(known, platform.catalog, platform.features))
        except MacroCycleError as error:
            yield month, error


def _made(platform: Platform, months: Months, month: str, panel: pd.DataFrame) -> Made:
    version, newest = content_version(panel), panel.iloc[-1]
    platform.panels.write(month, panel, version)
    record = Panel(
        cycle=platform.cycle,
        as_of=as_of_day(month).date(),
        version=version,
        **months.made_by_and_from(month),
        problems=tuple(violations(panel_schema(list(platform.features.names)), panel)),
        reference_month=panel.index[-1].date(),
        months=len(panel),
        missing_share=float(panel.isna().to_numpy().mean()),
        newest={str(name): float(value) for name, value in newest.dropna().items()},
        features=tuple(map(str, panel.columns)),
    )
    return record, {}


def _figures(panel: Panel) -> Metadata:
    return {
        "dagster/row_count": panel.months,
        "features": len(panel.features),
        "newest_reference_month": f"{panel.reference_month:%Y-%m}",
        "missing_share": panel.missing_share,
        "missing_in_newest_month": len(panel.features) - len(panel.newest),
        "newest_row": _newest_row(panel),
    }


def _newest_row(panel: Panel) -> dg.MetadataValue:
    """The newest month's value of each feature."""
    rows = [(name, panel.newest.get(name)) for name in panel.features]
    shown = [(name, "not published" if value is None else f"{value:.4f}") for name, value in rows]
    return table(pd.DataFrame(shown, columns=["feature", "value"]))


def _made_of(feature: Feature, catalog: Catalog) -> str:
    """The series of a feature by title, how each is transformed, and from what unit."""
    specs = [catalog.spec(series_id) for series_id in feature.series_ids]
    parts = [f"{spec.title} ({spec.series_id}): {transformation_of(spec)} of {spec.units}" for spec in specs]
    return f"{'; '.join(parts)}. Up is good; role {feature.role}"


def transformation_of(spec: SeriesSpec) -> str:
    """How a series is made stationary, in words."""
    how = "as its values allow" if spec.tcode is None else TCODES[spec.tcode]
    return f"{how}, sign turned" if spec.sign < 0 else how


def _columns(features: FeatureSet, catalog: Catalog) -> dg.TableSchema:
    return dg.TableSchema(
        columns=[dg.TableColumn("reference_month", "timestamp", "month that the row describes")]
        + [dg.TableColumn(f.name, "double", _made_of(f, catalog)) for f in features.features]
    )


def _lineage(features: FeatureSet, source: dg.AssetKey) -> dg.TableColumnLineage:
    columns = ("series_id", "date", "value")
    return dg.TableColumnLineage(
        {f.name: [dg.TableColumnDep(source, column) for column in columns] for f in features.features}
    )
