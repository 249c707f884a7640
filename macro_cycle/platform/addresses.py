"""Where the services answer, and what each is asked to find out whether it does."""

from macro_cycle.platform.settings import Settings

MLFLOW, WEB_SERVER, MODEL_SERVER, EXPORTER = "mlflow", "dagster-webserver", "model-server", "exporter"
PAGE = "page"
PROMETHEUS, ALERTMANAGER = "prometheus", "alertmanager"
FEATURE_SERVER = "feature-server"
ON_REQUEST = (PROMETHEUS, ALERTMANAGER, FEATURE_SERVER)
"""What belongs to the stack once somebody has asked for it."""
DAEMON, CODE_SERVER, DATABASE = "dagster-daemon", "dagster-code", "postgres"
READY_PATHS = {
    MLFLOW: "/health",
    WEB_SERVER: "/server_info",
    MODEL_SERVER: "/v2/health/live",
    EXPORTER: "/-/healthy",
    PAGE: "/-/healthy",
    PROMETHEUS: "/-/ready",
    ALERTMANAGER: "/-/ready",
}


def address(settings: Settings, service: str) -> tuple[str, int]:
    """Host and port of a service that answers over HTTP."""
    addresses = {
        MLFLOW: (settings.mlflow.host, settings.mlflow.port),
        WEB_SERVER: (settings.dagster.host, settings.dagster.port),
        MODEL_SERVER: (settings.kserve.host, settings.kserve.port),
        EXPORTER: (settings.prometheus.host, settings.prometheus.exporter_port),
        PAGE: (settings.page.host, settings.page.port),
        PROMETHEUS: (settings.prometheus.host, settings.prometheus.port),
        ALERTMANAGER: (settings.prometheus.host, settings.prometheus.alertmanager_port),
    }
    return addresses[service]


def base_url(settings: Settings, service: str) -> str:
    """Where people and programs reach a service."""
    host, port = address(settings, service)
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def ready_url(settings: Settings, service: str) -> str:
    """What answers below 500 while the service is up."""
    return base_url(settings, service) + READY_PATHS[service]
