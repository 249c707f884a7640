"""How much room the database takes and the disk has left."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from prometheus_client.core import Metric
from sqlalchemy import Engine, text

from macro_cycle.monitoring.collectors.collector import gauge, gauges

SIZES = """
SELECT n.nspname, sum(pg_total_relation_size(c.oid))
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY(:schemas) AND c.relkind IN ('r', 'm') GROUP BY 1
"""


class DiskCollector:
    """The disk that holds the home."""

    name = "disk"

    def __init__(self, home: Path) -> None:
        self._home = home

    def metrics(self) -> Iterator[Metric]:
        """Free and whole size, bytes."""
        found = shutil.disk_usage(self._home)
        yield gauge("macro_cycle_disk_free_bytes", "Free bytes of the disk that holds the home", found.free)
        yield gauge("macro_cycle_disk_size_bytes", "Size of the disk that holds the home", found.total)


class DatabaseCollector:
    """The tables of each tenant, indexes and all."""

    name = "database"

    def __init__(self, engine: Engine, schemas: tuple[str, ...]) -> None:
        self._engine, self._schemas = engine, schemas

    def metrics(self) -> Iterator[Metric]:
        """Bytes by schema."""
        with self._engine.connect() as connection:
            sizes = connection.execute(text(SIZES), {"schemas": list(self._schemas)}).all()
        values = {(schema,): float(size) for schema, size in sizes}
        yield gauges("macro_cycle_database_size_bytes", "Tables and indexes of a tenant", ["schema"], values)
