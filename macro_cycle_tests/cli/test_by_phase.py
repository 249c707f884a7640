"""The command compares, draws, warns, and writes nothing where it refuses."""

import json

import numpy as np
import pandas as pd
import pytest

from macro_cycle.warehouse.regimes import Call

LABELS = ("Expansion", "Peak", "Contraction", "Trough")
MONTHS = pd.date_range("2000-01-01", "2003-12-01", freq="MS")


@pytest.fixture
def mine(platform, tmp_path):
    """A file of one's own, and a record of answers that hindsight sees a month earlier."""
    states = np.repeat([0, 2, 0, 2], 12)
    for number, month in enumerate(MONTHS[1:], start=1):
        probabilities = np.eye(4)[states[:number]] * 0.94 + 0.015
        frame = pd.DataFrame(
            probabilities, MONTHS[:number].rename("reference_month"), [f"filtered_{x}" for x in LABELS]
        )
        frame = frame.join(frame.rename(columns=lambda name: name.replace("filtered", "smoothed")))
        frame.insert(0, "label", [LABELS[s] for s in states[:number]])
        frame.insert(1, "recession_probability", frame[["filtered_Contraction", "filtered_Trough"]].sum(axis=1))
        day = (month + pd.offsets.MonthEnd(0)).date()
        platform.regimes.save(frame, Call.newest_of(frame, day, "m", f"v{number}"))
    path = tmp_path / "mine.csv"
    pd.DataFrame({"date": MONTHS, "RET": np.where(states == 2, -1.0, 1.0)}).to_csv(path, index=False)
    return path


def test_means_differ_between_what_was_known_and_hindsight(mine, told):
    code, out, _ = told("by-phase", str(mine), "--json")
    assert code == 0
    document = json.loads(out)
    rows = {row["phase"]: row for row in document["rows"]}
    assert rows["Contraction"]["hindsight"]["mean"] == -1
    assert -1 < rows["Contraction"]["known"]["mean"] < 0, "the first month of each is not known yet, the last is late"
    assert rows["Contraction"]["difference"] == rows["Contraction"]["known"]["mean"] + 1
    assert document["left_out"] == 2
    assert "few episodes" in document["warnings"][0]


def test_it_reads_in_eighty_columns_and_draws(mine, told, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    for suffix in ("svg", "png"):
        chart = tmp_path / f"chart.{suffix}"
        code, out, lines = told("by-phase", str(mine), "--chart", str(chart))
        assert code == 0, lines
        assert chart.stat().st_size > 5000
    assert max(map(len, out.splitlines()[:20])) <= 80
    assert any("●" in line for line in out.splitlines())
    assert any("few episodes" in line for line in lines)


def test_a_refused_file_or_drawing_is_one_line_and_nothing_is_written(mine, told, tmp_path):
    (tmp_path / "bad.csv").write_text("date,x\nyesterday,1\n")
    chart = tmp_path / "chart.svg"
    assert told("by-phase", str(tmp_path / "bad.csv"), "--chart", str(chart))[0] == 1
    assert told("by-phase", str(mine), "--chart", str(tmp_path / "chart.pdf"))[0] == 2
    assert not chart.exists()


def test_without_answers_it_says_what_to_do(told, tmp_path, platform):
    path = tmp_path / "mine.csv"
    pd.DataFrame({"date": MONTHS, "x": 1.0}).to_csv(path, index=False)
    code, _, [line] = told("by-phase", str(path))
    assert (code, "macro-cycle run" in line) == (1, True)
