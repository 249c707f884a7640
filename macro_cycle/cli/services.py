"""`macro-cycle up`, `down`, `status` and `environment`: the embedded stack."""

import shlex
from dataclasses import asdict
from typing import Annotated

import typer

from macro_cycle.cli.console import answers, as_typed, errors, print_json, table
from macro_cycle.cli.platform import refuse_other_settings
from macro_cycle.cycles import library
from macro_cycle.platform.settings import Settings, read_settings
from macro_cycle.resources import deployments
from macro_cycle.resources.platform import Platform
from macro_cycle.stack import ServiceStatus, applied, lifecycle, services
from macro_cycle.stack.monitoring import USER, password_file

MonitoringFlag = Annotated[bool, typer.Option("--monitoring", help="Start Prometheus and Alertmanager too.")]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a table.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("up")(up)
    app.command("down")(down)
    app.command("status")(status)
    app.command("environment")(environment)


def up(
    json: JsonFlag = False,
    apply: Annotated[bool, typer.Option("--apply", help="Start again if the settings have changed.")] = False,
    monitoring: MonitoringFlag = False,
    feature_server: Annotated[
        bool, typer.Option("--feature-server", help="Start Feast's feature server, too, to read from alone.")
    ] = False,
) -> None:
    """Start the stack: PostgreSQL, MLflow, Dagster, the model server and the exporter."""
    settings = read_settings()
    if apply and applied.differences(settings):
        with errors.status("ending the stack, to start it under the present settings"):
            lifecycle.down(settings)
    refuse_other_settings(settings)
    _show(_start(settings, monitoring, feature_server), json)
    if monitoring:
        file = password_file(settings)
        errors.print(f"Prometheus and Alertmanager ask for user {USER} and the password in {as_typed(file)}")


def start_if_down() -> None:
    """Start the stack under the present settings unless all of it answers."""
    settings = read_settings()
    if not all(service.ready for service in lifecycle.status(settings)):
        refuse_other_settings(settings)
        _start(settings)


def _start(settings: Settings, monitoring: bool = False, feature_server: bool = False) -> list[ServiceStatus]:
    """Start what does not run yet, showing each step; what runs is left alone."""
    with errors.status("starting") as spinner:

        def show(service: str, state: str) -> None:
            spinner.update(f"{service}: {state}")
            if state == "ready":
                errors.print(f"[green]✓[/] {service}")

        found = lifecycle.up(settings, show, monitoring=monitoring, feature_server=feature_server)
        again = [deployments.reconcile(Platform(settings, each)) for each in library(settings).found.values()]
    for record in filter(None, again):
        serves = as_typed(record.model_version or "nothing")
        errors.print(f"{record.cycle}: what served did not agree with the record: {serves} serves again")
    return found


def down() -> None:
    """End every process of the stack; the data stay."""
    with errors.status("ending the stack"):
        ended = lifecycle.down(read_settings())
    errors.print("the stack is down" if ended else "the stack was not running")


def status(json: JsonFlag = False) -> None:
    """Show each service, whether it answers, and where; exit code 1 unless all do."""
    found = lifecycle.status(read_settings())
    _show(found, json)
    if not all(service.ready for service in found):
        raise typer.Exit(1)


def environment() -> None:
    """Print the stack's environment for a shell: eval "$(macro-cycle environment)" before dagster, mlflow or feast.

    Holds the database's password where it has one.
    """
    for name, value in services.environment(read_settings()).items():
        print(f"export {name}={shlex.quote(value)}")


def _show(found: list[ServiceStatus], as_json: bool) -> None:
    if as_json:
        print_json([asdict(service) for service in found])
        return
    shown = table("service", "state", "pid", "address", numbers=["pid"], flowing=["address"])
    for service in found:
        mark = "[green]ready[/]" if service.ready else f"[red]{as_typed(service.state)}[/]"
        shown.add_row(service.name, mark, str(service.pid or ""), as_typed(service.address or ""))
    answers.print(shown)
    if found:
        logs = found[0].log.with_name("SERVICE.log")
        answers.print(f"what each says: {as_typed(logs)}", highlight=False, soft_wrap=True)
