"""How fresh the fetch and the present answer must be. A policy launches nothing; conditions act on what it finds."""

from datetime import timedelta

import dagster as dg

FETCH_DAILY = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=26), warn_window=timedelta(hours=25))
ANSWER_MONTHLY = dg.FreshnessPolicy.time_window(fail_window=timedelta(days=35), warn_window=timedelta(days=32))
