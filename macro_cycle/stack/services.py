"""The processes of the stack: what each runs, where it answers and how to know that it does."""

import sys
from collections.abc import Mapping
from pathlib import Path

from macro_cycle.feature_store.placement import Placement
from macro_cycle.platform.addresses import (
    CODE_SERVER,
    DAEMON,
    DATABASE,
    EXPORTER,
    FEATURE_SERVER,
    MLFLOW,
    MODEL_SERVER,
    PAGE,
    READY_PATHS,
    WEB_SERVER,
)
from macro_cycle.platform.environment import settings_environment
from macro_cycle.platform.settings import Settings
from macro_cycle.platform.sockets import CODE_SOCKET, socket_path
from macro_cycle.stack.launch import EVERYTHING
from macro_cycle.stack.monitoring import alertmanager_url
from macro_cycle.stack.postgres import database_url
from macro_cycle.stack.service import Service
from macro_cycle.stack.tracking import tracking_uri
from macro_cycle.warehouse.urls import DatabaseUrl

PACKAGE = Path(__file__).resolve().parents[1]
DAGSTER_CONFIG, WORKSPACE = PACKAGE / "stack" / "dagster.yaml", PACKAGE / "stack" / "workspace.yaml"
FEAST_REPO = PACKAGE / "feature_store" / "feast_repo"
KEEPER = DATABASE


def services(settings: Settings) -> list[Service]:
    """The processes to run, the database's keeper first."""
    python, tools = sys.executable, Path(sys.executable).parent
    workspace = ("-w", str(WORKSPACE))
    dagster, mlflow = settings.dagster, settings.mlflow
    keeper = Service(KEEPER, (python, "-m", "macro_cycle.stack.postgres"))
    rest = [
        Service(
            MLFLOW,
            (
                *(python, "-m", "macro_cycle.stack.orphans", str(tools / "mlflow")),
                *("server", "--host", mlflow.host, "--port", str(mlflow.port), "--workers", "1"),
                *("--app-name", "macro-cycle"),
                *("--artifacts-destination", str(settings.home / "mlflow" / "artifacts")),
            ),
            host=mlflow.host,
            port=mlflow.port,
            port_setting="MACRO_CYCLE_MLFLOW__PORT",
            ready_path=READY_PATHS[MLFLOW],
            needs=("MLFLOW_BACKEND_STORE_URI",),
        ),
        Service(
            CODE_SERVER,
            (python, "-m", "macro_cycle.stack.code_server"),
            listens_at=code_socket(settings),
            needs=(EVERYTHING,),  # the graph's runs start here
        ),
        Service(
            WEB_SERVER,
            (python, "-m", "macro_cycle.stack.webserver", *workspace),
            host=dagster.host,
            port=dagster.port,
            port_setting="MACRO_CYCLE_DAGSTER__PORT",
            ready_path=READY_PATHS[WEB_SERVER],
            needs=("MACRO_CYCLE_DATABASE_URL",),
            after=CODE_SERVER,
        ),
        Service(
            DAEMON,
            (str(tools / "dagster-daemon"), "run", *workspace),
            needs=("MACRO_CYCLE_DATABASE_URL",),
            after=CODE_SERVER,
        ),
        Service(
            MODEL_SERVER,
            (python, "-m", "macro_cycle.serving.server"),
            host=settings.kserve.host,
            port=settings.kserve.port,
            port_setting="MACRO_CYCLE_KSERVE__PORT",
            ready_path=READY_PATHS[MODEL_SERVER],
            needs=("MACRO_CYCLE_DATABASE_URL", "MACRO_CYCLE_FEAST__REDIS"),  # it reads the feature store
        ),
        Service(
            EXPORTER,
            (python, "-m", "macro_cycle.monitoring.exporter"),
            host=settings.prometheus.host,
            port=settings.prometheus.exporter_port,
            port_setting="MACRO_CYCLE_PROMETHEUS__EXPORTER_PORT",
            ready_path=READY_PATHS[EXPORTER],
            needs=("MACRO_CYCLE_DATABASE_URL",),
        ),
        Service(
            PAGE,
            (python, "-m", "macro_cycle.page.server"),
            host=settings.page.host,
            port=settings.page.port,
            port_setting="MACRO_CYCLE_PAGE__PORT",
            ready_path=READY_PATHS[PAGE],
            needs=("MACRO_CYCLE_DATABASE_URL",),
        ),
    ]
    return rest if settings.database_url is not None else [keeper, *rest]


def feature_server(settings: Settings) -> Service:
    """Feast's app cut down to reads; it belongs to the stack once somebody has asked for it."""
    command = (sys.executable, "-m", "macro_cycle.feature_store.server", str(FEAST_REPO))
    return Service(
        FEATURE_SERVER,
        (*command, "--host", settings.feast.host, "--port", str(settings.feast.port)),
        host=settings.feast.host,
        port=settings.feast.port,
        port_setting="MACRO_CYCLE_FEAST__PORT",
        ready_path="/health",
        needs=("MACRO_CYCLE_DATABASE_URL", "MACRO_CYCLE_FEAST__REDIS", "FEAST_*"),
    )


def code_socket(settings: Settings) -> Path:
    """Where the code server listens."""
    return socket_path(settings.home, "code")


def dagster_home(settings: Settings) -> Path:
    """DAGSTER_HOME of the stack, with the package's `dagster.yaml` in it."""
    home = settings.home / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    config, ours = home / "dagster.yaml", DAGSTER_CONFIG.read_text("utf-8")
    if not config.exists() or config.read_text("utf-8") != ours:
        config.write_text(ours, "utf-8")
    return home


def service_environment(settings: Settings, monitoring: bool = False) -> Mapping[str, str]:
    """What the supervisor hands to the services, each of which is given the secrets that it needs and no other.

    The settings are those of this process, wherever it read them: a service reads no `.env` and no `config.yaml`.
    """
    ours = {**settings_environment(settings), "MACRO_CYCLE_DATABASE_URL": database_url(settings)}
    if monitoring and settings.notifications.alertmanager_url is None:
        ours["MACRO_CYCLE_NOTIFICATIONS__ALERTMANAGER_URL"] = alertmanager_url(settings)
    hosts = (
        {"MLFLOW_SERVER_ALLOWED_HOSTS": "*"} if settings.allowed_hosts else {}
    )  # those names reach it; we check them
    return {**ours, **environment(settings), **hosts}


def environment(settings: Settings) -> Mapping[str, str]:
    """What a process needs to know of the stack, Feast's command line included; credentials travel here alone."""
    url = DatabaseUrl(database_url(settings))
    return {
        "MACRO_CYCLE_HOME": str(settings.home),
        "DAGSTER_HOME": str(dagster_home(settings)),
        CODE_SOCKET: str(code_socket(settings)),
        "DAGSTER_EVENT_BATCH_SIZE": "50",
        "DAGSTER_AUTOMATION_TICK_SETTLE_SECONDS": "1",  # each event counts in exactly one evaluation, however slow
        "MLFLOW_TRACKING_URI": tracking_uri(settings),
        "MLFLOW_BACKEND_STORE_URI": url.sqlalchemy("psycopg2", schema="mlflow"),
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        **Placement.of(settings.feast, database_url(settings)).environment(),
        "FEAST_REPO": str(FEAST_REPO),
        "FEAST_USAGE": "False",
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": "ignore",
    }
