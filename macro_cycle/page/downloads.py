"""The files behind the page's links: what each drawing is made from, as CSV and JSON, with all digits of the record."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from macro_cycle.page.contents import Contents

Row = Mapping[str, Any]


def downloads(contents: Contents) -> dict[str, bytes]:
    """Content by file name."""
    files = {"contents.json": contents.model_dump_json().encode()}
    for name, rows in _tables(contents).items():
        listed = list(rows)
        files[f"{name}.csv"] = _csv(listed)
        files[f"{name}.json"] = json.dumps(listed, allow_nan=False, indent=0).encode()
    files["record.json"] = json.dumps(contents.record, allow_nan=False, indent=0).encode()
    return files


def _tables(contents: Contents) -> dict[str, Iterable[Row]]:
    return {
        "answers": _answers(contents),
        "forecast": _forecast(contents),
        "moves": _moves(contents),
        "releases": (each.model_dump(mode="json") for each in contents.releases),
        "flips": (each.model_dump(mode="json") for each in contents.flips),
        "declared": (each.model_dump(mode="json") for each in contents.declared),
        "series": _series(contents),
        "record": (contents.record or {}).get("figures", ()),
    }


def _answers(contents: Contents) -> Iterator[Row]:
    for answer in contents.answers:
        document = answer.model_dump(mode="json", exclude={"outlook"})
        by_label = {"p": document.pop("probabilities"), "phase": document.pop("phases") or {}}
        yield document | {f"{kind}_{label.lower()}": p for kind, of in by_label.items() for label, p in of.items()}


def _forecast(contents: Contents) -> Iterator[Row]:
    newest = contents.newest
    outlook = newest.outlook if newest and newest.outlook else {"months": ()}
    for month in outlook["months"]:
        said = {"recession": month["recession_probability"], **month["probabilities"]}
        ends = {
            f"{name.lower()}{end}": interval[key]
            for name, interval in said.items()
            for end, key in (("", "value"), ("_low", "low"), ("_high", "high"))
        }
        yield {"reference_month": outlook["reference_month"], "months_ahead": month["months_ahead"], **ends}


def _moves(contents: Contents) -> Iterator[Row]:
    for move in contents.moves:
        whole = move.model_dump(mode="json", exclude={"parts"})
        yield from (whole | part.model_dump() for part in move.parts)


def _series(contents: Contents) -> Iterator[Row]:
    """The newest period known of each series, by the day from which an answer stood."""
    for place, answer in enumerate(contents.answers):
        newest = {series.series_id: series.newest[place] for series in contents.series}
        yield {"known_on": str(answer.known_from)} | {name: str(day) if day else None for name, day in newest.items()}


def _csv(rows: list[Row]) -> bytes:
    """RFC 4180 without carriage returns; a column for every field of any row, empty where there is nothing."""
    text = io.StringIO()
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
