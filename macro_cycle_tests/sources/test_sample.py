"""The bundled samples: what they hold is described, dated by real vintages where there are some, else by lags."""

import pandas as pd
import pytest

from macro_cycle.cycles import shipped
from macro_cycle.observations import Catalog
from macro_cycle.sources import SourceError, known_on
from macro_cycle.sources.sample import LATEST, UNITED_STATES, Sample

BRAZIL = shipped("br")
CATALOG = BRAZIL.catalog()


@pytest.fixture(scope="module")
def brazil() -> Sample:
    return Sample(CATALOG, BRAZIL.folder / "br")


def value_of(frame: pd.DataFrame, series_id: str, date: str) -> float | None:
    found = frame[(frame["series_id"] == series_id) & (frame["date"] == date)]["value"]
    return None if found.empty else float(found.iloc[0])


def test_every_brazilian_series_is_described_and_every_description_has_its_data(brazil):
    assert set(brazil.available()) == set(CATALOG.series)
    assert all(spec.link for spec in CATALOG.series.values())


def test_a_release_of_gdp_is_known_from_its_day_with_the_value_it_had_then(brazil):
    gdp = brazil.observations(["PIB"])
    assert not gdp["estimated"].any()
    before, on = (known_on(gdp, pd.Timestamp(day)) for day in ("2015-05-28", "2015-05-29"))
    assert value_of(before, "PIB", "2015-01-01") is None
    first = value_of(on, "PIB", "2015-01-01")
    newest = value_of(known_on(gdp, pd.Timestamp("2026-09-01")), "PIB", "2015-01-01")
    assert first is not None
    assert newest is not None
    assert first != newest


def test_what_has_no_vintages_is_estimated_to_be_known_after_its_publication_lag(brazil):
    frame = brazil.observations(["IBC_BR"])
    assert frame["estimated"].all()
    assert frame.set_index("date").loc["2014-03-01", "realtime_start"] == pd.Timestamp("2014-05-16")
    assert frame["realtime_start"].max() <= brazil.made_on


def test_a_mixed_request_yields_both_kinds_and_since_leaves_the_older_out(brazil):
    frame = brazil.observations(["IBC_BR", "PIB"])
    assert set(frame["series_id"]) == {"IBC_BR", "PIB"}
    day = pd.Timestamp("2020-01-01")
    since = brazil.observations(["IBC_BR", "PIB"], since=day)
    expected = frame[frame["realtime_start"] >= day].reset_index(drop=True)
    pd.testing.assert_frame_equal(since, expected)


def test_the_month_in_which_a_sample_ends_is_that_of_its_newest_value(brazil):
    for sample in (brazil, Sample(Catalog.load())):
        newest = sample.observations(sample.available())["date"].max()
        assert f"{newest:%Y-%m}" == sample.about.ends


def test_whose_data_are_too_old_hears_by_when_they_were_published_and_where_newer_ones_are(brazil):
    assert Sample(Catalog.load()).cure == (
        "the bundled sample holds what had been published by 2026-08-31. Set MACRO_CYCLE_SOURCE=fred_api and a key for "
        "today's data."
    )
    for sample in (brazil, Sample(Catalog.load())):
        assert sample.observations(sample.available())["realtime_start"].max() <= sample.made_on
        assert str(sample.made_on.date()) in sample.cure


def test_an_unknown_series_names_the_sample_and_those_near(brazil):
    with pytest.raises(SourceError, match="the bundled Brazilian sample has no series PIM; it holds PIM_BENS_CAPITAL"):
        brazil.observations(["PIM"])


def test_a_folder_that_is_no_sample_is_one_line(tmp_path):
    with pytest.raises(SourceError, match=r"is no bundled sample: it has no bundle\.yaml"):
        Sample(Catalog.load(), tmp_path)
    (tmp_path / "bundle.yaml").write_text("title: mine\nends: 2020-01\nnewer: Ask.\n")
    with pytest.raises(SourceError, match="made_on: field required"):
        Sample(Catalog.load(), tmp_path)


def test_a_changed_file_changes_the_token(tmp_path):
    for name in ("bundle.yaml", LATEST):
        (tmp_path / name).write_bytes((UNITED_STATES / name).read_bytes())
    sample = Sample(Catalog.load(), tmp_path)
    assert sample.last_updated() == Sample(Catalog.load()).last_updated()
    (tmp_path / LATEST).write_bytes((UNITED_STATES / LATEST).read_bytes()[:-1])
    assert sample.last_updated() != Sample(Catalog.load()).last_updated()
