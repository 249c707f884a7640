"""How things read in the metadata of an asset: tables, lists, links, lines of numbers.

Dagster's page shows a table whole, and markdown only below a thousand characters; longer, as a large picture is, it
waits behind a click. What people look for first is therefore a table, a line of text or a `line_chart`. The column of
values is narrow and cuts a table of more than four columns off at its right edge; such a one is markdown.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import dagster as dg
import pandas as pd

from macro_cycle.platform.settings import Settings
from macro_cycle.resources.platform import Platform

DIGITS = 6
WIDEST = 4
PARTITIONS = "Partition 2026-11-01 is what was known at the end of November 2026."


def rounded(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """The metadata with every number in at most six significant digits and six decimals; what is none is left out."""
    plain = {name: each.value if isinstance(each, dg.FloatMetadataValue) else each for name, each in metadata.items()}
    return {name: _short(each) for name, each in plain.items() if not _missing(each)}


def table(
    rows: pd.DataFrame, formats: Mapping[str, str] | None = None
) -> dg.TableMetadataValue | dg.MarkdownMetadataValue:
    """The rows as a table, shown without a click up to four columns.

    formats: format specification by column; other numbers have four significant digits, times are days, and what is
    missing is an empty cell.
    """
    formats = formats or {}
    cells = [
        {str(name): _cell(value, formats.get(str(name), "")) for name, value in row.items()}
        for row in rows.to_dict("records")
    ]
    if rows.shape[1] > WIDEST:
        return dg.MetadataValue.md(pd.DataFrame(cells).to_markdown(index=False, disable_numparse=True))
    records = [dg.TableRecord(row) for row in cells]
    schema = dg.TableSchema(columns=[dg.TableColumn(str(name), "string") for name in rows])
    return dg.MetadataValue.table(records=records, schema=schema)


def bullets(lines: Iterable[str]) -> dg.MarkdownMetadataValue:
    """The lines as a list."""
    return dg.MetadataValue.md("\n".join(f"- {line}" for line in lines))


def link(text: str, url: str) -> dg.MarkdownMetadataValue:
    """A link that is shown by a short text: an address as long as most makes the column of values too wide."""
    return dg.MetadataValue.md(f"[{text}]({url})")


def links(name: str, pages: Mapping[str, str | None]) -> dict[str, dg.MarkdownMetadataValue]:
    """The pages that there are, by the texts they are shown by, under one name; nothing where there are none."""
    found = [link(text, url).md_str or "" for text, url in pages.items() if url]
    return {name: dg.MetadataValue.md(", ".join(found))} if found else {}


def version_page(platform: Platform, version: str | None) -> dict[str, dg.MarkdownMetadataValue]:
    """MLflow's page of a version of the registered model, which is not asked whether it answers."""
    if not version:
        return {}
    return links(
        "mlflow", {f"version {version}": platform.pages.version(platform.settings.mlflow.registered_model, version)}
    )


def page_of(settings: Settings, cycle: str) -> dg.MarkdownMetadataValue:
    """The page of a cycle for people who have no Dagster."""
    return link("the page", f"http://{settings.page.host}:{settings.page.port}/{cycle}/")


def model_page(endpoint: str) -> dg.MarkdownMetadataValue:
    """Where a served model says in a browser what it is; `endpoint` is asked by POST."""
    url = endpoint.removesuffix(":predict")
    return link(url.rsplit("/", 1)[-1], url)


def with_partitions_explained(asset: dg.AssetsDefinition) -> dg.AssetsDefinition:
    """The asset, its description ending with what a partition is, where it has any."""
    if asset.partitions_def is None:
        return asset
    return asset.map_asset_specs(
        lambda spec: spec.replace_attributes(description=f"{spec.description}\n\n{PARTITIONS}")
    )


def _short(value: Any) -> Any:
    return float(f"{round(value, DIGITS):.{DIGITS}g}") if isinstance(value, float) else value


def _missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and not math.isfinite(value))


def _cell(value: Any, specification: str) -> str:
    if value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return format(value, specification or ".4g")
    return format(value, specification) if specification else str(value)
