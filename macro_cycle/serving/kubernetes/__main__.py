"""`python -m macro_cycle.serving.kubernetes SERVICE MODEL_URI [MODEL_FORMAT]` deploys a registered model."""

import argparse
import sys

from macro_cycle.cycles import DEFAULT
from macro_cycle.errors import MacroCycleError
from macro_cycle.serving.kubernetes import KServeDeployment, Target


def main() -> None:
    """Deploy what the command line names and say where it answers."""
    parser = argparse.ArgumentParser(prog="macro_cycle.serving.kubernetes", description="Deploy a model to KServe.")
    parser.add_argument("service_name")
    parser.add_argument("model_uri", help="models:/macro-cycle-hmm@champion, models:/NAME/3 or a storage URI")
    parser.add_argument("model_format", nargs="?", default="macro-cycle", choices=["macro-cycle", "mlflow"])
    parser.add_argument("--cycle", default=DEFAULT, help="code of the cycle that the model is of (default: us)")
    parser.add_argument("--namespace", default="macro-cycle")
    parser.add_argument("--mlflow-tracking-uri", help="default: MLFLOW_TRACKING_URI")
    arguments = parser.parse_args()
    target = Target(cycle=arguments.cycle)
    deployment = KServeDeployment(arguments.namespace, target=target, tracking_uri=arguments.mlflow_tracking_uri)
    try:
        deployed = deployment.create_inference_service(
            arguments.service_name, arguments.model_uri, arguments.model_format
        )
    except MacroCycleError as error:
        sys.exit(f"error: {error}")
    print(f"{deployed.service_name} answers with {deployed.model.storage_uri} at {deployed.url}")


if __name__ == "__main__":
    main()
