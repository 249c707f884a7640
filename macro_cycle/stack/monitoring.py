"""Prometheus and Alertmanager as services of the stack, under the addresses of the settings and behind a password.

Neither looks at the page that asks: Alertmanager lets any silence its alerts. So both want the password that is made
here and kept in `home/monitoring/password`; it is the platform's to know, and that of who may read the home.
"""

import os
import secrets
import shutil
from pathlib import Path
from typing import Any

import yaml

from macro_cycle.errors import MacroCycleError
from macro_cycle.platform.addresses import ALERTMANAGER, EXPORTER, MODEL_SERVER, PROMETHEUS, READY_PATHS, address
from macro_cycle.platform.settings import Settings
from macro_cycle.stack.service import Service

SHIPPED = Path(__file__).resolve().parents[1] / "monitoring" / "prometheus"
PROGRAMS = {PROMETHEUS: ("prometheus",), ALERTMANAGER: ("prometheus-alertmanager", "alertmanager")}
USER = "macro-cycle"
HASH_ROUNDS = 10
RETENTION = "90d"


def monitoring_services(settings: Settings) -> list[Service]:
    """Those of the two that are installed."""
    folder = _folder(settings)
    options = {
        PROMETHEUS: (
            *(f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/prometheus"),
            *(f"--storage.tsdb.retention.time={RETENTION}", "--web.cors.origin=none"),
        ),
        ALERTMANAGER: (
            *(f"--config.file={folder}/alertmanager.yml", f"--storage.path={folder}/alertmanager"),
            "--cluster.listen-address=",
        ),
    }
    return [
        _service(settings, name, (program, *options[name]))
        for name, program in ((name, _installed(name)) for name in PROGRAMS)
        if program is not None
    ]


def prepare_monitoring(settings: Settings) -> None:
    """Write the configuration of both.

    Raises:
        MacroCycleError: neither is installed.
    """
    if not any(_installed(name) for name in PROGRAMS):
        raise MacroCycleError(
            "neither Prometheus nor Alertmanager is installed; on Debian: apt-get install prometheus "
            "prometheus-alertmanager"
        )
    folder = _folder(settings)
    folder.mkdir(parents=True, exist_ok=True)
    web = {"basic_auth_users": {USER: _hash(password(settings))}}
    _write(folder / "web.yml", yaml.safe_dump(web))
    for name in ("rules.yml", "alerts.yml"):
        _write(folder / name, (SHIPPED / name).read_text("utf-8"))
    _write(folder / "prometheus.yml", yaml.safe_dump(_prometheus(settings), sort_keys=False))
    _write(folder / "alertmanager.yml", yaml.safe_dump(_alertmanager(settings), sort_keys=False))


def alertmanager_url(settings: Settings) -> str:
    """Alertmanager's address, with the password in it."""
    host, port = address(settings, ALERTMANAGER)
    return f"http://{USER}:{password(settings)}@{host}:{port}"


def password(settings: Settings) -> str:
    """The password of both, made when it is first wanted."""
    file = password_file(settings)
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        _write(file, secrets.token_urlsafe(24))
    return file.read_text("utf-8")


def password_file(settings: Settings) -> Path:
    """Where the password is kept."""
    return _folder(settings) / "password"


def _folder(settings: Settings) -> Path:
    return settings.home / "monitoring"


def _installed(name: str) -> str | None:
    return next(filter(None, map(shutil.which, PROGRAMS[name])), None)


def _service(settings: Settings, name: str, command: tuple[str, ...]) -> Service:
    host, port = address(settings, name)
    web = (f"--web.listen-address={host}:{port}", f"--web.config.file={_folder(settings)}/web.yml")
    setting = {PROMETHEUS: "PORT", ALERTMANAGER: "ALERTMANAGER_PORT"}[name]
    return Service(
        name,
        (*command, *web),
        host=host,
        port=port,
        port_setting=f"MACRO_CYCLE_PROMETHEUS__{setting}",
        ready_path=READY_PATHS[name],
    )


def _prometheus(settings: Settings) -> dict[str, Any]:
    config = yaml.safe_load((SHIPPED / "prometheus.yml").read_text("utf-8"))
    targets = {"macro-cycle": EXPORTER, "model-server": MODEL_SERVER, ALERTMANAGER: ALERTMANAGER}
    login = {"basic_auth": {"username": USER, "password_file": str(password_file(settings))}}
    for job in config["scrape_configs"]:
        service = targets[job["job_name"]]
        job["static_configs"] = [{"targets": [_target(settings, service)]}]
        job |= login if service == ALERTMANAGER else {}
    told = [{"static_configs": [{"targets": [_target(settings, ALERTMANAGER)]}], **login}]
    return {**config, "alerting": {"alertmanagers": told}}


def _alertmanager(settings: Settings) -> dict[str, Any]:
    config = yaml.safe_load((SHIPPED / "alertmanager.yml").read_text("utf-8"))
    webhook = settings.notifications.webhook_url
    if webhook is not None:
        file = _folder(settings) / "webhook"
        _write(file, webhook.get_secret_value())
        config["receivers"][0]["slack_configs"] = [{"api_url_file": str(file), "send_resolved": True}]
    return config


def _target(settings: Settings, service: str) -> str:
    host, port = address(settings, service)
    return f"{host}:{port}"


def _hash(text: str) -> str:
    import bcrypt

    return bcrypt.hashpw(text.encode(), bcrypt.gensalt(HASH_ROUNDS)).decode()


def _write(file: Path, text: str) -> None:
    """Write for this user's eyes alone."""
    with open(file, "w", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)) as opened:
        opened.write(text)
