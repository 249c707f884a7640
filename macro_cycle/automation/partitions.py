"""The one partitioning of the platform: months, each meaning "as of the end of that month", the open one included."""

import dagster as dg

from macro_cycle.settings import load_settings

MONTHS = dg.MonthlyPartitionsDefinition(start_date=load_settings().data.first_partition.isoformat(), end_offset=1)
