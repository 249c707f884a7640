"""The embedded stack: PostgreSQL, MLflow, Dagster, the model server and the exporter as processes of this machine.

Belongs here: starting, watching and ending processes, and finding the database. What the processes do lives in
the packages that they run.
"""

from macro_cycle.stack.lifecycle import down, status, up
from macro_cycle.stack.service import ServiceStatus

__all__ = ["ServiceStatus", "down", "status", "up"]
