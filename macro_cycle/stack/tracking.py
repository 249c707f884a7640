"""Where MLflow's tracking data are."""

from macro_cycle.platform.settings import Settings
from macro_cycle.stack.postgres import database_url
from macro_cycle.warehouse.urls import DatabaseUrl


def tracking_uri(settings: Settings) -> str:
    """The tracking URI of the settings, else straight to the schema `mlflow` of the platform's database."""
    if settings.mlflow.tracking_uri:
        return settings.mlflow.tracking_uri
    return DatabaseUrl(database_url(settings)).sqlalchemy("psycopg2", schema="mlflow")
