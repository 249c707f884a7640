"""Which answer stood on which day: the whole record as steps, each from the first day on which it was known."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date

from macro_cycle.warehouse.regimes import RecordedCall


@dataclass(frozen=True)
class Step:
    """A call and the first day on which it stood; it stands until the next step."""

    known_from: date
    call: RecordedCall

    @property
    def computed_later(self) -> bool:
        """Whether the call was recorded after the day from which it is taken to have stood."""
        return _recorded_on(self.call) > self.known_from


def steps(calls: Sequence[RecordedCall]) -> list[Step]:
    """The steps of a record, ascending; on each day `RegimeStore.said_by` gives the call of the last step by then.

    calls: every call ever recorded, in the order in which they were recorded.
    """
    by_month_end: dict[date, list[RecordedCall]] = defaultdict(list)
    for call in calls:
        by_month_end[call.as_of].append(call)
    found: list[Step] = []
    until: date | None = None
    for as_of in sorted(by_month_end, reverse=True):
        of_month_end = _steps_of(by_month_end[as_of])
        if until is None or of_month_end[0].known_from < until:
            found += reversed([step for step in of_month_end if until is None or step.known_from < until])
            until = of_month_end[0].known_from
    return found[::-1]


def _steps_of(calls: Sequence[RecordedCall]) -> list[Step]:
    """The steps of one month end, were there no other.

    What was recorded by a day stood on it. Where nothing had been by the month end, the last one of all stands in.
    """
    days = sorted({min(_recorded_on(calls[0]), calls[0].as_of), *map(_recorded_on, calls)})
    found: list[Step] = []
    for day in days:
        by_then = [call for call in calls if _recorded_on(call) <= day] or calls
        if not found or found[-1].call != by_then[-1]:
            found.append(Step(day, by_then[-1]))
    return found


def _recorded_on(call: RecordedCall) -> date:
    return call.recorded_at.astimezone(UTC).date()
