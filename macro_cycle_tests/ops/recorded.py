"""A warehouse as thirty years of a cycle leave it, written by the stores and record types of the platform."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd

from macro_cycle.declared import Declaration, Rule, Standing
from macro_cycle.hmm.outlook import Interval, MonthAhead, Outlook
from macro_cycle.records import Answer, Decision, Declared, Model, RecordStore
from macro_cycle.warehouse import Warehouse
from macro_cycle.warehouse.records import NewsStore, ServedAnswer, ServedStore
from macro_cycle.warehouse.regimes import Call, RegimeStore

ENDS = [end.date() for end in pd.date_range("1990-01-31", periods=360, freq="ME")]
NEWEST = ENDS[-1]
MOMENT = datetime(2020, 1, 2, 9, 30, tzinfo=UTC)


def fill(warehouse: Warehouse, cycle: str) -> None:
    """Calls, regimes, news and deployments of every month end, and the records behind them."""
    calls = [_call(end) for end in ENDS]
    regimes = RegimeStore(warehouse.engine, cycle)
    for end, call in zip(ENDS[-2:], calls[-2:], strict=True):
        regimes.save(_frame(end), call)
    with warehouse.engine.begin() as connection:
        connection.execute(_calls_of(cycle, calls[:-2]))
    NewsStore(warehouse.engine, cycle).save(_news())
    ServedStore(warehouse.engine, cycle).append(
        ServedAnswer(NEWEST, calls[-1].model_version, "7", "http://127.0.0.1", calls[-1].label, 0.1)
    )
    records = RecordStore(warehouse.engine, cycle)
    records.append("regime_labels", [_answer(cycle, call) for call in calls[-24:]])
    records.append("regime_model", [_model(cycle)])
    records.append("declared_phase", list(_declared(cycle)))
    records.append("champion", [_decision(cycle)])
    records.fail("regime_labels", "2020-01-01", "it could not be made")


def probabilities(end: date) -> dict[str, float]:
    """Contractions fill three years."""
    contraction = 0.9 if end.year in (1990, 2001, 2008) else 0.1
    return {"Contraction": contraction, "Expansion": 1 - contraction}


def _call(end: date) -> Call:
    return Call.newest_of(_frame(end), end, f"model of {end.year}", f"data of {end}")


def _calls_of(cycle: str, calls: list[Call]) -> Any:
    from macro_cycle.warehouse.tables import calls as table

    return table.insert().values([{"cycle": cycle, **vars(call)} for call in calls])


def _frame(end: date) -> pd.DataFrame:
    found = probabilities(end)
    months = pd.date_range(end=pd.Timestamp(end) - pd.offsets.MonthBegin(2), periods=24, freq="MS")
    label = max(found, key=lambda name: found[name])
    frame = pd.DataFrame({"label": label}, index=months.rename("reference_month"))
    frame["recession_probability"] = found["Contraction"]
    for kind in ("filtered", "smoothed", "predicted", "phase"):
        for name, value in found.items():
            frame[f"{kind}_{name}"] = value
    return frame


def _answer(cycle: str, call: Call) -> Answer:
    last = _frame(call.as_of).iloc[-1]
    return Answer(
        cycle=cycle,
        as_of=call.as_of,
        version=call.data_version,
        made_by="1",
        reference_month=call.reference_month,
        label=call.label,
        recession_probability=call.recession_probability,
        probabilities=call.probabilities,
        model_version=call.model_version,
        panel_version="p",
        newest={str(name): value if isinstance(value, str) else float(value) for name, value in last.items()},
        news=True,
        outlook=outlook(call.label).to_document() if call.as_of == NEWEST else None,
    )


def outlook(label: str) -> Outlook:
    """A recession grows likelier from month to month."""
    return Outlook(
        reference_month="2019-11-01",
        label=label,
        level=0.9,
        n_draws=100,
        recession_probability=Interval(0.1, 0.05, 0.2),
        months=tuple(
            MonthAhead(h, {"Contraction": _around(h / 20), "Expansion": _around(1 - h / 20)}, _around(h / 20))
            for h in range(1, 13)
        ),
        recession_begins={months: _around(months / 20) for months in (3, 6, 12)},
        months_to_exit=Interval(30.0, 20.0, 45.0),
        months_to_turn=Interval(33.0, 22.0, 50.0),
    )


def _around(value: float) -> Interval:
    return Interval(value, 0.9 * value, min(1.0, 1.1 * value))


def _model(cycle: str) -> Model:
    return Model(
        cycle=cycle,
        as_of=NEWEST,
        version="m",
        made_by="1",
        config_version="c",
        labels=("Contraction", "Expansion"),
        metrics={"aic": 1.0},
        expected_durations={"Contraction": 11.5, "Expansion": 63.0},
        registry_version="7",
        run_id="r",
        reused=False,
    )


def _declared(cycle: str) -> Iterator[Declared]:
    """A contraction declared in one month end's record, an expansion in a later one's."""
    peak = Declaration(date(2008, 2, 29), "contraction", date(2007, 12, 1))
    trough = Declaration(date(2009, 9, 30), "expansion", date(2009, 6, 1))
    for as_of, declarations in ((date(2008, 2, 29), (peak,)), (date(2009, 9, 30), (trough,)), (NEWEST, ())):
        stands = declarations[-1] if declarations else trough
        yield Declared(
            cycle=cycle,
            as_of=as_of,
            version=f"d{as_of}",
            made_by="1",
            phase=stands.phase,
            declared_on=stands.declared_on,
            about=stands.about,
            through=as_of,
            declarations=declarations,
            days=(),
            standing=Standing(phase=stands.phase),
            reconstructed=False,
            rule=Rule(),
        )


def _decision(cycle: str) -> Decision:
    return Decision(
        cycle=cycle,
        as_of=NEWEST,
        version="promote m",
        made_by="1",
        model_version="model of 2019",
        outcome="promote",
        by="person",
        reason="it explains the last year better",
        decided_at=MOMENT,
        incumbent="model of 2018",
    )


def _news() -> dict[str, Any]:
    parts = [
        {"kind": "data", "series_id": "INDPRO", "contribution": 0.07},
        {"kind": "roll", "series_id": "", "contribution": 0.03},
    ]
    return {
        "as_of": NEWEST,
        "since": ENDS[-2],
        "reference_month": date(2019, 11, 1),
        "since_reference_month": date(2019, 10, 1),
        "before": 0.1,
        "forecast": 0.13,
        "after": 0.2,
        "standard_error": 0.0,
        "parts": parts,
    }
