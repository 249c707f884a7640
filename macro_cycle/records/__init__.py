"""What passes from asset to asset with the partition: one small frozen record a month, kept in the warehouse.

Belongs here: the records and their store. Does not belong here: what a record is made from (panels, models, regimes
lie in stores of their own and are named by their versions), deciding (`promotion`), Dagster.
"""

from macro_cycle.records.store import Failure, RecordStore
from macro_cycle.records.types import (
    Answer,
    Decision,
    Declared,
    Deployment,
    Explanation,
    Model,
    Panel,
    Record,
    Snapshot,
)

__all__ = [
    "Answer",
    "Decision",
    "Declared",
    "Deployment",
    "Explanation",
    "Failure",
    "Model",
    "Panel",
    "Record",
    "RecordStore",
    "Snapshot",
]
