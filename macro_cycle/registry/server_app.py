"""The app that `mlflow server --app-name macro-cycle` runs: MLflow's own, with pages that open on model training.

MLflow 3.17 shows a new browser a console for LLM applications, without the model registry and with an assistant
beside it, whatever the kind of the experiment. What is set here is only where a browser starts that has never
chosen; what a person chooses afterwards stays. The note that usage data are collected is left out where they are not.
"""

import json
from pathlib import Path
from typing import Any

from mlflow.server import app as flask_app
from mlflow.server.fastapi_app import app
from mlflow.telemetry.utils import is_telemetry_disabled

__all__ = ["app", "start_page"]

CHOICES = {
    "mlflow.workflowType_v1": "machine_learning",
    "mlflow.assistant.fab.autoOpenedOnFirstLoad_v1": True,
    **({"mlflow.telemetry.info.alert.dismissed_v1": True} if is_telemetry_disabled() else {}),
}
SCRIPT = """<script>
for (const [name, chosen] of Object.entries(%s))
  if (localStorage.getItem(name) === null) localStorage.setItem(name, JSON.stringify(chosen))
</script>"""


def start_page() -> Any:
    """MLflow's start page, told first what a browser without choices of its own shows."""
    page = (Path(flask_app.static_folder or "") / "index.html").read_text("utf-8")
    told = page.replace("<head>", "<head>" + SCRIPT % json.dumps(CHOICES), 1)
    return flask_app.response_class(told, mimetype="text/html", headers={"Cache-Control": "no-cache"})


flask_app.view_functions["serve"] = start_page
