"""Cutting a long load into portions that are merged and kept one by one, so that a load that was stopped goes on."""

import numpy as np
import pandas as pd

ROWS = 100_000


def portions(facts: pd.DataFrame, heard: pd.Timestamp | None, rows: int = ROWS) -> list[pd.DataFrame]:
    """The published facts in the order of their days, cut between days into portions of about `rows`.

    What is as old as `heard`, the newest day that the store knows a statement of, stays together: a vintage that is
    corrected there, and what restores the vintages after it, must not be parted.
    """
    days, places, counts = np.unique(facts["realtime_start"].to_numpy(), return_inverse=True, return_counts=True)
    late = np.full(len(days), True) if heard is None else days > heard.to_datetime64()
    before = np.cumsum(late * counts) - late * counts
    numbers = np.where(late, 1 + before // rows, 0)
    return [portion for _, portion in facts.groupby(numbers[places])]
