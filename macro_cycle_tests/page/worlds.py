"""Records of invented cycles: the recession of 2008 as a record would hold it, and what stands in a store for it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from macro_cycle.cycles import shipped
from macro_cycle.page.contents import (
    AnswerShown,
    Contents,
    Declared,
    MonthSeen,
    Move,
    Part,
    RecessionShown,
    Regime,
    Release,
    SeriesKnown,
)
from macro_cycle.page.words import sentence
from macro_cycle.records import Answer
from macro_cycle.warehouse.regimes import Call, RecordedCall

TODAY = date(2010, 12, 20)
ENDS = [day.date() for day in pd.date_range("2006-01-31", "2010-12-31", freq="ME")]
LABELS = ("Expansion", "Peak", "Contraction", "Trough")
CORNERS = {"Expansion": (1, 1), "Peak": (1, -1), "Contraction": (-1, -1), "Trough": (-1, 1)}
TITLES = {"UNRATE": "Unemployment Rate", "ICSA": "Initial Claims for Unemployment Insurance", "PAYEMS": "Payrolls"}


def probabilities(end: date) -> dict[str, float]:
    """Of each regime: contraction through 2008, trough in the first half of 2009, a shade of peak before."""
    month = pd.Timestamp(end) - pd.offsets.MonthBegin(2)
    if pd.Timestamp("2008-01") <= month <= pd.Timestamp("2008-12"):
        return dict(zip(LABELS, (1 / 300, 0.02, 0.93, 1 - 1 / 300 - 0.95), strict=True))
    if pd.Timestamp("2008-12") < month <= pd.Timestamp("2009-06"):
        return dict(zip(LABELS, (0.05, 0.01, 0.14, 0.8), strict=True))
    peak = 0.4 if month.year == 2007 else 0.05
    return dict(zip(LABELS, (1 - peak - 2e-5, peak, 1e-5, 1e-5), strict=True))


def outlook() -> dict[str, Any]:
    """A forecast as `hmm.outlook.Outlook` writes it."""

    def interval(value: float) -> dict[str, float]:
        return {"value": value, "low": value / 3, "high": min(1.0, 2 * value)}

    months = [
        {
            "months_ahead": h,
            "probabilities": {x: interval(0.25) for x in LABELS},
            "recession_probability": interval(h / 90),
        }
        for h in range(1, 13)
    ]
    return {
        "reference_month": "2010-10-01",
        "label": "Expansion",
        "level": 0.9,
        "n_draws": 200,
        "recession_probability": {"value": 2e-5, "low": 0.0, "high": 0.004},
        "months": months,
        "recession_begins": {str(n): interval(n / 80) for n in (3, 6, 12)},
        "months_to_exit": interval(40.0),
        "months_to_turn": interval(50.0),
        "warnings": ["The sample holds few recessions."],
    }


def answer(end: date, until: date = TODAY) -> AnswerShown:
    """The answer of a month end."""
    p = probabilities(end)
    risk, month = p["Contraction"] + p["Trough"], (pd.Timestamp(end) - pd.offsets.MonthBegin(2)).date()
    label = max(p, key=lambda name: p[name])
    newest = end == ENDS[-1]
    interval = (0.0, 0.004) if newest else None
    due = releases() if newest else ()
    return AnswerShown(
        known_from=min(end, date(2010, 12, 3)),
        as_of=end,
        reference_month=month,
        label=label,
        recession_probability=risk,
        probabilities=p,
        model_version=f"m{end:%Y%m}",
        data_version=f"1-d{end:%Y%m}",
        news=True,
        months_behind=1,
        computed_later=not newest,
        sentence=sentence(label, risk, interval, month, min(end, until), releases=due),
        rests_on="true vintages",
        outlook=outlook() if newest else None,
    )


def releases() -> tuple[Release, ...]:
    """One release due on a Thursday, one late."""
    return (
        Release(
            series_id="PAYEMS",
            title=TITLES["PAYEMS"],
            period=date(2010, 10, 1),
            frequency="monthly",
            expected=date(2010, 11, 5),
            late=True,
            effect=0.123,
            beside="all that October 2010 still lacks",
        ),
        Release(
            series_id="ICSA",
            title=TITLES["ICSA"],
            period=date(2010, 12, 18),
            frequency="weekly",
            expected=date(2010, 12, 23),
            late=False,
            effect=0.004,
        ),
    )


def move(end: date) -> Move:
    """A move whose parts add up."""
    before, after = 0.2, 0.5
    parts = (("passing of time", "", 0.01), ("new data", "UNRATE", 0.19), ("revision", "ICSA", 0.1))
    return Move(
        as_of=end,
        since=(pd.Timestamp(end) - pd.offsets.MonthEnd(1)).date(),
        since_reference_month=(pd.Timestamp(end) - pd.offsets.MonthBegin(3)).date(),
        reference_month=(pd.Timestamp(end) - pd.offsets.MonthBegin(2)).date(),
        before=before,
        forecast=0.21,
        after=after,
        parts=tuple(Part(kind=kind, series_id=series, contribution=size) for kind, series, size in parts),
    )


def evaluation() -> dict[str, Any]:
    """An evaluation with a rival that lacks figures."""
    row = {"months": 48, "false_alarms": 0.01, "recessions": 1, "called": 1, "slowest_call": 3.0}
    return {
        "day": "2010-12-20",
        "first_as_of": "2006-01",
        "last_as_of": "2010-12",
        "figures": [
            {"name": "model", "title": "Macro Cycle", "auroc": 0.9978, "brier": 0.0131, **row},
            {"name": "sahm", "title": "Sahm rule", "auroc": 0.88, "brier": None, **row, "slowest_call": None},
        ],
        "recessions": [
            {
                "first_month": "2008-01",
                "last_month": "2009-06",
                "begin_called": "2008-03-31",
                "begin_announced": "2008-12-01",
                "begin_days_ahead": 245,
                "end_called": "2009-09-30",
                "end_announced": "2010-09-20",
                "end_days_ahead": 355,
            }
        ],
    }


def recorded(cycle: str = "us") -> Contents:
    """A whole record of five years."""
    definition = shipped()
    answers = tuple(map(answer, ENDS))
    months = pd.date_range("2005-12-01", "2010-10-01", freq="MS")
    return Contents(
        cycle=cycle,
        title=definition.title if cycle == "us" else "the business cycle of <script>alert(1)</script>",
        economy=cycle.upper(),
        authority=definition.chronology.authority,
        today=TODAY,
        regimes=tuple(Regime(label=x, activity=CORNERS[x][0], momentum=CORNERS[x][1]) for x in LABELS),
        answers=answers,
        moves=tuple(map(move, ENDS[1:])),
        recessions=(
            RecessionShown(
                peak=date(2007, 12, 1),
                trough=date(2009, 6, 1),
                peak_known=date(2008, 12, 1),
                trough_known=date(2010, 9, 20),
            ),
        ),
        seen_now=tuple(MonthSeen(month=month.date(), probability=0.1) for month in months),
        releases=releases(),
        series=tuple(
            SeriesKnown(
                series_id=name,
                title=title,
                units="Percent",
                frequency="weekly" if name == "ICSA" else "monthly",
                newest=(None, *(each.reference_month for each in answers[1:])),
            )
            for name, title in TITLES.items()
        ),
        declared=(
            Declared(declared_on=date(2008, 2, 29), phase="contraction", about=date(2007, 12, 1)),
            Declared(declared_on=date(2009, 9, 30), phase="expansion", about=date(2009, 6, 1)),
        ),
        rule="above 70 % for 7 days",
        record=evaluation(),
    )


def without_answers(cycle: str = "us") -> Contents:
    """A cycle that has no answer yet."""
    definition = shipped()
    authority = definition.chronology.authority
    return Contents(cycle=cycle, title=definition.title, economy=cycle.upper(), authority=authority, today=TODAY)


def call(as_of: date, recorded_on: date, number: int) -> RecordedCall:
    """A call that is told apart by its number."""
    return RecordedCall(
        as_of=as_of,
        reference_month=as_of.replace(day=1) - timedelta(days=31),
        label="Expansion",
        recession_probability=number / 1000,
        probabilities={"Expansion": 1.0},
        model_version=f"m{number}",
        data_version=f"d{number}",
        recorded_at=datetime.combine(recorded_on, datetime.min.time(), UTC) + timedelta(hours=12),
    )


def regimes_frame(end: date, months: int = 24) -> pd.DataFrame:
    """What `RegimeStore.save` keeps of a month end, with digits that no rounding survives."""
    p = probabilities(end)
    index = pd.date_range(end=pd.Timestamp(end) - pd.offsets.MonthBegin(2), periods=months, freq="MS")
    frame = pd.DataFrame({"label": max(p, key=lambda name: p[name])}, index=index.rename("reference_month"))
    frame["recession_probability"] = np.full(months, p["Contraction"] + p["Trough"])
    for kind in ("filtered", "smoothed", "predicted"):
        for label in LABELS:
            frame[f"{kind}_{label}"] = p[label]
    return frame


def record_of(end: date, cycle: str = "us") -> Answer:
    """The answer of a month end as it passes from asset to asset."""
    call = Call.newest_of(regimes_frame(end), end, f"m{end}", f"d{end}")
    return Answer(
        cycle=cycle,
        as_of=end,
        version=call.data_version,
        made_by="1",
        reference_month=call.reference_month,
        label=call.label,
        recession_probability=call.recession_probability,
        probabilities=call.probabilities,
        model_version=call.model_version,
        panel_version="p",
        newest={},
        news=end != ENDS[3],
        outlook=outlook() if end == ENDS[-1] else None,
    )
