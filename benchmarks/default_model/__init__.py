"""How well the default model dates the cycle: calls, phases, declarations, forecasts, bands, faults and rivals."""

from pathlib import Path

from benchmarks.figures import Figure


def measure(vintages: Path | None = None) -> list[Figure]:
    """As `suite.measure`, loaded here since it needs `benchmarks.declared`, which needs modules of this package."""
    from benchmarks.default_model import suite

    return suite.measure(vintages)
