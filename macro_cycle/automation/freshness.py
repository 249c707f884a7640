"""How fresh the last look at a source and the present answer must be. A policy launches nothing; it is shown."""

from datetime import timedelta

import dagster as dg

LOOKED_AT = timedelta(hours=26)
ANSWER_MONTHLY = dg.FreshnessPolicy.time_window(fail_window=timedelta(days=35), warn_window=timedelta(days=32))
