"""Random histories, and what a store must say about them, recomputed naively."""

from dataclasses import dataclass, field
from typing import NamedTuple

import pandas as pd
from hypothesis import strategies as st

EPOCH = pd.Timestamp("2020-01-01")
IDS = ["CPI", "JOBS", "claims"]
NAN = float("nan")


def frame(rows: list[tuple]) -> pd.DataFrame:
    """An observations frame of (series_id, date, realtime_start, value) rows, or with `estimated` as a fifth."""
    full = [row if len(row) == 5 else (*row, False) for row in rows]
    table = pd.DataFrame(full, columns=["series_id", "date", "realtime_start", "value", "estimated"])
    return table.astype(
        {"date": "datetime64[ns]", "realtime_start": "datetime64[ns]", "value": float, "estimated": bool}
    )


def _dated(facts: dict[tuple[str, int, int], float]) -> list[tuple]:
    return [
        (series_id, EPOCH + pd.DateOffset(months=month), EPOCH + pd.Timedelta(days=day), value)
        for (series_id, month, day), value in facts.items()
    ]


values = st.sampled_from([1.0, 2.0, 3.0, NAN])
keys = st.tuples(st.sampled_from(IDS), st.integers(0, 2), st.integers(0, 9))
histories = st.dictionaries(keys, values, min_size=1, max_size=40).map(_dated)


@st.composite
def deliveries(draw: st.DrawFn, rows: list[tuple]) -> list[pd.DataFrame]:
    """The rows in any order, cut into batches anywhere, some of them delivered again."""
    shuffled = draw(st.permutations(rows))
    replayed = draw(st.lists(st.sampled_from(rows), max_size=5))
    stream = [*shuffled, *replayed]
    cuts = sorted(draw(st.lists(st.integers(0, len(stream)), max_size=4)))
    batches = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    return [frame(batch) for batch in batches if batch]


def known_on(rows: list[tuple], day: pd.Timestamp) -> dict[tuple[str, pd.Timestamp], float]:
    """The newest value published by `day` of each observation, those published as missing left out."""
    newest: dict[tuple[str, pd.Timestamp], float] = {}
    for series_id, date, start, value in sorted(rows, key=lambda row: row[2]):
        if start <= day:
            newest[series_id, date] = value
    return {key: value for key, value in newest.items() if value == value}


def step_functions(rows: list[tuple]) -> list[tuple]:
    """Canonical rows (series_id, date, realtime_start, realtime_end, value): one per change of value."""
    canonical: list[tuple] = []
    for series_id, date, start, value in sorted(rows, key=lambda row: row[:3]):
        last = canonical[-1] if canonical else None
        same = last is not None and last[:2] == (series_id, date)
        if same and repr(last[4]) == repr(value):
            continue
        if same:
            canonical[-1] = (*last[:3], start, last[4])
        canonical.append((series_id, date, start, None, value))
    return canonical


@dataclass(frozen=True)
class Load:
    """What one load delivers: facts (series, month, day, value), published or sighted on `seen_on`."""

    facts: list[tuple[str, int, int, float]]
    seen_on: int | None = None
    source: str = "test"

    @property
    def frame(self) -> pd.DataFrame:
        return frame([(*row, self.seen_on is not None) for row in _dated({fact[:3]: fact[3] for fact in self.facts})])

    @property
    def day(self) -> pd.Timestamp | None:
        return None if self.seen_on is None else EPOCH + pd.Timedelta(days=self.seen_on)


def _published(facts: dict[tuple[str, int, int], float]) -> Load:
    return Load([(*key, value) for key, value in facts.items()])


def _sighted(facts: dict[tuple[str, int], tuple[int, float]], seen_on: int, source: str) -> Load:
    return Load([(*cell, day, value) for cell, (day, value) in facts.items()], seen_on, source)


publications = st.dictionaries(keys, values, min_size=1, max_size=12).map(_published)
sightings = st.builds(
    _sighted,
    st.dictionaries(
        st.tuples(st.sampled_from(IDS), st.integers(0, 2)),
        st.tuples(st.integers(0, 9), values),
        min_size=1,
        max_size=9,
    ),
    st.integers(0, 9),
    st.sampled_from(["mirror", "mirror", "copy"]),
)
loads = st.lists(st.one_of(publications, sightings), min_size=1, max_size=6)


def story_of_one_cell(*steps: tuple[int, float, bool]) -> list[Load]:
    """A load for each (day, value, sighted): a value published that day, or sighted on it."""
    return [
        Load([("CPI", 0, 0, value)], seen_on=day) if sighted else Load([("CPI", 0, day, value)])
        for day, value, sighted in steps
    ]


steps = st.tuples(st.integers(0, 5), st.sampled_from([1.0, 2.0]), st.booleans())
stories_of_one_cell = st.lists(steps, min_size=3, max_size=9).map(lambda steps: story_of_one_cell(*steps))


def _changes(facts: list[tuple[int, float]]) -> list[tuple[int, float]]:
    """Those facts that tell another value than the one before them."""
    return [fact for n, fact in enumerate(facts) if not n or repr(fact[1]) != repr(facts[n - 1][1])]


class Witnessed(NamedTuple):
    """A look saw the value that began to hold on `start`."""

    look: int
    start: int
    value: float


