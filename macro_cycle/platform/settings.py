"""Every setting with its default: environment first, then `.env`, then `config.yaml`.

A section's setting is named `MACRO_CYCLE_<SECTION>__<KEY>` in the environment; the few that other systems
rely on also have the short names of `SHORT_NAMES`. An unknown key is an error in all three places.
"""

import difflib
import io
import os
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from dotenv.parser import parse_stream
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings.exceptions import SettingsError

from macro_cycle.errors import MacroCycleError
from macro_cycle.platform.yaml_files import read_utf8, read_yaml

PREFIX = "MACRO_CYCLE_"
DOT_ENV, CONFIG = Path(".env"), Path("config.yaml")
SHORT_NAMES = {
    "SOURCE": ("data", "source"),
    "SOURCE_PATH": ("data", "source_path"),
    "FRED_API_KEY": ("data", "fred_api_key"),
    "FRED_BASE_URL": ("data", "fred_base_url"),
    "MLFLOW_TRACKING_URI": ("mlflow", "tracking_uri"),
    "DASK_ADDRESS": ("dask", "address"),
}

SourceName = Literal["sample", "fred_api", "fred_postgres", "fred_md", "alfred_file"]


class Section(BaseModel):
    """A section of config.yaml; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DataSettings(Section):
    """Where observations come from."""

    source: SourceName = Field(default="sample", description="where observations come from")
    source_path: str | None = Field(default=None, description="folder, file or database URL of the source", repr=False)
    source_schema: str = Field(default="public", description="schema of a FRED PostgreSQL mirror")
    fred_api_key: SecretStr | None = Field(default=None, description="your own key for `fred_api`")
    fred_base_url: str = Field(
        default="https://api.stlouisfed.org/fred", description="another server that speaks FRED's protocol"
    )
    catalog_path: Path | None = Field(default=None, description="file that overrides or extends the catalogue")
    panel_path: str | None = Field(default=None, description="folder or object store of the panels")
    first_partition: date | None = Field(default=None, description="the first as-of month (default: the cycle's)")


class ModelSettings(Section):
    """What stands here goes before what the cycles' definitions say of their models (default: as they say)."""

    n_regimes: int | None = Field(default=None, ge=2, le=4, description="regimes of the model")
    covariance_type: Literal["full", "diag", "tied", "tied_diag"] | None = Field(
        default=None, description="how a month's features vary inside a regime"
    )
    emission: Literal["gaussian", "student_t"] | None = Field(
        default=None, description="distribution of a feature inside a regime"
    )
    n_restarts: int | None = Field(default=None, ge=1, le=1000, description="starts of the search for the estimate")
    max_iter: int | None = Field(default=None, ge=1, description="the most iterations of a start")
    tol: float | None = Field(
        default=None, gt=0, description="rise of the objective per month below which iterations end"
    )
    seed: int | None = Field(default=None, ge=0, description="of the starts")


class MlflowSettings(Section):
    """Experiment tracking and the model registry."""

    tracking_uri: str | None = Field(
        default=None, description="default: straight to the platform's database", repr=False
    )
    experiment: str = Field(default="macro_cycle", description="experiment of the trained months")
    registered_model: str = Field(default="macro-cycle-hmm", description="name of the registered model")
    host: str = Field(default="127.0.0.1", description="address it listens on")
    port: int = Field(default=55000, ge=1, le=65535, description="its port")


class FeastSettings(Section):
    """The feature store."""

    project: str = Field(default="macro_cycle", description="name of the project in Feast's registry")
    economy: str | None = Field(default=None, description="entity of the cycle us (default: as its definition says)")
    redis: SecretStr | None = Field(default=None, description="online store in Redis: host:port,parameter=value")
    parquet_path: Path | None = Field(default=None, description="folder of Parquet copies, which DuckDB then reads")
    host: str = Field(default="127.0.0.1", description="address the feature server listens on")
    port: int = Field(default=6566, ge=1, le=65535, description="the feature server's")


