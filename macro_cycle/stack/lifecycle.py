"""Starting the stack in order, looking at it, and ending it without leaving anything behind."""

import os
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from xmlrpc.client import Fault

import httpx
import psutil

from macro_cycle.errors import MacroCycleError
from macro_cycle.platform.settings import Settings
from macro_cycle.platform.sockets import is_listened_at
from macro_cycle.stack import applied
from macro_cycle.stack.monitoring import monitoring_services, prepare_monitoring
from macro_cycle.stack.orphans import end, orphans
from macro_cycle.stack.postgres import stop_embedded
from macro_cycle.stack.preparation import prepare_database
from macro_cycle.stack.service import Service, ServiceStatus
from macro_cycle.stack.services import KEEPER, service_environment, services
from macro_cycle.stack.services import feature_server as feature_service
from macro_cycle.stack.supervision import (
    log_file,
    process_states,
    program,
    start_supervisor,
    supervisor_api,
    supervisor_process,
)

READY_SECONDS = 300.0  # a busy machine takes minutes; a service that gives up is named at once
STOP_SECONDS = 40.0
POLL_SECONDS = 0.2
ANSWER_SECONDS = 5.0
LOG_LINES = 6

Progress = Callable[[str, str], None]


def up(
    settings: Settings,
    on_progress: Progress = lambda _name, _state: None,
    *,
    monitoring: bool = False,
    feature_server: bool = False,
) -> list[ServiceStatus]:
    """Start what does not run yet and wait until everything answers; a running stack is left alone.

    `on_progress(service, state)` is told of each step. With `monitoring`, Prometheus and Alertmanager start too, with
    `feature_server` Feast's.

    Raises:
        MacroCycleError: a port is taken, the database does not answer, a service does not become ready, or neither
            Prometheus nor Alertmanager is installed.
    """
    keep_private(settings.home)
    if monitoring:
        prepare_monitoring(settings)
    asked_for = [
        *(monitoring_services(settings) if monitoring else ()),
        *([feature_service(settings)] if feature_server else ()),
    ]
    wanted = [*services(settings), *asked_for]
    running = {name for name, info in process_states(settings).items() if info["statename"] == "RUNNING"}
    _refuse_taken_ports([service for service in wanted if service.name not in running])
    if supervisor_process(settings) is None:
        applied.keep(settings)
        on_progress("database", "starting")
        start_supervisor(settings, services(settings), _optional(settings), service_environment(settings, monitoring))
    api = supervisor_api(settings)
    if settings.database_url is None and KEEPER not in running:
        _start(api, KEEPER)
    on_progress("database", "preparing")
    prepare_database(settings)
    keep_private(settings.home)
    missing = [service for service in wanted if service.name not in running and service.name != KEEPER]
    for service in sorted(missing, key=lambda each: each.after is not None):
        if service.after is not None:
            _wait_until_ready(settings, [each for each in wanted if each.name == service.after])
        on_progress(service.name, "starting")
        _start(api, service.name)
    _wait_until_ready(settings, wanted, on_progress)
    return status(settings)


def down(settings: Settings) -> bool:
    """End every process of the stack, descendants included; whether there was anything to end."""
    supervisor = supervisor_process(settings)
    if supervisor is None:
        stop_embedded(settings)
        end(orphans(settings.home))
        return False
    family = [supervisor, *supervisor.children(recursive=True)]
    supervisor.terminate()
    _, alive = psutil.wait_procs(family, timeout=STOP_SECONDS)
    stop_embedded(settings)
    end([*alive, *orphans(settings.home)])
    return True


def restart(settings: Settings, *names: str) -> None:
    """End services of the running stack and start them again one after the other; returns when they answer."""
    api = supervisor_api(settings)
    for name in reversed(names):
        api.stopProcess(program(name), True)
    for name in names:
        api.startProcess(program(name), True)
        _wait_until_ready(settings, [service for service in services(settings) if service.name == name])


def status(settings: Settings) -> list[ServiceStatus]:
    """State of each service; `ready` means that it answers. One on request is left out until it was asked for."""
    states = process_states(settings)
    started = [each for each in _optional(settings) if _was_started(states.get(each.name))]
    return [_status(settings, each, states.get(each.name)) for each in (*services(settings), *started)]


def _optional(settings: Settings) -> list[Service]:
    """What belongs to the stack once somebody has asked for it."""
    return [*monitoring_services(settings), feature_service(settings)]


def keep_private(home: Path) -> None:
    """Make the home, if need be, and keep everybody but its owner out of it and of its logs.

    Where root runs the stack, PostgreSQL runs as another user, who must pass through the home to its own folder.
    """
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o711 if os.geteuid() == 0 else 0o700)
    for path in home.iterdir():
        if path.name != KEEPER and not path.is_symlink():
            _make_private(path)
    for log in (home / "logs").glob("*"):
        _make_private(log)


def _make_private(path: Path) -> None:
    with suppress(FileNotFoundError):  # another process has just removed it
        path.chmod(0o700 if path.is_dir() else 0o600)


def _was_started(info: dict | None) -> bool:
    return info is not None and info["statename"] != "STOPPED"


def _status(settings: Settings, service: Service, info: dict | None) -> ServiceStatus:
    state = info["statename"] if info else "STOPPED"
    return ServiceStatus(
        name=service.name,
        state=state.lower(),
        pid=info["pid"] or None if info else None,
        address=service.address,
        ready=state == "RUNNING" and _answers(service),
        log=log_file(settings, service.name),
    )


def _start(api, name: str) -> None:  # type: ignore[no-untyped-def]
    try:
        api.startProcess(program(name), False)
    except Fault as fault:
        if "ALREADY_STARTED" not in fault.faultString:
            raise MacroCycleError(f"{name} was not started: {fault.faultString}") from None


def _refuse_taken_ports(wanted: Sequence[Service]) -> None:
    for service in wanted:
        if service.port is None or service.host is None:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((service.host, service.port))
            except OSError:
                raise MacroCycleError(
                    f"port {service.port} for {service.name} is taken by another program; "
                    f"end it or set {service.port_setting} to a free port"
                ) from None


def _wait_until_ready(
    settings: Settings, wanted: Sequence[Service], on_progress: Progress = lambda _name, _state: None
) -> None:
    deadline, waiting = time.monotonic() + READY_SECONDS, list(wanted)
    while waiting:
        states = process_states(settings)
        for service in list(waiting):
            state = states.get(service.name, {}).get("statename")
            if state == "FATAL" or time.monotonic() > deadline:
                raise MacroCycleError(_why_not_ready(settings, service, state))
            if state == "RUNNING" and _answers(service):
                on_progress(service.name, "ready")
                waiting.remove(service)
        time.sleep(POLL_SECONDS)


def _answers(service: Service) -> bool:
    if service.listens_at is not None:
        return is_listened_at(str(service.listens_at))
    if service.ready_path is None:
        return True
    try:
        return httpx.get(f"{service.address}{service.ready_path}", timeout=ANSWER_SECONDS).status_code < 500
    except httpx.HTTPError:
        return False


def _why_not_ready(settings: Settings, service: Service, state: str | None) -> str:
    log = log_file(settings, service.name)
    lines = log.read_text("utf-8", errors="replace").splitlines() if log.exists() else []
    last = next((line.strip() for line in reversed(lines[-LOG_LINES:]) if line.strip()), "nothing was logged")
    return f"{service.name} did not become ready ({(state or 'unknown').lower()}): {last}{os.linesep}see {log}"
