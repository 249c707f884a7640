"""The software-defined assets, one file per group: read, call a library function, return with metadata.

No statistics, no SQL and no client code here: what an asset calls lives in the package named after it.
"""

import warnings

from dagster import BetaWarning, PreviewWarning

warnings.filterwarnings("ignore", message=".*`backfill_policy`", category=BetaWarning)  # said once per asset
warnings.filterwarnings("ignore", message=".*partitions_def on an AssetCheckSpec", category=PreviewWarning)