@dataclass
class Cell:
    """One observation's facts by day, and the estimate of its first publication: (day, day of the sighting, value)."""

    dated: dict[int, float] = field(default_factory=dict)
    estimate: tuple[int, int, float] | None = None

    def facts(self) -> list[tuple[int, float]]:
        estimated = [(self.estimate[0], self.estimate[2])] if self.estimate else []
        return sorted([*estimated, *self.dated.items()])

    def known_on(self, day: int) -> tuple[float] | None:
        past = [value for start, value in self.facts() if start <= day]
        return (past[-1],) if past else None

    def heard_after(self, day: int, looks: set[int]) -> bool:
        """Whether a change of value, or the sighting behind the estimate, is younger than `day` and none of `looks`."""
        start = self.estimate[0] if self.estimate else None
        heard = [self.estimate[1] if self.estimate and d == start else d for d, _ in _changes(self.facts())]
        return any(d > day and d not in looks for d in heard)


class NaiveStore:
    """The rules of ingestion, one fact at a time."""

    def __init__(self) -> None:
        self.cells: dict[tuple[str, int], Cell] = {}
        self.looks: dict[tuple[str, str], set[int]] = {}  # source, series

    def ingest(self, load: Load) -> None:
        if load.seen_on is None:
            self._publish(load)
        else:
            self._sight(load, load.seen_on)

    def _publish(self, load: Load) -> None:
        per_cell: dict[tuple[str, int], dict[int, float]] = {}
        for series_id, month, day, value in load.facts:
            per_cell.setdefault((series_id, month), {})[day] = value
        for name, facts in per_cell.items():
            cell = self.cells.setdefault(name, Cell())
            if cell.estimate and min(facts) <= cell.estimate[1]:
                cell.estimate = None
            self._add(name, facts, sighted=False)

    def _add(self, name: tuple[str, int], facts: dict[int, float], *, sighted: bool) -> None:
        """Facts end at the first look after them; those of a publication where an estimate held on its day."""
        cell, witnessed = self.cells[name], {}
        for day in facts:
            seen = self._witnessed_after(name, day)
            if seen and (sighted or (cell.estimate and seen.start == cell.estimate[0])):
                witnessed[seen.look] = seen.value
        cell.dated |= {day: value for day, value in witnessed.items() if day not in cell.dated} | facts

    def _witnessed_after(self, name: tuple[str, int], day: int) -> Witnessed | None:
        """What the first look after `day` saw, if anything was known of the observation."""
        later = [look for (_, series), looks in self.looks.items() for look in looks if series == name[0]]
        look = min((look for look in later if look > day), default=None)
        held = [fact for fact in _changes(self.cells[name].facts()) if look is not None and fact[0] <= look]
        return Witnessed(look, *held[-1]) if look is not None and held else None

    def _sight(self, load: Load, seen_on: int) -> None:
        own = {series: looks for (source, series), looks in self.looks.items() if source == load.source}
        stale = {name[0] for name, cell in self.cells.items() if cell.heard_after(seen_on, own.get(name[0], set()))}
        for series_id, month, day, value in load.facts:
            looks = own.get(series_id, set())
            lacked = max((look for look in looks if look <= seen_on), default=-99)
            cell = self.cells.setdefault((series_id, month), Cell())
            estimate = cell.estimate
            if not cell.facts() or (estimate and estimate[1] > seen_on and estimate[1] in looks):
                if estimate:
                    seen = self._witnessed_after((series_id, month), seen_on)
                    cell.dated.setdefault(estimate[1], estimate[2])
                    if seen:
                        cell.dated.setdefault(seen.look, seen.value)
                cell.estimate = (min(max(day, lacked + 1), seen_on), seen_on, value)
            elif series_id not in stale and repr(cell.known_on(seen_on)) != repr((value,)):
                self._add((series_id, month), {seen_on: value}, sighted=True)
                if cell.estimate and cell.estimate[0] == seen_on:
                    cell.estimate = None
        self._look(load, seen_on, own)

    def _look(self, load: Load, seen_on: int, own: dict[str, set[int]]) -> None:
        """Remember the look, and move what it lacked behind it."""
        looked_at, held = {fact[0] for fact in load.facts}, {fact[:2] for fact in load.facts}
        for name, cell in self.cells.items():
            if name[0] in looked_at and name not in held and cell.estimate:
                start, seen, value = cell.estimate
                if start <= seen_on < seen and seen in own.get(name[0], set()):
                    cell.estimate = None if seen_on + 1 in cell.dated else (seen_on + 1, seen, value)
        for series_id in looked_at:
            self.looks.setdefault((load.source, series_id), set()).add(seen_on)

    def rows(self) -> list[tuple]:
        """The canonical rows, and whether each was estimated."""
        raw = [(*cell, day, value) for cell, facts in self.cells.items() for day, value in facts.facts()]
        dated = _dated({row[:3]: row[3] for row in raw})
        estimated = {
            (series_id, EPOCH + pd.DateOffset(months=month), EPOCH + pd.Timedelta(days=cell.estimate[0]))
            for (series_id, month), cell in self.cells.items()
            if cell.estimate
        }
        return [(*row, row[:3] in estimated) for row in step_functions(dated)]

    def known_on(self, day: int) -> dict[tuple[str, pd.Timestamp], float]:
        found = {
            (series_id, EPOCH + pd.DateOffset(months=month)): cell.known_on(day)
            for (series_id, month), cell in self.cells.items()
        }
        return {key: known[0] for key, known in found.items() if known is not None and known[0] == known[0]}
