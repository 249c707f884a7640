"""Whatever is typed, and whatever bytes a file holds: an answer, or one line, another exit code, nothing written."""

import bz2
import gzip
import io
import json
import lzma
import string
import zipfile
from pathlib import Path

import pyarrow
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from macro_cycle_tests.cli.lines import errors_of, refused

CASES = Path(__file__).parents[1] / "cases"
FRED_MD = ("sasdate,INDPRO,UNRATE", "Transform:,5,2", "1/1/2015,100,5.7", "2/1/2015,101,5.5")

property_test = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
texts = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), min_size=1, max_size=12)
markup = st.sampled_from(["[/bold]", "[red]UNRATE", "\x1b[31mUNRATE", "UN\nRATE", "[link=x]", "é漢", "-", "--", "[]"])


def from_file(path: Path | str, kind: str = "alfred_file") -> dict[str, str]:
    return {"MACRO_CYCLE_SOURCE": kind, "MACRO_CYCLE_SOURCE_PATH": str(path)}


@property_test
@given(names=st.lists(st.one_of(texts, markup), min_size=1, max_size=3))
def test_any_series_id_is_repeated_as_typed_or_refused_as_an_option(told, names):
    code, out, lines = told("train", "--n-regimes", "2", *(part for name in names for part in ("--series-ids", name)))
    assert code in (1, 2)
    assert out == ""
    assert not any("Traceback" in line for line in lines)
    assert all(line.isprintable() for line in lines)
    assert code == 2 or len(errors_of(lines)) == 1


@property_test
@given(
    content=st.binary(max_size=300),
    name=st.sampled_from(
        ["f.csv", "2015-03.csv", "f.parquet", "f.csv.gz", "f.zip", "f.csv.zst", "f.csv.xz", "f.csv.bz2"]
    ),
)
def test_any_bytes_are_one_line_at_both_doors_and_nothing_is_written(platform, told, tmp_path, content, name):
    path = tmp_path / name
    path.write_bytes(content)
    refused(told("import", str(path)))
    refused(told("train", "--series-ids", "UNRATE", **from_file(path)))
    assert platform.warehouse.series_ids() == []


cells = st.sampled_from(
    ["UNRATE", "", "NA", "x", "1990-01-01", "1990-02-30", "2999-01-01", "5.0", "inf", "1e999", '"', "[b]"]
)


@property_test
@given(rows=st.lists(st.lists(cells, min_size=3, max_size=6), min_size=1, max_size=5))
@example(rows=[["UNRATE", "1990-01-01", "5.0", "1990-01-01", "2999-01-01", ""]])
@example(rows=[["UNRATE", "1990-01-01", "5.0", "1990-01-01", "", ""], ["UNRATE", "x", "", "", "", ""]])
@example(rows=[["UNRATE"] * 6] * 3)
def test_any_table_in_the_right_layout_is_read_or_refused_whole(told, tmp_path, rows):
    path = tmp_path / "f.csv"
    head = "series_id,date,value,realtime_start,realtime_end"
    path.write_text("\n".join([head, *(",".join(row) for row in rows)]), encoding="utf-8")
    outcome = told("import", str(path), "--json")
    if outcome[0]:
        refused(outcome)
    else:
        json.loads(outcome[1])


def compressed(name: str, content: bytes) -> bytes:
    if name.endswith(".zip"):
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("f.csv", content)
        return archive.getvalue()
    if name.endswith(".zst"):
        sink = pyarrow.BufferOutputStream()
        with pyarrow.CompressedOutputStream(sink, "zstd") as stream:
            stream.write(content)
        return sink.getvalue().to_pybytes()
    return {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}[name[name.rindex(".") :]](content)


