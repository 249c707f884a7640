"""Runs migrations on the connection that `Warehouse.migrate` hands over."""

from alembic import context

from macro_cycle.warehouse.tables import SCHEMA, metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, version_table_schema=SCHEMA
)
with context.begin_transaction():
    context.run_migrations()
