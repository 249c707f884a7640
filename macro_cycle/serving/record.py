"""The record that travels with a deployment: what was said at any earlier day."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from macro_cycle.serving.errors import BadRequest


class Record:
    """Answers by the day as of which they were given; the newest is what the deployed model says.

    `known_from` is the day since which the newest answer is known: an open month's is as of the month's end, but
    given earlier.
    """

    def __init__(self, history: Sequence[Mapping[str, Any]], newest: Mapping[str, Any], known_from: date) -> None:
        entries = {date.fromisoformat(entry["as_of"]): dict(entry) for entry in history}
        last = date.fromisoformat(newest["as_of"])
        earlier = {day: entry for day, entry in entries.items() if day < last}
        self._days = [*sorted(earlier), min(known_from, last)]
        self._entries = [*(earlier[day] for day in self._days[:-1]), dict(newest)]

    @property
    def newest(self) -> Mapping[str, Any]:
        """The deployed model's own answer."""
        return self._entries[-1]

    def said_at(self, day: date) -> Mapping[str, Any]:
        """The newest answer known at the end of `day`.

        Raises:
            BadRequest: the record begins later.
        """
        position = bisect_right(self._days, day)
        if position == 0:
            raise BadRequest(f"the record begins on {self._days[0]}; nothing was said by {day}")
        return self._entries[position - 1]
