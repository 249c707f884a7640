"""The checks that data pass at every door: the graph, `train`, `import` and a notebook ask the same questions.

What is asked is written in `quality`; here a frame of a source is brought into the form that it is asked of.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from macro_cycle.errors import MacroCycleError
from macro_cycle.observations.catalog import Catalog
from macro_cycle.observations.quality import Rule, findings, holding_on, impossible

SHOWN = 3


@dataclass(frozen=True)
class Verdict:
    """What is to be said of series as known on a day: `faults` make a model wrong, `warnings` are for a person."""

    faults: tuple[str, ...]
    warnings: tuple[str, ...]

    def refuse_faults(self, what: str) -> None:
        """Raise `MacroCycleError` naming `what` and its first faults, if there are any."""
        if self.faults:
            raise MacroCycleError(f"{what} cannot be used: {listed(self.faults)}")


def examine(facts: pd.DataFrame, catalog: Catalog, series_ids: Sequence[str], day: pd.Timestamp) -> Verdict:
    """The verdict on what an observations frame (columns of `sources.base`) says of these series on `day`."""
    known = facts[facts["realtime_start"] <= day]
    held = holding_on(findings(history_of(known), catalog, series_ids), day)
    blocking = held["rule"].map(lambda rule: Rule(rule).blocks).astype(bool)
    return Verdict(tuple(held.loc[blocking, "message"]), tuple(held.loc[~blocking, "message"]))


def refuse_impossible(facts: pd.DataFrame, catalog: Catalog, what: str) -> None:
    """Raise `MacroCycleError` if the newest values of an observations frame cannot be true: nothing of it is usable."""
    current = history_of(facts)
    current = current[current["realtime_end"].isna()]
    found = impossible(current, catalog, list(current["series_id"].unique()))
    if found:
        raise MacroCycleError(f"{what} is refused and nothing of it was written: {listed(found)}")


def foreseen(facts: pd.DataFrame) -> list[str]:
    """A line for each series of an observations frame that runs ahead of the day it was published on."""
    current = history_of(facts[(facts["date"] > facts["realtime_start"]) & facts["value"].notna()])
    rows = current[current["realtime_end"].isna()].groupby("series_id")["date"].agg(["min", "max", "size"])
    return [
        f"{series_id} runs from {row['min']:%Y-%m} to {row['max']:%Y-%m} ahead of its publication: these {row['size']} "
        f"values are projections, stored and left out of every panel"
        for series_id, row in rows.iterrows()
    ]


def history_of(facts: pd.DataFrame) -> pd.DataFrame:
    """An observations frame in the form of `Warehouse.history`: realtime_end is the day of the next row's beginning."""
    cell = ["series_id", "date"]
    rows = facts.sort_values([*cell, "realtime_start"], kind="stable", ignore_index=True)
    follows = (rows[cell] == rows[cell].shift(-1)).all(axis=1)
    return rows.assign(realtime_end=rows["realtime_start"].shift(-1).where(follows))


def listed(messages: Iterable[str], shown: int = SHOWN) -> str:
    """The first few messages in one line, and how many more there are."""
    lines = list(messages)
    more = f"; and {len(lines) - shown} more" if len(lines) > shown else ""
    return "; ".join(lines[:shown]) + more
