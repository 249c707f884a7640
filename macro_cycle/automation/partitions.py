"""The one partitioning of the platform: months, each meaning "as of the end of that month", the open one included."""

import dagster as dg
import pandas as pd

from macro_cycle.platform.clock import Clock


def monthly_partitions(clock: Clock) -> dg.MonthlyPartitionsDefinition:
    """Months from the first partition to the open one, which moves with the clock.

    In a rehearsal it is the open month at the time of loading: Dagster must load the definitions again for the next.
    """
    start = clock.first_partition.isoformat()
    if not clock.rehearsed:
        return dg.MonthlyPartitionsDefinition(start_date=start, end_offset=1)
    end = pd.Timestamp(clock.open_month()) + pd.offsets.MonthBegin()
    return dg.MonthlyPartitionsDefinition(start_date=start, end_date=f"{end:%Y-%m-%d}")
