"""supervisord as the keeper of the processes: its configuration, and calls to it over its socket."""

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from http.client import HTTPException
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault, ServerProxy

import psutil

from macro_cycle.platform.addresses import ON_REQUEST
from macro_cycle.platform.settings import PREFIX, Settings
from macro_cycle.platform.sockets import socket_path
from macro_cycle.stack.service import Service
from macro_cycle.stack.services import KEEPER

LAUNCH = Path(__file__).with_name("launch.py")

PROGRAM = """
[program:{name}]
command={command}
directory={folder}
autostart=false
autorestart=true
startsecs=1
startretries=5
stopasgroup=true
killasgroup=true
stopwaitsecs=20
redirect_stderr=true
stdout_logfile={log}
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=1
priority={priority}
"""

GROUP = """
[group:{group}]
programs={names}
"""

SUPERVISOR = """
[unix_http_server]
file={socket}
chmod=0700

[supervisord]
logfile={home}/logs/supervisord.log
pidfile={home}/supervisord.pid
childlogdir={home}/logs
identifier=macro_cycle
umask=077

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
"""


def log_file(settings: Settings, name: str) -> Path:
    """Where a process writes."""
    return settings.home / "logs" / f"{name}.log"


def start_supervisor(
    settings: Settings, services: Sequence[Service], optional: Sequence[Service], environment: Mapping[str, str]
) -> None:
    """Start supervisord in the background; its programs wait to be started one by one.

    They run in the home, and find the settings in `environment` alone, not in the folder or variables of this process.
    """
    settings.home.joinpath("logs").mkdir(parents=True, exist_ok=True)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    config = settings.home / "supervisord.conf"
    config.write_text(_config(settings, services, optional), "utf-8")
    subprocess.run(
        [sys.executable, "-m", "supervisor.supervisord", "-c", str(config)],
        env={**inherited, **environment},
        check=True,
        capture_output=True,
    )


def supervisor_process(settings: Settings) -> psutil.Process | None:
    """supervisord of this home, if it runs."""
    try:
        process = psutil.Process(int((settings.home / "supervisord.pid").read_text("utf-8")))
        return process if str(settings.home / "supervisord.conf") in process.cmdline() else None
    except (FileNotFoundError, ValueError, psutil.Error):
        return None


def supervisor_api(settings: Settings) -> Any:
    """supervisord's XML-RPC methods."""
    from supervisor.xmlrpc import SupervisorTransport

    transport = SupervisorTransport(None, None, serverurl=f"unix://{socket_path(settings.home)}")
    return ServerProxy("http://127.0.0.1", transport=transport).supervisor


def process_states(settings: Settings) -> dict[str, dict[str, Any]]:
    """supervisord's view of each program by name; empty when it does not run."""
    if supervisor_process(settings) is None:
        return {}
    try:
        return {info["name"]: info for info in supervisor_api(settings).getAllProcessInfo()}
    except (OSError, HTTPException, Fault):
        return {}


def program(name: str) -> str:
    """supervisord's name of a service.

    All but the database's keeper form a group: they end at the same time, and before it, which they need to end well.
    """
    group = {KEEPER: ""} | dict.fromkeys(ON_REQUEST, "optional:")
    return f"{group.get(name, 'services:')}{name}"


def _config(settings: Settings, services: Sequence[Service], optional: Sequence[Service]) -> str:
    programs = (
        PROGRAM.format(
            name=service.name,
            command=_escaped(shlex.join(_launched(service))),
            folder=_escaped(str(settings.home)),
            log=_escaped(str(log_file(settings, service.name))),
            priority=1 if service.name == KEEPER else 2,
        )
        for service in (*services, *optional)
    )
    grouped = {"services": [each for each in services if each.name != KEEPER], "optional": optional}
    groups = (
        GROUP.format(group=group, names=",".join(each.name for each in members))
        for group, members in grouped.items()
        if members
    )
    head = SUPERVISOR.format(socket=socket_path(settings.home), home=_escaped(str(settings.home)))
    return "".join((head, *programs, *groups))


def _launched(service: Service) -> tuple[str, ...]:
    """The command line that leaves the service the secrets that it needs alone."""
    return (sys.executable, "-I", "-S", str(LAUNCH), *service.needs, "--", *service.command)


def _escaped(text: str) -> str:
    return text.replace("%", "%%")