class KserveSettings(Section):
    """The model server."""

    model_name: str = Field(default="macro-cycle-hmm", description="the endpoint's name")
    cycle: str | None = Field(
        default=None, description="serve the model of this cycle alone, by model_name as it stands: for a pod"
    )
    host: str = Field(default="127.0.0.1", description="address it listens on")
    port: int = Field(default=8080, ge=1, le=65535, description="its port")
    grpc_port: int = Field(default=8081, ge=1, le=65535, description="port of gRPC")
    max_body_bytes: int = Field(default=4_000_000, ge=1000, le=64_000_000, description="the largest body of a request")
    body_seconds: float = Field(default=10, gt=0, description="the longest a request's body may take to come")
    answer_seconds: float = Field(default=10, gt=0, description="the longest an answer may take")
    standby: bool = Field(default=True, description="a second worker, ready to take over; not where replicas do that")
    patience_seconds: float = Field(default=20, ge=0, description="how long a deployment waits for the server")
    deployer: Literal["local", "kubernetes"] = Field(default="local", description="where models are deployed to")
    namespace: str = Field(default="macro-cycle", description="namespace of the InferenceService")
    deployment_mode: Literal["Standard", "Knative"] = Field(
        default="Standard", description="KServe's mode on a cluster"
    )
    artifact_mounts: dict[str, str] = Field(
        default_factory=dict,
        description="MLflow's artifact prefixes to what the cluster reads, as file:///x to pvc://x",
    )
    prometheus_url: str | None = Field(default=None, description="Prometheus that a canary's traffic is judged by")


class PrometheusSettings(Section):
    """The metrics exporter, Prometheus and Alertmanager."""

    host: str = Field(default="127.0.0.1", description="address they listen on")
    exporter_port: int = Field(default=8000, ge=1, le=65535, description="the exporter's port")
    port: int = Field(default=9090, ge=1, le=65535, description="Prometheus' port")
    alertmanager_port: int = Field(default=9093, ge=1, le=65535, description="Alertmanager's port")


class PageSettings(Section):
    """The page for people who have no Dagster."""

    host: str = Field(default="127.0.0.1", description="address it listens on")
    port: int = Field(default=8050, ge=1, le=65535, description="its port")


class DagsterSettings(Section):
    """The orchestrator's web server and sensors."""

    host: str = Field(default="127.0.0.1", description="address it listens on")
    port: int = Field(default=3000, ge=1, le=65535, description="its port")
    poll_seconds: int = Field(default=30, ge=1, description="how often the sensors look")
    executor: Literal["in_process", "kubernetes"] = Field(default="in_process", description="where steps run")
    keep_days: int = Field(default=90, ge=1, description="how long it is kept how steps worked and what they printed")


class DaskSettings(Section):
    """A Dask cluster for comparisons of configurations."""

    address: str | None = Field(default=None, description="the scheduler's, as tcp://host:8786", pattern=r"^[a-z]+://")


class NotificationSettings(Section):
    """Where people are told; an address may hold a token, so it never shows."""

    webhook_url: SecretStr | None = Field(default=None, description="a Slack-compatible incoming webhook")
    alertmanager_url: SecretStr | None = Field(default=None, description="base address of Alertmanager")
    smtp_host: str | None = Field(default=None, description="mail server; with it, notices are sent by e-mail")
    smtp_port: int = Field(default=587, ge=1, le=65535, description="the mail server's port")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="`none` sends a password to this machine alone"
    )
    smtp_user: str | None = Field(default=None, description="login at the mail server")
    smtp_password: SecretStr | None = Field(default=None, description="its password")
    smtp_password_file: Path | None = Field(default=None, description="file that holds the password")
    email_from: str | None = Field(default=None, description="from whom")
    email_to: str = Field(default="", description="addresses, with commas between")

    @property
    def recipients(self) -> list[str]:
        """Whom e-mail goes to."""
        return [address for address in map(str.strip, self.email_to.split(",")) if address]


class AlertSettings(Section):
    """Alerts of one's own."""

    path: Path | None = Field(default=None, description="YAML file of the rules")


class PublishSettings(Section):
    """The published record: what was said, in files that a stranger can check."""

    path: Path | None = Field(default=None, description="folder of the record; default: published, in the home")
    git: bool = Field(default=False, description="commit each entry to the git repository that the folder lies in")
    timestamp_url: SecretStr | None = Field(default=None, description="authority for time stamps by RFC 3161")


