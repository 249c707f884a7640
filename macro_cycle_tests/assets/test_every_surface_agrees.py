"""What is declared, foreseen and how sure it is reads the same wherever it is asked: one run, every surface."""

import csv
import io
from dataclasses import replace
from datetime import date

import dagster as dg
import orjson
import pandas as pd
import pytest

from macro_cycle.assets.current import present
from macro_cycle.assets.model import stored_model
from macro_cycle.automation.notices import Seen, find
from macro_cycle.automation.observed import observe
from macro_cycle.cli import answer as command_line
from macro_cycle.cli.exports import _calls
from macro_cycle.feature_store.rows import month_row
from macro_cycle.monitoring.collectors.record import AnswerCollector
from macro_cycle.page.downloads import downloads
from macro_cycle.page.reading import contents
from macro_cycle.records import Answer, Declared, Model, Panel
from macro_cycle.resources import deployments
from macro_cycle.serving import v1
from macro_cycle.serving.answering import Answering
from macro_cycle.serving.questions import AsOf, Window
from macro_cycle.serving.tensors import outputs_of
from macro_cycle.training.train import bundle_of
from macro_cycle_tests.assets.graph import CHAIN, materialize
from macro_cycle_tests.monitoring.test_exporter import shown

pytestmark = pytest.mark.slow


def test_the_declared_phase_the_band_and_the_forecast_are_the_same_on_every_surface(store, platform, capsys):
    month = platform.clock.open_month()
    with dg.DagsterInstance.ephemeral() as instance:
        run = materialize(instance, [*CHAIN, "declared_phase"], month, checked=False)
        notices, seen = find(
            instance, "us", "us", month, None, Seen("2020-01-01T00:00:00+00:00", declared="contraction 2020-04-13")
        )
    records = platform.records
    panel, model = records.one("macro_features", Panel, month), records.one("regime_model", Model, month)
    answer, declared = records.one("regime_labels", Answer, month), records.one("declared_phase", Declared, month)
    foreseen, stated = answer.foreseen, declared.stated
    assert stated["declared_phase"] == "expansion"
    phases = answer.phases
    assert phases == {label: answer.newest[f"phase_{label}"] for label in answer.probabilities}
    assert sum(phases.values()) == pytest.approx(1.0)
    assert set(foreseen) >= {"band_low", "band_high", "recession_within_12", "months_to_exit"}

    [event] = run.asset_materializations_for_node("us__declared_phase")
    assert event.metadata["declared_phase"].value == declared.in_words

    printed = command_line.of_month(platform, month, retrained=True)
    assert {name: printed[name] for name in stated} == stated
    assert printed["phases"] == phases
    command_line.show([printed])
    shown_on_screen = " ".join(capsys.readouterr().out.split())
    assert declared.in_words in shown_on_screen
    assert f"90% band: {foreseen['band_low']:.1%} to {foreseen['band_high']:.1%}" in shown_on_screen
    assert f"{foreseen['recession_within_12']:.1%} within 12 months" in shown_on_screen

    assert ", ".join(f"{label} {p:.1%}" for label, p in phases.items()) in shown_on_screen

    exported = _calls(platform).iloc[-1]
    assert {name: exported[name] for name in foreseen} == foreseen
    assert {label: exported[f"phase_{label.lower()}"] for label in phases} == phases
    assert exported["declared_phase"] == stated["declared_phase"]
    assert f"{exported['declared_on']:%Y-%m-%d}" == stated["declared_on"]

    now = present(platform, answer)
    assert {name: now[name] for name in (*foreseen, *stated)} == {**foreseen, **stated}

    watched = observe(platform)
    assert (watched.declared, watched.declared_on) == (stated["declared_phase"], stated["declared_on"])
    assert now["phases"] == phases

    page = contents(platform).newest
    assert page.phases == phases
    [*_, row] = csv.DictReader(io.StringIO(downloads(contents(platform))["answers.csv"].decode()))
    assert {label: float(row[f"phase_{label.lower()}"]) for label in phases} == phases

    kept = month_row(panel, answer, declared).regime_columns()
    assert {name: kept[name] for name in foreseen} == foreseen
    assert {label: kept[f"phase_{label}"] for label in phases} == phases
    assert f"{kept['declared_on']:%Y-%m-%d}" == stated["declared_on"]
    assert f"{kept['declared_about']:%Y-%m}" == stated["declared_about"]

    gauges = shown(AnswerCollector(store.engine, platform.cycle, platform.clock.now))
    assert gauges["macro_cycle_declared_phase", "us", "expansion"] == 1
    assert gauges["macro_cycle_declared_phase", "us", "contraction"] == 0
    assert gauges["macro_cycle_recession_probability_band", "us", "low"] == foreseen["band_low"]
    assert gauges["macro_cycle_recession_begins_probability", "us", "12"] == foreseen["recession_within_12"]

    trained = stored_model(platform, model)
    bundle = bundle_of(trained.stored, trained.panel, pd.Timestamp(answer.as_of), model=trained.model)
    served = replace(bundle, expected={**bundle.expected, **deployments.beside(answer, declared)})
    said = Answering(served, "1").answer(AsOf(None), answer.as_of)
    [prediction] = orjson.loads(v1.write([said]))["predictions"]
    assert {name: prediction[name] for name in stated} == stated
    assert prediction["band"] == [foreseen["band_low"], foreseen["band_high"]]
    assert prediction["phases"] == phases
    window = Answering(served, "1").answer(Window(trained.panel.to_numpy(float)), answer.as_of)
    assert window["phases"] == pytest.approx(phases, abs=1e-9)
    tensors = {output.name: output.data for output in outputs_of([said])}
    assert {name: tensors[name] for name in stated} == {name: [value] for name, value in stated.items()}
    assert dict(zip(tensors["phase_labels"], tensors["phases"], strict=True)) == phases
    assert prediction["forecast"]["12"] == answer.outlook["months"][11]["recession_probability"]["value"]

    assert [notice.kind for notice in notices] == []
    with dg.DagsterInstance.ephemeral() as instance:
        (notice,), _ = find(instance, "us", "us", month, answer, replace(seen, label=answer.label), declared)
    assert notice.text.startswith(f"us: expansion declared on {stated['declared_on']}, about the trough of")


def test_a_declaration_is_told_once(platform):
    declared = Declared(
        cycle="us",
        as_of=date(2008, 4, 30),
        version="1",
        made_by="test",
        phase="contraction",
        declared_on=date(2008, 4, 9),
        about=date(2007, 12, 1),
        through=date(2008, 4, 30),
        declarations=(),
        days=(),
        standing={},
        reconstructed=False,
        rule={},
    )
    with dg.DagsterInstance.ephemeral() as instance:
        nothing, seen = find(instance, "us", "us", "2008-04-01", None, Seen("2020-01-01T00:00:00+00:00"), declared)
        assert nothing == [], "what stood at the first look is no news"
        ended = declared.model_copy(update={"phase": "expansion", "declared_on": date(2009, 8, 16)})
        (notice,), seen = find(instance, "us", "us", "2009-08-01", None, seen, ended)
        assert (notice.kind, notice.text) == (
            "declaration",
            "us: expansion declared on 2009-08-16, about the trough of 2007-12",
        )
        assert find(instance, "us", "us", "2009-08-01", None, seen, ended)[0] == []
