"""An assumption means what it says, changes the answer as if it had come, and is refused where it is ambiguous."""

import re

import pytest

from macro_cycle.ahead import read_assumption, what_if
from macro_cycle.errors import UsageError
from macro_cycle.features import build_panel
from macro_cycle_tests.ahead.conftest import CATALOG, FEATURES, answered, with_prints

LAST = {"PAYEMS": 137_497.0, "UNRATE": 5.8}


def under(scenario, *texts: str, month: str | None = None):
    return what_if(scenario, [read_assumption(text, scenario, month) for text in texts])


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("PAYEMS=-150", LAST["PAYEMS"] - 150),
        ("PAYEMS=change:-150", LAST["PAYEMS"] - 150),
        ("PAYEMS=level:137000", 137_000),
        ("PAYEMS=-0.4%", LAST["PAYEMS"] * 0.996),
        ("PAYEMS=percent:-0.4", LAST["PAYEMS"] * 0.996),
        ("PAYEMS@2008-08=-150", LAST["PAYEMS"] - 150),
        ("UNRATE=6.1", 6.1),
        ("UNRATE=change:+0.3", 6.1),
    ],
)
def test_a_number_means_what_the_catalogue_or_the_text_says(scenario, known, text, level):
    found = under(scenario, text)
    [assumed] = found.assumed
    assert assumed.value == pytest.approx(level, rel=1e-12)
    frame = with_prints(known, (assumed.assumption.series_id, "2008-08-01", level))
    assert found.after.recession_probability == pytest.approx(answered(scenario.model, frame, "2008-08-01"), abs=1e-12)


def test_several_assumptions_come_together(scenario, known):
    found = under(scenario, "PAYEMS=-150", "UNRATE=6.1", month="2008-08")
    frame = with_prints(known, ("PAYEMS", "2008-08-01", LAST["PAYEMS"] - 150), ("UNRATE", "2008-08-01", 6.1))
    assert found.after.recession_probability == pytest.approx(answered(scenario.model, frame, "2008-08-01"), abs=1e-12)
    assert found.before.month == found.after.month == found.now.month + 1
    assert sum(found.after.probabilities.values()) == pytest.approx(1)


def test_the_label_is_that_of_the_panels_last_month(scenario, known):
    found = under(scenario, "UNRATE=5.9")
    assert scenario.label() == found.now.label == scenario.model.predict(build_panel(known, CATALOG, FEATURES))[-1]
    frame = build_panel(with_prints(known, ("UNRATE", "2008-08-01", 5.9)), CATALOG, FEATURES)
    assert found.after.label == scenario.model.predict(frame)[-1]
    more_probable = scenario.model.labels[scenario.regimes().argmax()]
    assert (more_probable, scenario.label()) == ("Trough", "Contraction"), "the months before it hold the direction"


def test_a_change_follows_on_the_assumed_month_before(scenario):
    found = under(scenario, "PAYEMS@2008-09=-100", "PAYEMS@2008-08=-150")
    assert [one.value for one in found.assumed] == [LAST["PAYEMS"] - 150, LAST["PAYEMS"] - 250]


def test_of_a_published_month_it_is_a_revision(scenario, known):
    found = under(scenario, "UNRATE@2008-07=6.0")
    assert found.assumed[0].published == LAST["UNRATE"]
    frame = with_prints(known, ("UNRATE", "2008-07-01", 6.0))
    assert found.after.recession_probability == pytest.approx(answered(scenario.model, frame, "2008-07-01"), abs=1e-12)


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["PAYEMS"], "is no assumption: write it as SERIES=NUMBER"),
        (["=3"], "is no assumption"),
        (["NOSUCH=3"], "the model sees no series NOSUCH; it sees"),
        (["PAYEMS=many"], "'many' is no number"),
        (["PAYEMS=nan"], "'nan' is no number"),
        (["PAYEMS@2008-13=1"], "is not a month"),
        (["PAYEMS=137000"], "means change by the catalogue: PAYEMS would go from 137,497 to 274,497"),
        (["UNRATE=0.3"], "means level by the catalogue: UNRATE would go from 5.8 to 0.3"),
        (["UNRATE=-0.3"], "which it cannot be"),
        (["PAYEMS=level:-5"], "which it cannot be"),
        (["INDPRO=level:1e308"], "which it cannot be"),
        (["INDPRO=percent:-99.99"], "which it cannot be"),
        (["PAYEMS@2040-01=-150"], "PAYEMS of 2039-12, the period before, is not known; assume it too"),
        (["PAYEMS=level:5%"], "says both level and %"),
        (["PAYEMS@2008-11=-150"], "PAYEMS of 2008-10, the period before, is not known; assume it too"),
        (["PAYEMS=-150", "PAYEMS@2008-08=-10"], "PAYEMS of 2008-08 is assumed twice"),
    ],
)
def test_what_cannot_be_meant_is_one_clear_line(scenario, texts, said):
    with pytest.raises(UsageError, match=re.escape(said)) as caught:
        under(scenario, *texts)
    assert "\n" not in str(caught.value)


def test_a_series_of_which_nobody_says_how_it_is_spoken_of_needs_the_word(information_set):
    from macro_cycle.ahead import Scenario
    from macro_cycle_tests.ahead.conftest import CATALOG, FEATURES

    silent = CATALOG.series["PAYEMS"].model_copy(update={"usual_print": None})
    catalog = CATALOG.model_copy(update={"series": {**CATALOG.series, "PAYEMS": silent}})
    scenario = Scenario(information_set, catalog, FEATURES)
    with pytest.raises(UsageError, match="may be a level, a change or a percentage"):
        read_assumption("PAYEMS=-150", scenario)
    assert under(scenario, "PAYEMS=change:-150").assumed[0].value == LAST["PAYEMS"] - 150
