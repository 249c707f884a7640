"""The page shows what the record holds: digit for digit what is exported, and nothing where there is nothing."""

import csv
import io
from datetime import date

import pandas as pd
import pytest

from macro_cycle.errors import OutageError
from macro_cycle.page.downloads import downloads
from macro_cycle.page.knowledge import releases_due, series_known
from macro_cycle.page.reading import contents
from macro_cycle.page.site import site
from macro_cycle.resources.platform import Platform
from macro_cycle.warehouse.regimes import Call
from macro_cycle_tests.cli.conftest import told as told  # the command line in this process
from macro_cycle_tests.conftest import create_database
from macro_cycle_tests.page.worlds import ENDS, TODAY, evaluation, move, outlook, record_of, regimes_frame
from macro_cycle_tests.warehouse.losing import lost_at, nth


@pytest.fixture(scope="module")
def filled(postgres_url, migrated_template, tmp_path_factory) -> dict[str, str]:
    """The environment of a platform with five years of answers, computed long after."""
    folder = tmp_path_factory.mktemp("record")
    (folder / "today").write_text(str(TODAY))
    environment = {
        "MACRO_CYCLE_DATABASE_URL": create_database(postgres_url, migrated_template),
        "MACRO_CYCLE_HOME": str(folder / "home"),
        "MACRO_CYCLE_TODAY_FILE": str(folder / "today"),
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        _fill(Platform.from_environment())
    return environment


@pytest.fixture
def record(filled, monkeypatch) -> Platform:
    """That platform, which no test changes."""
    for name, value in filled.items():
        monkeypatch.setenv(name, value)
    return Platform.from_environment()


def _fill(found: Platform) -> None:
    for end in ENDS:
        frame = regimes_frame(end)
        found.regimes.save(frame, Call.newest_of(frame, end, f"m{end}", f"d{end}"))
    found.records.append("regime_labels", [record_of(end) for end in ENDS])
    for end in ENDS[1:]:
        document = move(end).model_dump(mode="json") | {"standard_error": 0.0}
        found.news.save(document)
    found.evaluations.append(ENDS[-1], "d", evaluation())


def test_the_page_says_what_the_export_says_digit_for_digit(record, filled, told, tmp_path):
    out = tmp_path / "calls.csv"
    assert told("export", "calls", "--out", str(out), **filled)[0] == 0
    exported = {row["as_of"]: row for row in csv.DictReader(io.StringIO(out.read_text()))}
    shown = list(csv.DictReader(io.StringIO(downloads(contents(record))["answers.csv"].decode())))
    assert len(shown) == len(exported) == len(ENDS)
    for row in shown:
        theirs = exported[row["as_of"]]
        same = ["label", "recession_probability", "model_version", "data_version", *(n for n in row if n[:2] == "p_")]
        assert {name: row[name] for name in same} == {name: theirs[name] for name in same}


def test_the_newest_answer_stands_since_it_was_known_and_has_its_band_and_age(record):
    newest = contents(record).newest
    assert newest.as_of == ENDS[-1]
    assert newest.sentence.replace("\N{NO-BREAK SPACE}", " ").startswith(
        "Expansion; recession under 0.1 % (0.0–0.4 %); data to November, 1 month old"
    )
    assert newest.outlook == outlook()


def test_an_answer_without_news_says_so(record):
    found = {answer.as_of: answer for answer in contents(record).answers}
    assert "no new data" in found[ENDS[3]].sentence
    assert "no new data" not in found[ENDS[4]].sentence


def test_moves_chronology_and_scores_are_those_of_the_record(record):
    shown = contents(record)
    assert shown.moves == tuple(move(end) for end in ENDS[1:])
    assert [each.peak for each in shown.recessions] == [date(2007, 12, 1)]
    assert shown.recessions[0].peak_known == date(2008, 12, 1)
    assert shown.record == evaluation()
    assert {regime.label: (regime.activity, regime.momentum) for regime in shown.regimes} == {
        "Expansion": (1, 1),
        "Peak": (1, -1),
        "Contraction": (-1, -1),
        "Trough": (-1, 1),
    }


def test_an_empty_record_makes_a_page_that_says_what_to_run(platform):
    shown = contents(platform)
    assert (shown.newest, shown.moves, shown.series, shown.record) == (None, (), (), None)
    assert b"macro-cycle run" in site([shown])["us/index.html"]


def test_a_connection_lost_at_any_statement_is_told_and_never_makes_a_page_that_says_less(record):
    whole, number = contents(record), 0
    while True:
        number += 1
        with lost_at(record.warehouse.engine, nth(number)):
            try:
                shown = contents(record)
            except OutageError:
                continue
        assert shown == whole
        break
    assert number > 5


def test_a_record_of_one_answer_makes_a_page(record):
    shown = contents(record)
    alone = shown.model_copy(update={"answers": shown.answers[:1], "moves": (), "record": None, "seen_now": ()})
    assert alone.newest.label.encode() in site([alone])["us/index.html"]


def history(series_id: str, released: dict[str, str]) -> pd.DataFrame:
    rows = [
        (series_id, pd.Timestamp(period), 1.0, pd.Timestamp(day), pd.NaT, False) for period, day in released.items()
    ]
    columns = ["series_id", "date", "value", "realtime_start", "realtime_end", "estimated"]
    return pd.DataFrame(rows, columns=columns).astype({"realtime_end": "datetime64[ns]"})


def test_the_newest_period_is_what_was_known_on_each_day(platform):
    released = history("UNRATE", {"2008-07-01": "2008-08-01", "2008-08-01": "2008-09-05"})
    days = [date(2008, 7, 31), date(2008, 8, 1), date(2008, 9, 4), date(2008, 9, 5)]
    [known] = series_known(released, platform.catalog, ["UNRATE", "ICSA"], days)
    assert known.newest == (None, date(2008, 7, 1), date(2008, 7, 1), date(2008, 8, 1))


@pytest.mark.parametrize(
    ("today", "late", "periods"),
    [
        ("2008-09-01", False, ["2008-08-01", "2008-09-01"]),
        ("2008-09-30", True, ["2008-08-01"]),
        ("2008-12-20", True, ["2008-08-01"]),
    ],
)
def test_what_is_due_next_and_the_oldest_that_is_late_are_shown(platform, today, late, periods):
    released = history("UNRATE", {f"2008-{m:02}-01": f"2008-{m + 1:02}-06" for m in range(1, 8)})
    due = releases_due(released, platform.catalog, ["UNRATE"], pd.Timestamp(today))
    assert [(each.late, str(each.period)) for each in due] == [(late, period) for period in periods]
