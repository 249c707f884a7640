"""The bitemporal store: observations as they were known on any day, models, regimes and calls.

Belongs here: tables, migrations, ingestion, as-of queries. Does not belong here: fetching (`sources`), anything
computed from observations (`features`, `hmm`), anything that knows Dagster or MLflow.
"""

from macro_cycle.warehouse.ingestion import IngestReport
from macro_cycle.warehouse.warehouse import Warehouse

__all__ = ["IngestReport", "Warehouse"]
