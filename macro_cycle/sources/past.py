"""A source as it stood on a past day, for rehearsals: what was published later does not exist."""

from collections.abc import Mapping, Sequence

import pandas as pd

from macro_cycle.platform.settings import SourceName
from macro_cycle.sources.base import Source


class SeenOn:
    """What `source` had published by the end of `day`."""

    def __init__(self, source: Source, day: pd.Timestamp) -> None:
        self._source, self._day = source, day.normalize()

    @property
    def name(self) -> SourceName:
        """The source's."""
        return self._source.name

    @property
    def has_vintages(self) -> bool:
        """The source's."""
        return self._source.has_vintages

    @property
    def incremental(self) -> bool:
        """The source's."""
        return self._source.incremental

    @property
    def stand_ins(self) -> Mapping[str, str]:
        """The source's."""
        return getattr(self._source, "stand_ins", {})

    def available(self) -> list[str]:
        """The series that the source holds today."""
        return self._source.available()

    def observations(self, series_ids: Sequence[str], *, since: pd.Timestamp | None = None) -> pd.DataFrame:
        """Observations published by the day; see `Source.observations`."""
        frame = self._source.observations(series_ids, since=since)
        return frame[frame["realtime_start"] <= self._day].reset_index(drop=True)

    def last_updated(self) -> str:
        """The source's token and the newest release of the day."""
        released = self.observations(self.available())["realtime_start"]
        return f"{self._source.last_updated()}@{released.max():%Y-%m-%d}"