@pytest.mark.parametrize("name", ["f.csv.gz", "f.zip", "f.csv.zst", "f.csv.xz", "f.csv.bz2"])
def test_a_compressed_file_is_read_and_a_damaged_one_is_one_line(platform, told, tmp_path, name):
    whole = compressed(name, (CASES / "r_write_csv.csv").read_bytes())
    path = tmp_path / name
    for damaged in (whole[: len(whole) // 2], whole[:-9], b"no archive", b""):
        path.write_bytes(damaged)
        refused(told("import", str(path)), "cannot be read")
    assert platform.warehouse.series_ids() == []
    path.write_bytes(whole)
    code, out, _ = told("import", str(path), "--json")
    assert code == 0
    assert json.loads(out)["inserted"] == 2


@pytest.mark.parametrize("spelled", ["NA", "NaN", ".", "", "nan", "null", "<NA>", "#N/A", "None"])
def test_a_missing_value_is_one_however_it_is_spelled(platform, told, tmp_path, spelled):
    path = tmp_path / "f.csv"
    path.write_text(
        (CASES / "r_write_csv.csv").read_text().replace("NA,", f"{spelled},", 2).replace(f"U{spelled},", "UNA,")
    )
    assert told("import", str(path))[0] == 0
    assert platform.warehouse.history(["UNRATE"])["value"].tolist()[0] == 5.0
    assert platform.warehouse.history(["UNRATE"])["value"].isna().tolist() == [False, True]


def test_a_damaged_download_is_one_line(told):
    for arguments in (["import", str(CASES / "cut_short.csv.gz")], ["train", "--series-ids", "UNRATE"]):
        refused(told(*arguments, **from_file(CASES / "cut_short.csv.gz")), "cut_short.csv.gz cannot be read")


def test_a_control_character_is_shown_escaped(told):
    path = CASES / "terminal_escape_in_id.csv"
    refused(told("import", str(path)), "the id is not 1 to 64 printable characters")
    refused(told("train", "--series-ids", "UNRATE", **from_file(path)), r"it holds UN\x1b[31mRATE")


@pytest.mark.parametrize("typed", ["[/bold]", "[red]UNRATE"])
def test_brackets_are_printed_as_typed(told, typed):
    refused(told("train", "--series-ids", typed), f"has no series {typed}")


def test_a_period_that_begins_after_its_publication_is_refused_whole_and_named(platform, told):
    for name in ("future_period_1.csv", "future_period_2.csv"):
        refused(told("import", str(CASES / name)), "UNRATE 2062-09-01 known from 2026-10-02: the period begins after")
        refused(told("train", "--series-ids", "UNRATE", **from_file(CASES / name)), "UNRATE 2062-09-01")
    assert platform.warehouse.series_ids() == []


def test_impossible_values_are_refused_at_every_door(platform, told, tmp_path):
    path = CASES / "two_rows_in_a_month.csv"
    refused(told("import", str(path)), "UNRATE 2026-07-31 is 99: outside 0 to 50")
    refused(told("train", "--series-ids", "UNRATE", "--n-regimes", "2", **from_file(path)), "UNRATE 2026-07-31 is 99")
    possible = tmp_path / "possible.csv"
    possible.write_text(path.read_text().replace("99.0", "5.0"))
    refused(told("import", str(possible)), "two values for one period, 2026-07-01 and 2026-07-31")
    refused(told("train", "--series-ids", "UNRATE", "--json", **from_file(possible)), "two values for one period")
    assert platform.warehouse.series_ids() == []


def test_a_projection_is_cut_and_said(told):
    path = CASES / "projection_ten_years_ahead.csv"
    arguments = ["train", "--series-ids", "UNRATE", "--series-ids", "POTENTIAL", "--n-regimes", "2", "--json"]
    code, out, lines = told(*arguments, **from_file(path))
    answer = json.loads(out)
    assert (code, answer["reference_month"]) == (0, "2026-09")
    (said,) = [line for line in answer["warnings"] if "projections" in line]
    assert said.startswith("POTENTIAL runs to 2036-10: 44 values")
    assert f"warning: {said}" in lines


def test_a_weekly_series_keeps_its_months_whatever_its_weekdays(told):
    code, out, _ = told("train", "--series-ids", "RATE30", "--json", **from_file(CASES / "weekday_changes.csv"))
    answer = json.loads(out)
    assert (code, answer["first_month"], answer["reference_month"]) == (0, "2001-02", "2005-12")


def test_real_gdp_stands_in_for_gdp_on_the_sample(told):
    series = ["--series-ids", "GDP", "UNRATE", "CPIAUCSL"]
    code, out, lines = told("train", *series, "--start-date", "2000-01-01", "--n-regimes", "4", "--json")
    assert code == 0
    assert "GDPC1" in json.loads(out)["features"]
    assert lines.count("warning: the sample holds no GDP; GDPC1 is used for it") == 1


@pytest.mark.parametrize(
    "name", ["2015-03-MD.csv", "2015-03.CSV", "2015-03 (1).csv", "2015-03(2).csv", "2015-03-md.csv"]
)
def test_a_vintage_is_read_under_the_names_that_browsers_give_it(told, tmp_path, name):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / name).write_text("\n".join(FRED_MD) + "\n")
    (folder / "read me.txt").write_text("")
    code, out, _ = told("import", str(folder), "--json")
    assert (code, json.loads(out)["inserted"], json.loads(out)["skipped"]) == (0, 4, ["read me.txt"])


def test_quoted_vintages_are_read(told, tmp_path):
    quoted = [",".join(f'"{cell}"' for cell in row.split(",")) for row in FRED_MD]
    (tmp_path / "2015-03.csv").write_text("\n".join(quoted) + "\n")
    code, out, _ = told("import", str(tmp_path / "2015-03.csv"), "--json")
    assert (code, json.loads(out)["inserted"]) == (0, 4)


def test_a_bad_vintage_names_its_cure_and_hides_no_other(told, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    months = ["2015-03", "2015-04", "2015-05"]
    for month in months:
        (folder / f"{month}.csv").write_text("\n".join(FRED_MD) + "\n")
    for month in months[:2]:
        (folder / f"{month}.csv").write_text("\n".join([FRED_MD[0], *FRED_MD[2:]]) + "\n")
    outcome = told("import", str(folder))
    refused(outcome, "2 of 3 vintages cannot be read")
    refused(outcome, "2015-04.csv lacks the row of transformation codes below the names; put it back, Transform:,5,5")


printable = st.text(string.printable, max_size=10)


@property_test
@given(value=printable, option=st.sampled_from(["--as-of", "--start-date", "--n-regimes"]))
def test_any_value_of_an_option_is_one_line_or_a_usage_error(told, value, option):
    code, _, lines = told("train", "--series-ids", "NOSUCH", option, value)
    assert code in (1, 2)
    assert not any("Traceback" in line for line in lines)
