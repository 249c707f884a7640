"""Time is read as time: order, gaps and kind of the index do not change what a panel says."""

import datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from macro_cycle.errors import MacroCycleError
from macro_cycle.hmm import HMMConfig, MacroCycleHMM, fit_windows
from macro_cycle_tests.hmm.panels import ROLES, cycle_panel

MONTHS, STEPS = 60, 7
PANEL = cycle_panel(seed=4, n_months=MONTHS)[0].reset_index(drop=True)
CONFIG = HMMConfig(n_regimes=2, roles=ROLES, n_restarts=1, max_iter=5)


def regular(freq, start="2001-01-01", **options):
    return pd.date_range(start, periods=MONTHS + STEPS, freq=freq, name="time", **options)


MONTHLY = {
    "month starts": regular("MS"),
    "month ends": regular("ME"),
    "business month ends": regular("BME"),
    "business month starts": regular("BMS"),
    "the 15th": regular("MS") + pd.Timedelta(days=14),
    "the 30th or the last of February": pd.DatetimeIndex(
        [min(first + pd.Timedelta(days=29), end) for first, end in zip(regular("MS"), regular("ME"), strict=True)],
        name="time",
    ),
    "last moments": pd.period_range("2001-01", periods=MONTHS + STEPS, freq="M", name="time").to_timestamp(how="end"),
    "seconds": regular("ME", unit="s"),
    "a time zone": regular("MS", tz="America/Sao_Paulo"),
    "periods": pd.period_range("2001-01", periods=MONTHS + STEPS, freq="M", name="time"),
}
OTHER = {
    "quarter starts": regular("QS"),
    "quarter ends": regular("QE-NOV"),
    "quarters": pd.period_range("2001Q1", periods=MONTHS + STEPS, freq="Q", name="time"),
    "half-years": regular("6ME"),
    "years": regular("YE-JUN"),
    "periods of years": pd.period_range("1950", periods=MONTHS + STEPS, freq="Y", name="time"),
    "days": regular("D"),
    "periods of days": pd.period_range("2001-01-01", periods=MONTHS + STEPS, freq="D", name="time"),
    "business days": regular("B"),
    "Fridays": regular("W-FRI"),
    "numbers": pd.RangeIndex(5, MONTHS + STEPS + 5, name="time"),
}
KINDS = {**MONTHLY, **OTHER}
KIND = st.sampled_from(sorted(KINDS))
SEED = st.integers(0, 2**32 - 1)


def panel_on(kind):
    return PANEL.set_axis(KINDS[kind][:MONTHS], axis=0)


def fitted(panel, config=CONFIG):
    return MacroCycleHMM(config).fit(panel)


def without_frequency(index):
    """The same dates, carrying no frequency of their own."""
    return pd.DatetimeIndex(index, freq=None) if isinstance(index, pd.DatetimeIndex) else index


def assert_same_answers(panel, ordered):
    """Estimates, probabilities, path and forecast, to the bit, on the same index."""
    one, other = fitted(panel), fitted(ordered)
    assert one.to_document() == other.to_document()
    assert np.array_equal(one.nowcast(panel), other.nowcast(ordered))
    pd.testing.assert_frame_equal(one.regimes(panel), other.regimes(ordered), check_freq=False, check_exact=True)
    assert np.array_equal(one.decode(panel).states, other.decode(ordered).states)
    ahead, expected = one.forecast(panel, STEPS), other.forecast(ordered, STEPS)
    assert ahead.index.equals(expected.index)
    assert np.array_equal(ahead.regime_probs, expected.regime_probs)
    assert np.array_equal(ahead.feature_mean, expected.feature_mean)


@given(kind=KIND, seed=SEED)
@settings(max_examples=40, deadline=None)
def test_any_order_of_the_rows_gives_the_same_answer(kind, seed):
    ordered = panel_on(kind)
    assert_same_answers(ordered.sample(frac=1, random_state=seed), ordered)


@given(kind=KIND, seed=SEED, share=st.floats(0.0, 0.3))
@settings(max_examples=40, deadline=None)
def test_a_gap_equals_rows_without_values(kind, seed, share):
    ordered = panel_on(kind)
    inner = np.arange(1, MONTHS - 1)
    dropped = ordered.index[inner[np.random.default_rng(seed).random(len(inner)) < share]]
    explicit = ordered.copy()
    explicit.loc[dropped] = np.nan
    assert_same_answers(ordered.drop(dropped).sample(frac=1, random_state=seed), explicit)


