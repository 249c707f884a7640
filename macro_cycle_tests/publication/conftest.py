from macro_cycle_tests.cli.conftest import told

__all__ = ["told"]
