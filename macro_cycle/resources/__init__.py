"""What assets and commands work with: one injected `Platform`, and the IO manager of records.

Free of credentials where Dagster shows it (they stay in the settings); heavy clients are imported inside methods.
"""
