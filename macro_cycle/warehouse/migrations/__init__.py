"""Alembic migrations of the schema `warehouse`, run by `Warehouse.migrate`."""