class Settings(BaseSettings):
    """All settings of the platform; frozen once read."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
    )

    home: Path = Field(default=Path(".macro_cycle"), description="state of the embedded stack")
    database_url: SecretStr | None = Field(default=None, description="replaces the embedded PostgreSQL")
    today_file: Path | None = Field(default=None, description="file with the day to take for today, for rehearsals")
    promotion: Literal["gate", "manual"] = Field(
        default="gate", description="manual: a model that passes the gate waits until a person promotes it"
    )
    cycles_path: Path | None = Field(default=None, description="folder of definitions of your own cycles")
    cycles: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="codes of the cycles to run, with commas between (default: all)"
    )
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="names, with commas between, by which the services may be called beside localhost"
    )
    data: DataSettings = DataSettings()
    model: ModelSettings = ModelSettings()
    mlflow: MlflowSettings = MlflowSettings()
    feast: FeastSettings = FeastSettings()
    kserve: KserveSettings = KserveSettings()
    prometheus: PrometheusSettings = PrometheusSettings()
    page: PageSettings = PageSettings()
    dagster: DagsterSettings = DagsterSettings()
    notifications: NotificationSettings = NotificationSettings()
    alerts: AlertSettings = AlertSettings()
    publish: PublishSettings = PublishSettings()
    dask: DaskSettings = DaskSettings()

    @field_validator("home")
    @classmethod
    def _absolute(cls, home: Path) -> Path:
        return home.expanduser().resolve()

    @field_validator("allowed_hosts", "cycles", mode="before")
    @classmethod
    def _names(cls, names: Any) -> Any:
        return tuple(filter(None, map(str.strip, names.split(",")))) if isinstance(names, str) else names

    @property
    def panel_path(self) -> str:
        """Where the panels lie: a local folder under `home` unless set."""
        return self.data.panel_path or str(self.home / "panels")

    @property
    def published_path(self) -> Path:
        """Folder of the published record."""
        return self.publish.path.expanduser().resolve() if self.publish.path else self.home / "published"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment over `.env` over `config.yaml`."""
        return (
            init_settings,
            _Environment(settings_cls),
            _DotEnv(settings_cls, env_file=DOT_ENV, env_file_encoding="utf-8-sig"),
            InitSettingsSource(settings_cls, _read_yaml(CONFIG)),
        )


class _Environment(EnvSettingsSource):
    """The process environment with short names spelled out and unknown names refused."""

    def _load_env_vars(self) -> dict[str, str | None]:
        return _spelled_out(dict(os.environ), "the environment")


class _DotEnv(DotEnvSettingsSource):
    """`.env`, read like the environment."""

    def _load_env_vars(self) -> dict[str, str | None]:
        _refuse_unreadable(DOT_ENV)
        return _spelled_out(dict(self._read_env_files()), str(DOT_ENV))


def _refuse_unreadable(path: Path) -> None:
    """Raise if the file has a line that would be passed over."""
    if not path.is_file():
        return
    for statement in parse_stream(io.StringIO(read_utf8(path))):
        if statement.error:
            raise MacroCycleError(f"{path}, line {statement.original.line}, cannot be read; write NAME=value")


def _spelled_out(variables: dict[str, str | None], where: str) -> dict[str, str | None]:
    """Lower-case names of this project's variables, short names replaced by `section__key`."""
    ours = {n.upper(): v for n, v in variables.items() if n.upper().startswith(PREFIX)}
    known = {PREFIX + name: PREFIX + "__".join(path).upper() for name, path in SHORT_NAMES.items()}
    known |= {name: name for name in _full_names()}
    for name in ours:
        if name not in known:
            raise MacroCycleError(f"unknown setting {name} in {where}{_did_you_mean(name, known)}")
    return {known[name].lower(): value for name, value in ours.items() if value != ""}


def _full_names() -> set[str]:
    names: set[str] = set()
    for name, field in Settings.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, Section):
            names |= {f"{PREFIX}{name}__{key}".upper() for key in section.model_fields}
        else:
            names.add(f"{PREFIX}{name}".upper())
    return names


def _did_you_mean(name: str, known: dict[str, str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]}?" if close else "; see the table of settings in README.md"


def _read_yaml(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    content = read_yaml(path) or {}
    if not isinstance(content, dict) or not all(isinstance(name, str) for name in content):
        raise MacroCycleError(f"{path} must hold sections such as `data:` and `model:`")
    return content


def read_settings(**overrides: Any) -> Settings:
    """The settings as they are now in the environment, `.env` and `config.yaml` of the working directory.

    A program reads them once, at its start, and hands them on.

    Raises:
        MacroCycleError: an unknown key or an invalid value, named in one line.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise MacroCycleError(f"setting {key}: {first['msg'].lower()}") from None
    except SettingsError as error:
        raise MacroCycleError(f"settings: {error}") from None
