"""The processes of the stack: what each runs, where it answers and how to know that it does."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from macro_cycle.feature_store.placement import Placement
from macro_cycle.platform.settings import Settings
from macro_cycle.stack.postgres import database_url
from macro_cycle.stack.tracking import tracking_uri
from macro_cycle.warehouse.urls import DatabaseUrl

ROOT = Path(__file__).resolve().parents[2]
KEEPER = "postgres"
FEATURE_SERVER = "feature-server"


@dataclass(frozen=True)
class Service:
    """One supervised process. `ready_path` is fetched over HTTP until it answers below 500.

    One that is `on_request` belongs to the stack once somebody has asked for it.
    """

    name: str
    command: tuple[str, ...]
    host: str | None = None
    port: int | None = None
    port_setting: str | None = None
    ready_path: str | None = None
    on_request: bool = False

    @property
    def address(self) -> str | None:
        """Where people and programs reach it."""
        return f"http://{self.host}:{self.port}" if self.port else None


@dataclass(frozen=True)
class ServiceStatus:
    """What the supervisor and the service itself say."""

    name: str
    state: str
    pid: int | None
    address: str | None
    ready: bool
    log: Path


def services(settings: Settings) -> list[Service]:
    """The processes to run, the database's keeper first."""
    python, tools = sys.executable, Path(sys.executable).parent
    workspace = ("-w", str(ROOT / "workspace.yaml"))
    dagster, mlflow = settings.dagster, settings.mlflow
    keeper = Service(KEEPER, (python, "-m", "macro_cycle.stack.postgres"))
    rest = [
        Service(
            "mlflow",
            (
                *(python, "-m", "macro_cycle.stack.orphans", str(tools / "mlflow")),
                *("server", "--host", mlflow.host, "--port", str(mlflow.port), "--workers", "1"),
                *("--app-name", "macro-cycle"),
                *("--artifacts-destination", str(settings.home / "mlflow" / "artifacts")),
            ),
            host=mlflow.host,
            port=mlflow.port,
            port_setting="MACRO_CYCLE_MLFLOW__PORT",
            ready_path="/health",
        ),
        Service(
            "dagster-webserver",
            (
                *(str(tools / "dagster-webserver"), "-h", dagster.host, "-p", str(dagster.port)),
                *workspace,
            ),
            host=dagster.host,
            port=dagster.port,
            port_setting="MACRO_CYCLE_DAGSTER__PORT",
            ready_path="/server_info",
        ),
        Service("dagster-daemon", (str(tools / "dagster-daemon"), "run", *workspace)),
        Service(
            "model-server",
            (python, "-m", "macro_cycle.serving.server"),
            host=settings.kserve.host,
            port=settings.kserve.port,
            port_setting="MACRO_CYCLE_KSERVE__PORT",
            ready_path="/v2/health/live",
        ),
        Service(
            "exporter",
            (python, "-m", "macro_cycle.monitoring.exporter"),
            host=settings.prometheus.host,
            port=settings.prometheus.exporter_port,
            port_setting="MACRO_CYCLE_PROMETHEUS__EXPORTER_PORT",
            ready_path="/metrics",
        ),
        Service(
            FEATURE_SERVER,
            (
                *(python, "-m", "macro_cycle.feature_store.server", str(ROOT / ".ops" / ".feast" / "feast_repo")),
                *("--host", settings.feast.host, "--port", str(settings.feast.port)),
            ),
            host=settings.feast.host,
            port=settings.feast.port,
            port_setting="MACRO_CYCLE_FEAST__PORT",
            ready_path="/health",
            on_request=True,
        ),
    ]
    return rest if settings.database_url is not None else [keeper, *rest]


def dagster_home(settings: Settings) -> Path:
    """DAGSTER_HOME of the stack, with the repository's `dagster.yaml` in it."""
    home = settings.home / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    config, ours = home / "dagster.yaml", (ROOT / "dagster.yaml").read_text()
    if not config.exists() or config.read_text() != ours:
        config.write_text(ours)
    return home


def environment(settings: Settings) -> Mapping[str, str]:
    """What a process needs to know of the stack, Feast's command line included; credentials travel here alone."""
    url = DatabaseUrl(database_url(settings))
    return {
        "MACRO_CYCLE_HOME": str(settings.home),
        "DAGSTER_HOME": str(dagster_home(settings)),
        "DAGSTER_EVENT_BATCH_SIZE": "50",
        "DAGSTER_AUTOMATION_TICK_SETTLE_SECONDS": "1",  # each event counts in exactly one evaluation, however slow
        "MLFLOW_TRACKING_URI": tracking_uri(settings),
        "MLFLOW_BACKEND_STORE_URI": url.sqlalchemy("psycopg2", schema="mlflow"),
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        **Placement.of(settings.feast, database_url(settings)).environment(),
        "FEAST_USAGE": "False",
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": "ignore",
    }
