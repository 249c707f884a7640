"""MLflow's server behind `SameOrigin`: its own guard lets every page of this machine act, whatever its port.

`mlflow server --app-name macro-cycle` finds it by the entry point `mlflow.app` of this package.
"""

from macro_cycle.platform.addresses import MLFLOW, address
from macro_cycle.platform.origins import App, SameOrigin, allowed_hosts
from macro_cycle.platform.settings import read_settings


def create_app() -> App:
    """The ASGI application that MLflow's own command runs, with the pages of `registry.server_app`."""
    from macro_cycle.registry.server_app import app

    settings = read_settings()
    host, _ = address(settings, MLFLOW)
    return SameOrigin(app, allowed_hosts(settings, host))
