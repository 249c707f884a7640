"""The Kubeflow pipeline: train a model, say what it answers, and deploy it if asked to. `python pipeline.py` compiles.

Every step calls the platform's own commands: kfp cannot be installed beside it, so a step runs in an environment of
kfp and starts the program of another, PLATFORM_PYTHON. The image of this folder's Dockerfile holds both.
"""

from pathlib import Path

from kfp import compiler, dsl

IMAGE = "macro-cycle-kubeflow:0.2.0"
COMPILED = Path(__file__).with_name("macro_cycle_hmm_pipeline.yaml")
SERVICE = "macro-cycle-hmm"


@dsl.component(base_image=IMAGE, packages_to_install=[], install_kfp_package=False)
def train_model(
    cycle: str,
    n_regimes: int,
    series_ids: list,
    start_date: str,
    mlflow_tracking_uri: str,
    summary: dsl.Output[dsl.Artifact],
    metrics: dsl.Output[dsl.Metrics],
) -> str:
    """`macro-cycle train`; the address of the registered version, empty where no MLflow was named."""
    import json
    import os
    import subprocess
    from pathlib import Path

    program = [os.environ.get("PLATFORM_PYTHON", "python"), "-c", "from macro_cycle.cli import main; main()"]
    command = [*program, "train", "--json", "--cycle", cycle]
    command += ["--n-regimes", str(n_regimes)] if n_regimes else []
    for series_id in series_ids:
        command += ["--series-ids", series_id]
    command += ["--start-date", start_date] if start_date else []
    command += ["--mlflow-tracking-uri", mlflow_tracking_uri] if mlflow_tracking_uri else []
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip())
    answer = json.loads(done.stdout)
    Path(summary.path).write_text(json.dumps(answer))
    for name, value in answer["metrics"].items():
        metrics.log_metric(name, value)
    logged = answer.get("mlflow")
    return f"models:/{logged['registered_model']}/{logged['version']}" if logged else ""


@dsl.component(base_image=IMAGE, packages_to_install=[], install_kfp_package=False)
def describe_answer(summary: dsl.Input[dsl.Artifact], answer: dsl.Output[dsl.Markdown]) -> float:
    """What the model says of its newest month; the recession probability."""
    import json
    from pathlib import Path

    found = json.loads(Path(summary.path).read_text())
    lines = [f"# {found['label']} in {found['reference_month']}", ""]
    lines += [f"- {label}: {probability:.1%}" for label, probability in found["probabilities"].items()]
    lines += ["", f"Model {found['model_version']} on {', '.join(found['features'])}."]
    Path(answer.path).write_text("\n".join(lines))
    return found["recession_probability"]


@dsl.component(base_image=IMAGE, packages_to_install=[], install_kfp_package=False)
def deploy_model(model_uri: str, cycle: str, service_name: str, namespace: str, mlflow_tracking_uri: str) -> str:
    """KServeDeployment, golden windows and all; what it said."""
    import os
    import subprocess

    if not model_uri:
        raise RuntimeError("only a registered model can be deployed: give mlflow_tracking_uri")
    program = [os.environ.get("PLATFORM_PYTHON", "python"), "-m", "macro_cycle.serving.kubernetes"]
    arguments = [service_name, model_uri, "--cycle", cycle, "--namespace", namespace]
    arguments += ["--mlflow-tracking-uri", mlflow_tracking_uri]
    done = subprocess.run([*program, *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip())
    return done.stdout.strip()


@dsl.pipeline(name="macro-cycle-hmm", description="Train, describe and, if asked to, deploy a model of the cycle.")
def macro_cycle_hmm_pipeline(
    cycle: str = "us",
    n_regimes: int = 0,
    series_ids: list = [],  # noqa: B006 (kfp reads the default)
    start_date: str = "",
    mlflow_tracking_uri: str = "",
    deploy: bool = False,
    service_name: str = SERVICE,
    namespace: str = "macro-cycle",
) -> float:
    """Train on `series_ids` and give the recession probability of the newest month.

    No series, and 0 regimes, mean those that the definition of the cycle names.
    """
    trained = train_model(
        cycle=cycle,
        n_regimes=n_regimes,
        series_ids=series_ids,
        start_date=start_date,
        mlflow_tracking_uri=mlflow_tracking_uri,
    )
    trained.set_cpu_limit("2").set_memory_limit("2G").set_caching_options(False)
    described = describe_answer(summary=trained.outputs["summary"])
    with dsl.If(deploy == True, name="asked to deploy"):  # noqa: E712 (kfp builds the condition)
        deploy_model(
            model_uri=trained.outputs["Output"],
            cycle=cycle,
            service_name=service_name,
            namespace=namespace,
            mlflow_tracking_uri=mlflow_tracking_uri,
        ).set_caching_options(False)
    return described.outputs["Output"]


if __name__ == "__main__":
    compiler.Compiler().compile(macro_cycle_hmm_pipeline, str(COMPILED))
