"""`python -m macro_cycle.stack.webserver`: Dagster's web server behind `SameOrigin`.

It is `dagster-webserver` with the same options, but for what it hands to its HTTP server.
"""

import sys
from typing import Any

from macro_cycle.errors import MacroCycleError
from macro_cycle.platform.addresses import WEB_SERVER, address
from macro_cycle.platform.origins import SameOrigin, allowed_hosts
from macro_cycle.platform.settings import Settings, read_settings


def serve(settings: Settings, options: list[str]) -> None:
    """Serve until a signal asks to end."""
    from dagster_webserver import cli

    host, port = address(settings, WEB_SERVER)
    hosts, plain = allowed_hosts(settings, host), cli.create_app_from_workspace_process_context

    def guarded(*arguments: Any, **named: Any) -> SameOrigin:
        return SameOrigin(plain(*arguments, **named), hosts)

    cli.create_app_from_workspace_process_context = guarded  # type: ignore[assignment]
    cli.cli(["-h", host, "-p", str(port), *options], auto_envvar_prefix="DAGSTER_WEBSERVER")


if __name__ == "__main__":
    try:
        serve(read_settings(), sys.argv[1:])
    except MacroCycleError as error:
        sys.exit(f"error: {error}")
