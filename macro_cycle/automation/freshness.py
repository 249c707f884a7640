"""How fresh each asset must be. A policy alone launches nothing; the conditions act on what it finds."""

from datetime import timedelta

import dagster as dg

FETCH_DAILY = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=26), warn_window=timedelta(hours=25))
FOLLOW_FETCH = dg.FreshnessPolicy.time_window(fail_window=timedelta(days=35), warn_window=timedelta(days=32))
