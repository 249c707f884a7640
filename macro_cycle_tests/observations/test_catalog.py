import pandas as pd
import pytest

from macro_cycle.observations import Catalog, CatalogError, SeriesSpec

CATALOG = Catalog.load()


def test_the_series_that_the_platform_promises_are_described():
    promised = {"INDPRO", "PAYEMS", "W875RX1", "CMRMTSPL", "UNRATE", "ICSA", "AWHMAN", "HOUST", "PERMIT"}
    promised |= {"CPIAUCSL", "GDPC1", "GS10", "TB3MS", "FEDFUNDS"}
    assert promised <= set(CATALOG.series)
    assert all(spec.series_id == key for key, spec in CATALOG.series.items())


def test_aliases_lead_to_the_fred_id():
    assert CATALOG.spec("CMRMTSPLx").series_id == "CMRMTSPL"
    assert CATALOG.canonical_id("CLAIMSx") == "ICSA"
    assert "CLAIMSx" in CATALOG
    assert "NOSUCH" not in CATALOG


@pytest.mark.parametrize("series_id", [s for s, spec in CATALOG.series.items() if spec.frequency == "M"])
def test_at_each_month_end_the_previous_month_is_known_and_sales_the_one_before(series_id):
    months_behind = 2 if series_id == "CMRMTSPL" else 1
    for month_end in pd.date_range("1999-01-31", "2004-12-31", freq="ME"):
        newest = month_end.to_period("M") - months_behind
        dates = pd.DatetimeIndex([newest.to_timestamp(), (newest + 1).to_timestamp()])
        known = CATALOG.spec(series_id).release_dates(dates) <= month_end
        assert list(known) == [True, False]


def test_release_dates_follow_the_frequency_that_the_data_have():
    weeks = pd.DatetimeIndex(["2020-03-14", "2020-03-21"])
    assert list(CATALOG.spec("ICSA").release_dates(weeks)) == list(weeks + pd.Timedelta(days=5))
    months = pd.DatetimeIndex(["2020-03-01", "2020-04-01"])
    assert list(CATALOG.spec("CLAIMSx").release_dates(months)) == [
        pd.Timestamp("2020-04-05"),
        pd.Timestamp("2020-05-05"),
    ]
    quarter = CATALOG.spec("GDPC1").release_dates(pd.DatetimeIndex(["2020-10-01"]))
    assert list(quarter) == [pd.Timestamp("2021-01-29")]


def test_an_unknown_series_is_guessed_and_leaves_the_transformation_to_its_data():
    spec = CATALOG.spec("NOSUCH")
    assert spec == SeriesSpec.guess("NOSUCH")
    assert spec.tcode is None


def test_a_users_file_changes_only_the_fields_it_names(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(
        "UNRATE: {tcode: 1}\n"
        "MINE: {title: Mine, frequency: M, units: x, tcode: 5, publication_lag_days: 3, role: rate}\n"
    )
    catalog = Catalog.load(path)
    assert catalog.spec("UNRATE") == CATALOG.spec("UNRATE").model_copy(update={"tcode": 1})
    assert catalog.spec("MINE").role == "rate"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("UNRATE: {tcode: 9}", "UNRATE: tcode"),
        ("UNRATE: {color: red}", "UNRATE: color"),
        ("MINE: {tcode: 5}", "MINE: title"),
        ("UNRATE: {sign: 0}", "UNRATE: sign"),
        ("UNRATE: {publication_lag_days: -1}", "UNRATE: publication_lag_days"),
        ("UNRATE: {aliases: [PAYEMS]}", "PAYEMS stands for two series"),
        ("- UNRATE", "must map"),
        ("a: [", "not valid YAML"),
    ],
)
def test_a_wrong_file_is_one_line_that_names_the_place(tmp_path, text, says):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(CatalogError, match=says) as caught:
        Catalog.load(path)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_said():
    with pytest.raises(CatalogError, match="cannot be read"):
        Catalog.load("/nowhere/catalog.yaml")
