"""`macro-cycle import` merges a file's history once, and of a broken one nothing."""

import json

import pytest
from typer.testing import CliRunner

from macro_cycle.cli.app import app
from macro_cycle.errors import MacroCycleError

ROWS = ("sasdate,INDPRO,UNRATE", "Transform:,5,2", "1/1/2015,100,5.7", "2/1/2015,101,5.5")


def imported(*arguments: str) -> dict:
    result = CliRunner().invoke(app, ["import", *arguments, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


@pytest.fixture
def folder(platform, tmp_path):
    place = tmp_path / "vintages"
    place.mkdir()
    (place / "2015-03.csv").write_text("\n".join(ROWS) + "\n")
    return place


def test_a_folder_is_imported_once_and_grows(platform, folder):
    first = imported(str(folder))
    assert (first["source"], first["series"], first["inserted"]) == ("fred_md", 2, 4)
    again = imported(str(folder))
    assert (again["inserted"], again["revised"]) == (0, 0)
    (folder / "2015-04.csv").write_text("\n".join([*ROWS, "3/1/2015,102,5.4"]).replace("5.7", "5.6") + "\n")
    grown = imported(str(folder), "--series-ids", "UNRATE")
    assert (grown["inserted"], grown["revised"]) == (1, 1)
    assert platform.warehouse.as_of("2015-04-30", ["UNRATE"])["value"].tolist() == [5.6, 5.5, 5.4]
    assert platform.warehouse.as_of("2015-03-31", ["UNRATE"])["value"].tolist() == [5.7, 5.5]


def test_one_broken_vintage_writes_nothing(platform, folder):
    (folder / "2015-04.csv").write_text("\n".join([*ROWS, "3/1/2015,102,oops"]) + "\n")
    with pytest.raises(MacroCycleError, match=r"2015-04\.csv is refused .* row 5: UNRATE oops is no number"):
        imported(str(folder))
    assert platform.warehouse.series_ids() == []


def test_what_cannot_be_imported_is_one_clear_line(folder, tmp_path):
    for arguments, said in [
        ([str(tmp_path / "nowhere")], "does not exist"),
        ([str(folder), "--series-ids", "GDP"], "has no series GDP"),
        ([str(folder / "2015-03.csv"), "--kind", "alfred"], "lacks the column"),
    ]:
        with pytest.raises(MacroCycleError, match=said):
            imported(*arguments)