@pytest.mark.parametrize("kind", MONTHLY)
def test_the_same_months_by_another_day_give_the_same_numbers(kind):
    one, other = panel_on(kind), panel_on("month starts")
    assert fitted(one).to_document() == fitted(other).to_document()
    assert np.array_equal(fitted(one).filter(one).filtered_probs, fitted(other).filter(other).filtered_probs)


@pytest.mark.parametrize("spell", [str, lambda d: d.date(), lambda d: d.to_pydatetime(), lambda d: str(d)[:7]])
def test_dates_may_be_spelt_as_text_or_as_objects(spell):
    ordered = panel_on("month starts")
    spelt = ordered.set_axis(pd.Index([spell(d) for d in ordered.index], dtype=object, name="time"), axis=0)
    assert_same_answers(spelt, ordered)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("carried", [True, False], ids=["with its frequency", "dates alone"])
def test_forecasts_and_answers_are_dated_like_the_panel(kind, carried):
    panel = panel_on(kind)
    panel.index = panel.index if carried else without_frequency(panel.index)
    model = fitted(panel)
    assert model.forecast(panel, STEPS).index.equals(KINDS[kind][MONTHS:])
    assert model.forecast(panel, STEPS).index.name == "time"
    assert model.filter(panel).index.equals(KINDS[kind][:MONTHS])
    for n in (1, 2):
        assert model.forecast(panel.iloc[-n:], 1).index.equals(KINDS[kind][MONTHS : MONTHS + 1]) or (
            kind in ("the 15th", "the 30th or the last of February", "business month starts", "business month ends")
        )


def test_given_dates_stand_as_given_even_where_they_follow_no_custom():
    days = pd.DatetimeIndex([d + pd.Timedelta(days=int(k * 11 % 27)) for k, d in enumerate(regular("MS")[:MONTHS])])
    panel = PANEL.set_axis(days, axis=0)
    answered = fitted(panel.drop(days[5])).filter(panel.drop(days[5])).index
    assert answered.delete(5).equals(days.delete(5))
    assert answered[5].to_period("M") == days[5].to_period("M")


def test_a_model_keeps_its_step_for_windows_that_do_not_show_it():
    months, quarters = panel_on("month starts"), panel_on("quarter ends")
    monthly = fitted(months)
    explicit = months.iloc[:7].copy()
    explicit.iloc[[1, 2, 4, 5]] = np.nan
    third = months.iloc[:7].iloc[[0, 3, 6]]
    assert np.array_equal(monthly.filter(third).filtered_probs, monthly.filter(explicit).filtered_probs)
    quarterly = MacroCycleHMM.from_document(fitted(quarters).to_document())
    assert quarterly.forecast(quarters.iloc[-1:], 2).index.equals(KINDS["quarter ends"][MONTHS : MONTHS + 2])
    with pytest.raises(MacroCycleError, match="step is 3 months"):
        quarterly.filter(months)
    with pytest.raises(MacroCycleError, match="step is month"):
        monthly.filter(panel_on("quarters"))


def test_windows_by_their_ends_take_periods_in_the_order_of_time():
    ordered = panel_on("month ends")
    batch = fit_windows((ordered.iloc[::-1], [40, 50]), CONFIG, chain=False)
    for end, model in zip((40, 50), batch, strict=True):
        assert model.to_document() == fitted(ordered.iloc[:end]).to_document()


@pytest.mark.parametrize("kind", KINDS)
def test_a_period_that_stands_twice_is_refused(kind):
    panel = panel_on(kind)
    with pytest.raises(MacroCycleError, match=r"rows 12 and 60 .*keep one row a period"):
        fitted(pd.concat([panel, panel.iloc[[12]]]))


def test_a_month_repeated_is_not_four_months():
    panel = panel_on("month starts")
    with pytest.raises(MacroCycleError, match="both stand for 2001-01: keep one row"):
        fitted(panel.loc[panel.index.repeat(4)])


def dates(*words):
    return pd.DatetimeIndex(words)


