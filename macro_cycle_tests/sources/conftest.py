"""Sources are judged by what the warehouse says after their facts were merged into it."""

from macro_cycle_tests.warehouse.conftest import migrated_template, warehouse

__all__ = ["migrated_template", "warehouse"]
