"""Dagster resources: how an asset reaches the warehouse, the panels, MLflow, Feast and the model server.

Thin and free of credentials (they stay in settings); heavy clients are imported inside methods.
"""
