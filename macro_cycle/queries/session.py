"""Questions to one platform by whoever may not know more than a day's knowledge."""

import json
from collections.abc import Callable
from functools import wraps
from threading import Lock
from typing import Any, ParamSpec

import pandas as pd

from macro_cycle import __version__
from macro_cycle.ahead import Scenario, radar, read_assumption, what_if
from macro_cycle.ahead.documents import radar_document, what_if_document
from macro_cycle.errors import UsageError
from macro_cycle.evaluation.news import InformationSet
from macro_cycle.features import build_panel
from macro_cycle.platform.clock import Clock
from macro_cycle.platform.months import as_of_day, parse_as_of
from macro_cycle.platform.versions import content_version, document_version
from macro_cycle.queries import history
from macro_cycle.queries.ahead import flip_document
from macro_cycle.queries.series import series_document
from macro_cycle.resources.knowledge import came_since, information_sets
from macro_cycle.resources.platform import Platform
from macro_cycle.resources.recorded import month_end_before

P = ParamSpec("P")
MOST_VALUES = 1000


def _one_at_a_time(question: Callable[P, dict[str, Any]]) -> Callable[P, dict[str, Any]]:
    """Whatever is asked at once is answered in turn, as plain JSON."""

    @wraps(question)
    def asked(*args: P.args, **kwargs: P.kwargs) -> dict[str, Any]:
        session: Session = args[0]  # type: ignore[assignment]
        with session.turn:
            document: dict[str, Any] = json.loads(json.dumps(question(*args, **kwargs), default=str, allow_nan=False))
            return document

    return asked


def asked_day(text: str | None, name: str, clock: Clock, until: pd.Timestamp | None = None) -> pd.Timestamp:
    """The day that `text` asks about, the newest that may be asked of where it is None; `name` is what it answers.

    The open month's end may be asked of today: it is what everything known in that month is as of.

    Raises:
        UsageError: it is no day or month, or comes after the newest.
    """
    newest = clock.today() if until is None else until
    if text is None:
        return newest
    day = parse_as_of(text)
    if day is None:
        raise UsageError(f"{name} is {text!r}: write a day as YYYY-MM-DD, or a month as YYYY-MM for its end")
    if day > newest and not (until is None and day == as_of_day(clock.open_month())):
        raise UsageError(f"{name} {text} is after {newest:%Y-%m-%d}, the newest day that may be asked of")
    return day


class Session:
    """Questions, each of a day that is not after `until` (None: not after today); nothing is written.

    Days are written YYYY-MM-DD, or YYYY-MM for the month's last; where none is given, the newest that may be asked of
    is meant. Each answer has an entry `about`: cycle, day, versions of software, model and data, age of the data of
    each series and their provenance. Where a question cannot be answered it raises MacroCycleError, one line.
    """

    def __init__(self, platform: Platform, until: pd.Timestamp | None = None) -> None:
        self._platform, self._until, self.turn = platform, until, Lock()
        platform.warehouse.refuse_writes()

    @_one_at_a_time
    def answer(self, as_of: str | None = None) -> dict[str, Any]:
        """Which phase of the business cycle the data known on the day give, and how sure."""
        known = self._known(as_of)
        given = history.data_give(self._platform, known)
        return {**given, "about": self._about(known)}

    @_one_at_a_time
    def replay(self, as_of: str | None = None) -> dict[str, Any]:
        """What was known and said on the day, and whether the answer on record is reproduced, link by link."""
        known = self._known(as_of)
        found = history.replay(self._platform, known.as_of)
        said = found.document["said"]
        if said is not None:
            said = {**said, "links": {link.name: link.holds for link in found.links}}
        return {
            **{name: found.document[name] for name in ("known", "data_give")},
            "said": said,
            "about": self._about(known),
        }

    @_one_at_a_time
    def news(self, as_of: str | None = None, since: str | None = None) -> dict[str, Any]:
        """Why the recession probability moved from the day `since` to the day."""
        day, begin = self._span(as_of, since)
        _, document = history.news_between(self._platform, begin, day)
        return {**document, "about": self._about(self._known(as_of))}

    @_one_at_a_time
    def series(self, series_id: str, as_of: str | None = None, last: int = 13) -> dict[str, Any]:
        """A series as it was known on the day: its newest values and how they had been revised."""
        if not 1 <= last <= MOST_VALUES:
            raise UsageError(f"last is {last}: ask for 1 to {MOST_VALUES} values")
        document = series_document(self._platform, series_id, self._day(as_of, "as_of"), last)
        return {**document, "about": self._about(self._known(as_of))}

    @_one_at_a_time
    def forecast(self, as_of: str | None = None) -> dict[str, Any]:
        """The regimes of the 12 months to come as seen on the day, with bands."""
        known = self._known(as_of)
        panel = build_panel(known.known, self._platform.catalog, self._platform.features)
        return {**known.model.outlook(panel).to_document(), "about": self._about(known)}

    @_one_at_a_time
    def flip(self, as_of: str | None = None) -> dict[str, Any]:
        """The print of each release to come at which the recession probability would cross one half."""
        known = self._known(as_of)
        return {**flip_document(self._platform, radar(self._scenario(known))), "about": self._about(known)}

    @_one_at_a_time
    def radar(self, as_of: str | None = None, since: str | None = None) -> dict[str, Any]:
        """The releases to come with the expected size of their effect, and what came since the day `since`."""
        day, begin = self._span(as_of, since)
        known = self._known(as_of)
        came = came_since(self._platform, begin, day)
        return {**radar_document(radar(self._scenario(known)), came), "about": self._about(known)}

    @_one_at_a_time
    def what_if(self, assumptions: list[str], month: str | None = None, as_of: str | None = None) -> dict[str, Any]:
        """The answer if prints were to come, written as `macro-cycle what-if` takes them."""
        known = self._known(as_of)
        scenario = self._scenario(known)
        read = [read_assumption(text, scenario, month) for text in assumptions]
        if not read:
            raise UsageError("assume something, e.g. PAYEMS=-150")
        return {**what_if_document(what_if(scenario, read)), "about": self._about(known)}

    def _day(self, text: str | None, name: str) -> pd.Timestamp:
        return asked_day(text, name, self._platform.clock, self._until)

    def _span(self, as_of: str | None, since: str | None) -> tuple[pd.Timestamp, pd.Timestamp]:
        day = self._day(as_of, "as_of")
        begin = month_end_before(day) if since is None else self._day(since, "since")
        if begin >= day:
            raise UsageError(f"since {begin:%Y-%m-%d} must lie before as_of {day:%Y-%m-%d}")
        return day, begin

    def _known(self, as_of: str | None) -> InformationSet:
        (found,) = information_sets(self._platform, self._day(as_of, "as_of"))
        return found

    def _scenario(self, known: InformationSet) -> Scenario:
        return Scenario(known, self._platform.catalog, self._platform.features)

    def _about(self, known: InformationSet) -> dict[str, Any]:
        """What an answer rests on."""
        panel = build_panel(known.known, self._platform.catalog, self._platform.features)
        month, day = panel.index[-1], known.as_of
        return {
            "cycle": self._platform.cycle,
            "as_of": f"{day:%Y-%m-%d}",
            "software": f"macro-cycle {__version__}",
            "model_version": document_version(known.model.to_document()),
            "data_version": content_version(panel),
            "reference_month": f"{month:%Y-%m}",
            "months_behind": 12 * (day.year - month.year) + day.month - month.month,
            "newest": {row["series_id"]: row["date"] for row in history.newest(known.known)},
            "provenance": self._platform.publications().provenance([day]).to_document(),
        }
