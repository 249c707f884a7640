"""Numbers are rounded for people and never to nothing or certainty; the sentence says where the cycle stands."""

from datetime import date

import pytest

from macro_cycle.page.contents import Release
from macro_cycle.page.words import SPACE, age, band, percent, period_of, sentence

THURSDAY = date(2026, 12, 3)


def release(title: str, expected: date, late: bool = False) -> Release:
    period = date(2026, 11, 1)
    return Release(series_id=title, title=title, period=period, frequency="monthly", expected=expected, late=late)


def read(text: str) -> str:
    return text.replace(SPACE, " ")


@pytest.mark.parametrize(
    ("probability", "said"),
    [
        *((0, "0.0 %"), (1e-9, "under 0.1 %"), (0.0005, "0.1 %"), (0.0041, "0.4 %"), (0.5, "50.0 %")),
        *((0.9993, "99.9 %"), (1 - 1e-9, "over 99.9 %"), (1, "100.0 %")),
    ],
)
def test_a_probability_is_rounded_and_never_to_nothing_or_certainty(probability, said):
    assert read(percent(probability)) == said


@pytest.mark.parametrize(("low", "high", "said"), [(0, 0.03, "0–3 %"), (0, 0.004, "0.0–0.4 %"), (0.4, 0.91, "40–91 %")])
def test_a_band_shows_a_digit_more_near_nothing(low, high, said):
    assert read(band(low, high)) == said


def test_the_sentence_says_phase_probability_band_age_and_what_is_next():
    due = [release("Employment", date(2026, 12, 4)), release("Housing", date(2026, 12, 18))]
    said = sentence("Expansion", 0.004, (0, 0.03), date(2026, 8, 1), THURSDAY, releases=due)
    assert read(said) == (
        "Expansion; recession 0.4 % (0–3 %); data to August, 4 months old; next: Employment on Friday"
    )


@pytest.mark.parametrize(
    ("due", "said"),
    [
        ([release("Claims", THURSDAY)], "next: Claims today"),
        ([release("Claims", date(2026, 12, 9))], "next: Claims on Wednesday"),
        ([release("Claims", date(2026, 12, 10))], "next: Claims on 10 December"),
        ([release("A", date(2026, 12, 9)), release("B", date(2026, 12, 9))], "next: A and 1 more on Wednesday"),
        ([release("A", date(2026, 9, 1), late=True)], "1 series is late"),
        ([release("A", date(2026, 9, 1), True), release("B", date(2026, 9, 1), True)], "2 series are late"),
    ],
)
def test_what_is_due_is_named_by_its_day_and_what_is_late_is_counted(due, said):
    assert sentence("Peak", 0.2, None, date(2026, 11, 1), THURSDAY, releases=due).endswith(said)


def test_a_month_of_another_year_and_an_answer_without_news_are_said_to_be_so():
    said = sentence("Peak", 0.2, None, date(2025, 11, 1), THURSDAY, news=False)
    assert read(said) == (
        "Peak; recession 20.0 %; data to November 2025, 13 months old; no new data since an earlier month end"
    )


@pytest.mark.parametrize(
    ("frequency", "said"),
    [("monthly", "4 months"), ("quarterly", "2 months"), ("yearly", "0 months"), ("weekly", "124 days")],
)
def test_an_age_is_in_the_units_of_the_series(frequency, said):
    assert age(date(2026, 8, 1), frequency, THURSDAY) == said


@pytest.mark.parametrize(
    ("frequency", "said"),
    [
        *(("daily", "1 Aug 2026"), ("weekly", "1 Aug 2026"), ("monthly", "Aug 2026"), ("quarterly", "Q3 2026")),
        *(("half-yearly", "H2 2026"), ("yearly", "2026")),
    ],
)
def test_a_period_is_named_as_people_name_it(frequency, said):
    assert period_of(date(2026, 8, 1), frequency) == said
