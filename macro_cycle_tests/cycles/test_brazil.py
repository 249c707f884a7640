"""Brazil, the second economy by its definition alone: CODACE's turning points, GDP as released, two phases."""

import pandas as pd
import pytest

from macro_cycle.cycles import shipped
from macro_cycle.errors import MacroCycleError
from macro_cycle.evaluation.daily import walk_forward_daily
from macro_cycle.evaluation.rivals import all_rivals
from macro_cycle.evaluation.rivals.rival import panels_of
from macro_cycle.observations.quality import Rule, findings, holding_on
from macro_cycle.platform.settings import Settings
from macro_cycle.resources.platform import Platform
from macro_cycle.sources.sample import Sample

BRAZIL = shipped("br")
CODACE = BRAZIL.chronology


@pytest.fixture(scope="module")
def history() -> pd.DataFrame:
    sample = Sample(BRAZIL.catalog(), BRAZIL.folder / "br")
    seen = sample.observations(BRAZIL.features.series_ids).sort_values(["series_id", "date", "realtime_start"])
    return seen.assign(realtime_end=seen.groupby(["series_id", "date"])["realtime_start"].shift(-1))


def test_a_platform_of_brazil_has_brazil_s_series_names_and_sample_whatever_the_settings_say():
    platform = Platform(Settings(data={"source": "fred_md", "source_path": "/nowhere"}), "br")
    assert platform.source().name == "sample"
    assert set(platform.features.series_ids) <= set(platform.source().available())
    assert platform.settings.kserve.model_name == "macro-cycle-hmm-br"
    assert Platform(Settings(), "us").settings.data.source_path is None


def test_rules_on_american_series_are_no_rivals_of_brazil_s_model():
    american = shipped("us").catalog()
    sample = Sample(american)
    both = sample.observations(sample.available()).assign(realtime_end=pd.NaT)
    for rival in all_rivals(BRAZIL.chronology):
        assert panels_of(rival, both, american).on(pd.Timestamp("2010-01-01")) is not None
        with pytest.raises(MacroCycleError, match="which are no series of this cycle"):
            panels_of(rival, both, BRAZIL.catalog())


def test_a_series_that_begins_after_the_first_month_is_not_missing_there(history):
    found = findings(history, BRAZIL.catalog(), BRAZIL.features.series_ids)
    held = holding_on(found, pd.Timestamp("2008-01-31"))
    assert not [rule for rule in held["rule"] if Rule(rule).blocks]


def test_a_recession_known_by_quarter_is_every_month_of_its_quarters():
    months = pd.date_range("2019-10-01", "2020-09-01", freq="MS")
    inside = CODACE.recession_indicator(months)
    assert list(months[inside.to_numpy()]) == list(pd.date_range("2020-01-01", "2020-06-01", freq="MS"))
    assert [r.dated_by for r in CODACE.recessions] == ["quarter", "month", "month", "quarter"]


def test_nothing_is_settled_of_2014_until_the_committee_announces_its_peak():
    month = pd.DatetimeIndex(["2014-06-01"])
    assert CODACE.settled(month, pd.Timestamp("2015-08-03")).isna().all()
    assert CODACE.settled(month, pd.Timestamp("2017-10-30")).tolist() == [True]


@pytest.mark.parametrize(
    ("first", "contraction"), [("2013-05-01", False), ("2015-05-01", True), ("2020-06-01", True), ("2023-05-01", False)]
)
def test_two_months_are_answered_as_the_committee_dated_them_later(history, first, contraction):
    months = pd.date_range(first, periods=2, freq="MS")
    config = BRAZIL.hmm_config(n_restarts=1)
    run = walk_forward_daily(history, BRAZIL.catalog(), BRAZIL.features, config, list(months), every=3)
    answers = run.table()
    said = answers[answers["month_end"]]
    assert ((said["probability"] > 0.5) == contraction).all()
    assert (answers["reference_month"] < answers.index - pd.Timedelta(days=30)).all()
