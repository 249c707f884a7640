"""Deploy a registered model to KServe: `python kserve_deployment.py SERVICE MODEL_URI [MODEL_FORMAT]`.

The class is the package's; this file is the place where it used to be imported from, and a command for shells.
"""

import argparse
import sys

from macro_cycle.errors import MacroCycleError
from macro_cycle.serving.kubernetes import KServeDeployment

__all__ = ["KServeDeployment"]


def main() -> None:
    """Deploy what the command line names and say where it answers."""
    parser = argparse.ArgumentParser(description="Deploy a registered model to KServe.")
    parser.add_argument("service_name")
    parser.add_argument("model_uri", help="models:/macro-cycle-hmm@champion, models:/NAME/3 or a storage URI")
    parser.add_argument("model_format", nargs="?", default="macro-cycle", choices=["macro-cycle", "mlflow"])
    parser.add_argument("--namespace", default="macro-cycle")
    arguments = parser.parse_args()
    try:
        deployed = KServeDeployment(arguments.namespace).create_inference_service(
            arguments.service_name, arguments.model_uri, arguments.model_format
        )
    except MacroCycleError as error:
        sys.exit(f"error: {error}")
    print(f"{deployed.service_name} answers with {deployed.model.storage_uri} at {deployed.url}")


if __name__ == "__main__":
    main()