MONTH_STARTS = list(regular("MS")[: MONTHS - 1])
UNREADABLE = {
    "a missing date": (pd.DatetimeIndex([*MONTH_STARTS, pd.NaT]), "row 59 .* has no date"),
    "a missing number": (pd.Index([*range(MONTHS - 1), None], dtype="Int64"), "row 59 .* has no date"),
    "several sequences": (pd.MultiIndex.from_product([["a", "b"], range(MONTHS // 2)]), "2 levels"),
    "words": (pd.Index([f"row {i}" for i in range(MONTHS)]), "tells no time, it begins with 'row 0'"),
    "dates of no one order": (pd.Index([f"{i % 12 + 1}/2/{2001 + i // 12}" for i in range(MONTHS)]), "tells no time"),
    "a thirteenth month": (pd.Index([f"2001-{i + 1:02d}" for i in range(MONTHS)]), "tells no time"),
    "fractions of years": (pd.Index(2001 + np.arange(MONTHS) / 12), "tells no time"),
    "truth values": (pd.Index(np.arange(MONTHS) % 2 == 0), "tells no time"),
    "durations": (pd.to_timedelta(range(MONTHS), unit="D"), "tells no time"),
    "categories": (pd.CategoricalIndex([f"c{i}" for i in range(MONTHS)]), "tells no time"),
    "dates before nanoseconds": (pd.Index([datetime.date(1000 + i, 1, 1) for i in range(MONTHS)]), "tells no time"),
    "months as numbers": (pd.Index([int(f"{d:%Y%m}") for d in regular("MS")[:MONTHS]]), "written as numbers"),
    "days as numbers": (pd.Index([int(f"{d:%Y%m%d}") for d in regular("MS")[:MONTHS]]), "written as numbers"),
    "hours": (pd.date_range("2001-01-01", periods=MONTHS, freq="h"), "both stand for 2001-01-01"),
    "periods of hours": (pd.period_range("2001-01-01", periods=MONTHS, freq="h"), "periods of h"),
    "fortnights": (pd.DatetimeIndex(list(regular("14D")[:MONTHS])), "about 14 days apart"),
    "a quarter off its place": (
        pd.DatetimeIndex([*regular("QS")[: MONTHS - 1], regular("QS")[MONTHS - 1] + pd.DateOffset(months=1)]),
        "step is 3 months, but",
    ),
    "a century too late": (pd.DatetimeIndex([*MONTH_STARTS, pd.Timestamp("2200-01-01")]), "correct the index"),
}


@pytest.mark.parametrize(("index", "words"), UNREADABLE.values(), ids=UNREADABLE)
def test_an_index_that_tells_no_time_gives_one_clear_line(index, words):
    with pytest.raises(MacroCycleError, match=words) as refusal:
        fitted(PANEL.set_axis(index, axis=0))
    assert "\n" not in str(refusal.value)


def masked(panel):
    return np.ma.masked_invalid(panel.to_numpy())


def masked_over_rubbish(panel):
    return np.ma.MaskedArray(panel.fillna(1e300).to_numpy(), panel.isna().to_numpy())


SPELLINGS = {
    "nullable floats": lambda p: p.astype("Float64"),
    "one nullable column": lambda p: p.astype({"jobs": "Float64"}),
    "arrow": lambda p: p.astype("double[pyarrow]"),
    "objects with pd.NA": lambda p: p.astype(object).where(p.notna(), pd.NA),
    "objects with None": lambda p: p.astype(object).where(p.notna(), None),
    "sparse": lambda p: p.astype(pd.SparseDtype(float)),
    "a masked array": masked,
    "a masked array over rubbish": masked_over_rubbish,
    "an array of objects": lambda p: p.astype(object).where(p.notna(), pd.NA).to_numpy(),
    "lists": lambda p: p.to_numpy().tolist(),
    "columns first": lambda p: np.asfortranarray(p.to_numpy()),
}


@pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS)
def test_a_missing_value_is_missing_however_it_is_spelt(spell):
    spelt, plain = spell(PANEL), PANEL if isinstance(spell(PANEL), pd.DataFrame) else PANEL.to_numpy()
    assert (
        fitted(spelt, CONFIG.replace(roles={})).to_document() == fitted(plain, CONFIG.replace(roles={})).to_document()
    )


@pytest.mark.parametrize(
    "spoil",
    [
        lambda p: p.assign(jobs=regular("MS")[:MONTHS]),
        lambda p: p.assign(jobs=pd.to_timedelta(range(MONTHS), unit="D")),
        lambda p: p.assign(jobs=p["jobs"] + 1j),
        lambda p: p.assign(jobs="n/a"),
        lambda p: p.assign(jobs=pd.Categorical(["a"] * MONTHS)),
        lambda p: p.to_numpy().astype(complex),
        lambda p: [[1.0, 2.0], [1.0]],
    ],
)
def test_what_is_no_number_is_refused(spoil):
    with pytest.raises(MacroCycleError, match=r"not a number|differ in length") as refusal:
        fitted(spoil(PANEL))
    assert "\n" not in str(refusal.value)
