"""History is what had come to be by then: the rows of Feast's own leak-free join, in any history."""

import numpy as np
import pandas as pd
import psycopg
import pytest
from psycopg import sql

from macro_cycle.errors import MacroCycleError
from macro_cycle_tests.feature_store.months import FEATURES, LABELS, Clock, open_store, row

MONTH_ENDS = pd.date_range("2005-01-31", periods=60, freq="ME")
PROBABILITY = "regime_probabilities__recession_probability"


def probabilities(economy, *moments: str) -> list[float]:
    return economy.read_history([pd.Timestamp(moment) for moment in moments])[PROBABILITY].tolist()


def test_history_is_read_as_it_was_known(economy):
    economy.write_offline([row("2008-01-31", 0.1), row("2008-02-29", 0.2)])
    economy.write_offline([row("2008-02-29", 0.9, "revised later")])
    assert probabilities(economy, "2008-02-10", "2008-03-09", "2008-03-11") == [0.1, 0.2, 0.9]


def test_the_default_join_would_have_leaked(economy):
    economy.write_offline([row("2008-02-29", 0.2)])
    economy.write_offline([row("2008-02-29", 0.9, "revised later")])
    entities = pd.DataFrame({"economy": "US", "event_timestamp": pd.to_datetime(["2008-03-09"], utc=True)})
    leaked = economy._store.get_historical_features(entities, ["regime_probabilities:recession_probability"]).to_df()
    assert leaked["recession_probability"].tolist() == [0.9]


def test_the_open_month_is_known_now(economy, clock):
    economy.write_offline([row("2008-02-29", 0.1), row("2008-03-31", 0.2)])
    clock.set("2008-03-20")
    economy.write_offline([row("2008-03-31", 0.3)])
    assert probabilities(economy, "2008-03-09", "2008-03-10 12:00", "2008-03-19", "2008-03-20") == [0.1, 0.2, 0.2, 0.3]


def test_a_month_that_closed_without_news_keeps_its_stamp(economy, clock):
    economy.write_offline([row("2008-03-31", 0.2)])
    clock.set("2008-04-02")
    assert economy.write_offline([row("2008-03-31", 0.2)]) == 0
    assert probabilities(economy, "2008-03-10 12:00") == [0.2]


def test_the_same_content_is_written_once(economy):
    assert economy.write_offline([row("2008-01-31", 0.1), row("2008-02-29", 0.2)]) == 2
    assert economy.write_offline([row("2008-01-31", 0.1), row("2008-02-29", 0.3)]) == 1


def test_a_changed_model_is_new_content_of_the_same_data(economy):
    economy.write_offline([row("2008-02-29", 0.2, "same data")])
    assert economy.write_offline([row("2008-02-29", 0.3, "same data")]) == 1


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([row("2008-02-29", 0.1), row("2008-02-29", 0.2)], "two rows of one month"),
        ([row("2008-02-29", 0.1), row("2008-04-30", 0.2)], "2008-04 has not begun"),
    ],
)
def test_impossible_rows_are_refused_whole(economy, rows, reason):
    with pytest.raises(MacroCycleError, match=reason):
        economy.write_offline(rows)
    assert np.isnan(probabilities(economy, "2008-03-10")).all()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_any_history_is_read_as_by_feast_s_leak_free_join(placement, seed):
    rng = np.random.default_rng(seed)
    clock = Clock("2010-01-01")
    stores = {
        "US": open_store(placement, clock),
        "BR": open_store(placement, clock, "BR", ("IBCBR", "UNRATE")),
    }
    for _ in range(40):
        clock.moment = pd.Timestamp("2004-12-01") + pd.Timedelta(days=rng.uniform(31, 2200))
        begun = MONTH_ENDS[clock.moment + pd.offsets.MonthEnd(0) > MONTH_ENDS]
        months = rng.choice(begun, min(len(begun), 12), replace=False) if len(begun) else []
        name = rng.choice(list(stores))
        features = tuple(stores[name]._features)
        stores[name].write_offline(
            [row(str(month)[:10], float(rng.integers(3)), features=features) for month in map(pd.Timestamp, months)]
        )
    moments = [pd.Timestamp("2004-06-01") + pd.Timedelta(days=float(day)) for day in rng.uniform(0, 2600, 150)]
    moments += [month + pd.Timedelta(days=1, seconds=-1) for month in rng.choice(MONTH_ENDS, 20)]
    for store in stores.values():
        pd.testing.assert_frame_equal(ours(store, moments), feast_s(store, moments), check_dtype=False)


def ours(store, moments: list[pd.Timestamp]) -> pd.DataFrame:
    return store.read_history(moments).sort_values("event_timestamp", ignore_index=True)


def feast_s(store, moments: list[pd.Timestamp]) -> pd.DataFrame:
    entities = pd.DataFrame({"economy": store._name, "event_timestamp": pd.to_datetime(moments, utc=True)})
    job = store._store.get_historical_features(
        entities, store._references, full_feature_names=True, filter_by_created_timestamp=True
    )
    found = job.to_df().sort_values("event_timestamp", ignore_index=True)
    times = [c for c in found if c.endswith(("event_timestamp", "__as_of", "__reference_month"))]
    return found.assign(**{c: pd.to_datetime(found[c], utc=True) for c in times})


@pytest.mark.slow
def test_the_time_zone_of_the_database_does_not_matter(placement, clock):
    with psycopg.connect(placement.url, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(f"ALTER DATABASE \"{name}\" SET timezone TO 'America/New_York'")
    economy = open_store(placement, clock)
    economy.write_offline([row("2008-02-29", 0.1), row("2008-03-31", 0.2)])
    economy.materialize_online()
    assert probabilities(economy, "2008-03-01 00:00", "2008-03-10 11:59", "2008-03-10 12:00") == [0.1, 0.1, 0.2]
    assert pd.Timestamp(economy.read_online().known_at) == pd.Timestamp("2008-03-10 12:00", tz="UTC")


def test_rows_of_the_first_version_are_stamped_anew(placement, clock):
    """It stamped an open month's row with the month's end."""
    with psycopg.connect(placement.url) as connection:
        for view in ("macro_features", "regime_probabilities"):
            connection.execute(
                f"CREATE TABLE feast.{view}_history (economy text NOT NULL, event_timestamp timestamptz NOT NULL, "
                "created timestamptz NOT NULL, reference_month timestamptz, data_version text)"
            )
            connection.execute(
                sql.SQL("INSERT INTO {} VALUES ('US', '2008-03-31 23:59:59Z', '2008-03-05Z', NULL, 'old')").format(
                    sql.Identifier("feast", f"{view}_history")
                )
            )
    economy = open_store(placement, clock)
    known = economy.read_history([pd.Timestamp("2008-03-04"), pd.Timestamp("2008-03-06")])
    assert known["macro_features__as_of"].tolist() == [pd.NaT, pd.Timestamp("2008-03-31", tz="UTC")]


def test_the_columns_of_another_economy_are_left_alone(placement, clock):
    us, br = open_store(placement, clock), open_store(placement, clock, "BR", ("IBCBR",))
    us.write_offline([row("2008-02-29", 0.1)])
    br.write_offline([row("2008-02-29", 0.7, features=("IBCBR",))])
    open_store(placement, clock)
    view = us._store.get_feature_view("macro_features")
    assert {*FEATURES, "IBCBR"} <= {field.name for field in view.features}
    assert [probabilities(store, "2008-03-01") for store in (us, br)] == [[0.1], [0.7]]
    assert LABELS[0] in us.read_history([pd.Timestamp("2008-03-01")])["regime_probabilities__label"].tolist()
