"""Starting the stack in order, looking at it, and ending it without leaving anything behind."""

import os
import socket
import time
from collections.abc import Callable, Collection, Sequence
from xmlrpc.client import Fault

import httpx
import psutil

from macro_cycle.errors import MacroCycleError
from macro_cycle.platform.settings import Settings
from macro_cycle.stack import applied
from macro_cycle.stack.orphans import end, orphans
from macro_cycle.stack.postgres import stop_embedded
from macro_cycle.stack.preparation import prepare_database
from macro_cycle.stack.services import KEEPER, Service, ServiceStatus, environment, services
from macro_cycle.stack.supervision import (
    log_file,
    process_states,
    program,
    start_supervisor,
    supervisor_api,
    supervisor_process,
)

READY_SECONDS = 120.0
STOP_SECONDS = 40.0
POLL_SECONDS = 0.2
LOG_LINES = 6

Progress = Callable[[str, str], None]


def up(
    settings: Settings, on_progress: Progress = lambda _name, _state: None, on_request: Collection[str] = ()
) -> list[ServiceStatus]:
    """Start what does not run yet and wait until everything answers; a running stack is left alone.

    Of the services that are started on request alone, those named in `on_request` are. `on_progress(service, state)`
    is told of each step.

    Raises:
        MacroCycleError: a port is taken, the database does not answer, or a service does not become ready.
    """
    known = services(settings)
    wanted = [service for service in known if not service.on_request or service.name in on_request]
    running = {name for name, info in process_states(settings).items() if info["statename"] == "RUNNING"}
    _refuse_taken_ports([service for service in wanted if service.name not in running])
    if supervisor_process(settings) is None:
        applied.keep(settings)
        on_progress("database", "starting")
        start_supervisor(settings, known, environment(settings))
    api = supervisor_api(settings)
    if settings.database_url is None and KEEPER not in running:
        _start(api, KEEPER)
    on_progress("database", "preparing")
    prepare_database(settings)
    for service in wanted:
        if service.name not in running and service.name != KEEPER:
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


def restart(settings: Settings, name: str) -> None:
    """End one service of the running stack and start it again; returns when it runs."""
    api = supervisor_api(settings)
    api.stopProcess(program(name), True)
    api.startProcess(program(name), True)


def status(settings: Settings) -> list[ServiceStatus]:
    """State of each service; `ready` means that it answers. One on request is left out until it was asked for."""
    states = process_states(settings)
    stopped = {"statename": "STOPPED"}
    return [
        _status(settings, service, states.get(service.name))
        for service in services(settings)
        if not service.on_request or states.get(service.name, stopped)["statename"] != "STOPPED"
    ]


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


def _wait_until_ready(settings: Settings, wanted: Sequence[Service], on_progress: Progress) -> None:
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
    if service.ready_path is None:
        return True
    try:
        return httpx.get(f"{service.address}{service.ready_path}", timeout=2).status_code < 500
    except httpx.HTTPError:
        return False


def _why_not_ready(settings: Settings, service: Service, state: str | None) -> str:
    log = log_file(settings, service.name)
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    last = next((line.strip() for line in reversed(lines[-LOG_LINES:]) if line.strip()), "nothing was logged")
    return f"{service.name} did not become ready ({(state or 'unknown').lower()}): {last}{os.linesep}see {log}"
