"""FRED and ALFRED over HTTP: the full vintage history of any series, and afterwards what is new."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import pandas as pd

from macro_cycle.observations import Catalog
from macro_cycle.platform.settings import SourceName
from macro_cycle.sources.base import Progress, SourceError, no_progress
from macro_cycle.sources.fred_client import FredClient
from macro_cycle.sources.intervals import DAY, OPEN_END, days, facts_of, is_missing, numbers
from macro_cycle.sources.schema import checked, refusal

MOST_VINTAGES = 2000
MOST_ROWS = 100_000
MOST_VINTAGE_DATES = 10_000
MOST_UPDATES = 1000
FIELDS = ["date", "value", "realtime_start", "realtime_end"]


class FredApi:
    """Every vintage of every series of FRED, each known from the day that ALFRED says.

    `progress` is told the number of series read and their total. `most_vintages`, `most_rows` and `most_updates` are
    what the server gives at a time.
    """

    name: ClassVar[SourceName] = "fred_api"
    has_vintages: ClassVar[bool] = True
    incremental: ClassVar[bool] = True

    def __init__(
        self,
        client: FredClient,
        catalog: Catalog,
        progress: Progress = no_progress,
        most_vintages: int = MOST_VINTAGES,
        most_rows: int = MOST_ROWS,
        most_updates: int = MOST_UPDATES,
    ) -> None:
        self._client, self._catalog, self._progress = client, catalog, progress
        self._most_vintages, self._most_rows, self._most_updates = most_vintages, most_rows, most_updates

    def available(self) -> list[str]:
        """The catalogue's series: FRED has too many to list. Any other may be asked for all the same."""
        return sorted(self._catalog.series)

    def observations(self, series_ids: Sequence[str], *, since: pd.Timestamp | None = None) -> pd.DataFrame:
        """Every change from one vintage to the next; see `Source.observations`."""
        wanted = sorted({self._catalog.canonical_id(name) for name in series_ids})
        changes = []
        for number, series_id in enumerate(wanted, start=1):
            changes.append(self._changes(series_id, since))
            self._progress(number, len(wanted))
        return pd.concat(changes, ignore_index=True)

    def last_updated(self) -> str:
        """When FRED last updated a series of the catalogue, as far back as its list of updates reaches."""
        return next(self._tokens(), "")

    def updated_since(self, token: str) -> list[str] | None:
        """Series of the catalogue updated after a former `last_updated`; None where the list does not reach so far."""
        found: set[str] = set()
        until = _moment(token)
        for newer in self._tokens():
            if newer == token or _moment(newer) < until:
                return sorted(found)
            found.add(newer.split(" ", 1)[0])
        return None

    def _tokens(self) -> Iterator[str]:
        """Id and moment of each update of a series of the catalogue, the newest first."""
        ours = (entry for entry in self._updates() if entry.get("id") in self._catalog.series)
        yield from (f"{entry['id']} {entry.get('last_updated', '')}" for entry in ours)

    def _updates(self) -> Iterator[dict[str, Any]]:
        """What FRED updated, the newest first; a page is asked for when the ones before it have been gone through."""
        offset, count = 0, 1
        while offset < count:
            page = self._client.get("series/updates", filter_value="macro", limit=self._most_updates, offset=offset)
            updates, total = page.get("seriess"), page.get("count")
            if not isinstance(updates, list) or not isinstance(total, int):
                raise SourceError("FRED (series/updates) answered without its list of series or without their count")
            if not updates:
                return
            yield from (entry for entry in updates if isinstance(entry, dict))
            offset, count = offset + self._most_updates, total

    def _changes(self, series_id: str, since: pd.Timestamp | None) -> pd.DataFrame:
        """The facts of one series that its vintages from `since` on brought.

        A window that does not begin with the first vintage begins a day early, so that its rows are seen to be carried
        over (and left out) rather than new; the last one ends when time does.
        """
        vintages = self._vintages(series_id)
        new = [day for day in vintages if since is None or day >= since]
        starts = new[:: self._most_vintages - 1]  # the vintage in force on a window's first day counts, too
        rows = [self._rows(series_id, start, end) for start, end in _windows(starts, carried=len(new) < len(vintages))]
        name = f"FRED's answer for {series_id}"
        facts = checked(facts_of(pd.concat([_no_rows(), *rows]), name), name)
        return facts if since is None or not new else facts[facts["realtime_start"] >= new[0]]

    def _vintages(self, series_id: str) -> list[pd.Timestamp]:
        found = self._client.pages("series/vintagedates", "vintage_dates", MOST_VINTAGE_DATES, series_id=series_id)
        if not found:
            raise SourceError(f"FRED keeps no vintages of {series_id}; read it from a mirror, or leave it out")
        dates = days(pd.Series(found, dtype=object))
        if dates.isna().any():
            raise SourceError(f"FRED (series/vintagedates) answered dates of {series_id} that are none")
        return sorted(dates)

    def _rows(self, series_id: str, start: str, end: str) -> pd.DataFrame:
        entries = self._client.pages(
            "series/observations",
            "observations",
            self._most_rows,
            series_id=series_id,
            realtime_start=start,
            realtime_end=end,
        )
        return _parsed(entries, series_id)


def _moment(token: str) -> pd.Timestamp:
    try:
        return pd.Timestamp(token.split(" ", 1)[1]).tz_convert("UTC")
    except (IndexError, TypeError, ValueError):
        raise SourceError(f"FRED (series/updates) answered without the moment of an update: {token!r}") from None


def _windows(starts: list[pd.Timestamp], *, carried: bool) -> list[tuple[str, str]]:
    """First and last day of each window: together they cover the time from the first start on without a gap."""
    if not starts:
        return []
    begins = [start - DAY if carried and number == 0 else start for number, start in enumerate(starts)]
    ends = [f"{start - DAY:%Y-%m-%d}" for start in starts[1:]] + [OPEN_END]
    return [(f"{begin:%Y-%m-%d}", end) for begin, end in zip(begins, ends, strict=True)]


def _parsed(entries: list[Any], series_id: str) -> pd.DataFrame:
    """FRED's entries as typed rows; an end of 9999-12-31 is NaT."""
    if not all(isinstance(entry, dict) and entry.keys() >= set(FIELDS) for entry in entries):
        raise SourceError(f"FRED (series/observations) answered for {series_id} in another form than documented")
    texts = pd.DataFrame(entries, columns=FIELDS, dtype="string")
    rows = pd.DataFrame({name: days(texts[name]) for name in ("date", "realtime_start", "realtime_end")})
    rows = rows.assign(value=numbers(texts["value"]), series_id=series_id).astype({"series_id": object})
    faulty = (
        rows[["date", "realtime_start"]].isna().any(axis=1)
        | (rows["realtime_end"].isna() & (texts["realtime_end"] != OPEN_END))
        | (rows["value"].isna() & ~is_missing(texts["value"]))
    )
    if faulty.any():
        written = [str(entries[number]) for number in faulty.to_numpy().nonzero()[0]]
        raise SourceError(refusal(f"FRED's answer for {series_id}", written))
    return rows


def _no_rows() -> pd.DataFrame:
    return _parsed([], "")
