"""The one partitioning of the platform: months, each meaning "as of the end of that month", the open one included."""

import dagster as dg
import pandas as pd

from macro_cycle.platform.months import open_month
from macro_cycle.platform.settings import load_settings


def monthly() -> dg.MonthlyPartitionsDefinition:
    """Months from the first partition to the open one, which moves with the clock.

    In a rehearsal it is the open month at the time of loading: Dagster must load the definitions again for the next.
    """
    settings = load_settings()
    start = settings.data.first_partition.isoformat()
    if settings.today_file is None:
        return dg.MonthlyPartitionsDefinition(start_date=start, end_offset=1)
    end = pd.Timestamp(open_month()) + pd.offsets.MonthBegin()
    return dg.MonthlyPartitionsDefinition(start_date=start, end_date=f"{end:%Y-%m-%d}")


MONTHS = monthly()
