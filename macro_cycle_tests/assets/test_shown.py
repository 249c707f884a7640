"""What people read on an asset's page: rounded, without gaps spelt as NaN, shown without a click, and explained."""

import re

import dagster as dg
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from macro_cycle.assets.checks import _result
from macro_cycle.assets.features import _figures as features_figures
from macro_cycle.assets.features import _made_of
from macro_cycle.assets.shown import PARTITIONS, rounded, table
from macro_cycle.definitions import build
from macro_cycle.records import Panel

NOT_FOR_PEOPLE = re.compile(r"\bNaT\b|\bnan\b|\bNone\b|\d\.\d{8,}|00:00:00", re.IGNORECASE)


def cells(shown: dg.TableMetadataValue) -> list[str]:
    return [str(cell) for record in shown.records for cell in record.data.values()]


def test_a_table_has_no_nat_no_nan_no_midnight_and_few_digits():
    rows = pd.DataFrame(
        {
            "day": [pd.Timestamp("2026-11-01"), pd.NaT],
            "value": [0.12345678901234567, float("nan")],
            "about": ["a", None],
            "holds": [True, False],
        }
    )
    found = cells(table(rows))
    assert found == ["2026-11-01", "0.1235", "a", "yes", "", "", "", "no"]
    assert not any(map(NOT_FOR_PEOPLE.search, found))


def test_a_column_keeps_the_format_asked_for():
    assert cells(table(pd.DataFrame({"contribution": [0.25, -0.125]}), {"contribution": "+.4f"})) == [
        "+0.2500",
        "-0.1250",
    ]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_shown_in_six_digits_and_decimals_and_stays_the_number(value):
    shown = rounded({"plain": value, "typed": dg.MetadataValue.float(value)})
    assert shown["plain"] == shown["typed"] == pytest.approx(value, rel=1e-5, abs=1e-6)
    assert len(re.sub(r"e.*|\D", "", repr(shown["plain"])).strip("0")) <= 6
    assert shown["plain"] == 0 or abs(shown["plain"]) >= 1e-6


def test_what_is_no_number_is_left_out():
    assert rounded({"a": float("nan"), "b": None, "c": 3, "d": True, "e": "x"}) == {"c": 3, "d": True, "e": "x"}


def test_every_monthly_asset_says_what_a_partition_is_and_where_its_code_is(platform):
    graph = build(platform).resolve_asset_graph()
    monthly = [node for node in graph.asset_nodes if node.partitions_def is not None and node.is_materializable]
    assert len(monthly) == 9
    for node in monthly:
        assert node.description.endswith(PARTITIONS)
        assert len(node.description) > len(PARTITIONS) + 20
        assert "dagster/code_references" in node.metadata


def test_the_newest_row_of_the_panel_says_what_is_not_published(platform):
    names = tuple(platform.features.names)
    panel = Panel(
        cycle="us",
        as_of="2026-11-30",
        version="v",
        made_by="1",
        made_from={},
        reference_month="2026-10-01",
        months=3,
        missing_share=0.0,
        newest={names[0]: 0.123456789},
        features=names,
    )
    rows = [record.data for record in features_figures(panel)["newest_row"].records]
    assert [row["feature"] for row in rows] == list(names)
    assert rows[0]["value"] == "0.1235"
    assert {row["value"] for row in rows[1:]} == {"not published"}


def test_each_column_of_the_panel_says_what_it_is_made_of(platform):
    [payrolls] = [feature for feature in platform.features.features if feature.name == "PAYEMS"]
    assert _made_of(payrolls, platform.catalog).startswith(
        "All Employees on Nonfarm Payrolls (PAYEMS): first difference of the log of Thousands"
    )


def test_a_table_too_wide_for_the_column_of_values_is_markdown():
    wide = table(pd.DataFrame([[1.0, None, pd.NaT, "x", 0.5]], columns=list("abcde")))
    assert isinstance(wide, dg.MarkdownMetadataValue)
    assert not NOT_FOR_PEOPLE.search(wide.value)


def test_what_a_check_found_is_a_table_newest_first():
    found = _result({"2026-10-01": ["a"], "2026-11-01": ["b", "c"]}, dg.AssetCheckSeverity.WARN)
    assert cells(found.metadata["found"]) == ["2026-11", "c", "2026-11", "b", "2026-10", "a"]
    assert "found" not in _result({"2026-10-01": []}, dg.AssetCheckSeverity.WARN).metadata
