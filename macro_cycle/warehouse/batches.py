"""Cutting a long load into batches that are merged and kept one by one, so that a load that was stopped goes on."""

import numpy as np
import pandas as pd

ROWS = 100_000


def in_batches(facts: pd.DataFrame, newest_seen: pd.Timestamp | None, rows: int = ROWS) -> list[pd.DataFrame]:
    """The published facts in the order of their days, cut between days into batches of about `rows`.

    What is as old as `newest_seen`, the newest day that the store knows a statement of, stays together: a vintage
    that is corrected there, and what restores the vintages after it, must not be parted.
    """
    days, places, counts = np.unique(facts["realtime_start"].to_numpy(), return_inverse=True, return_counts=True)
    late = np.full(len(days), True) if newest_seen is None else days > newest_seen.to_datetime64()
    before = np.cumsum(late * counts) - late * counts
    numbers = np.where(late, 1 + before // rows, 0)
    return [batch for _, batch in facts.groupby(numbers[places])]
