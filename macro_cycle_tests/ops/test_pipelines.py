"""Kubeflow's pipeline and Airflow's DAG call the platform and repeat nothing of it; what they send is understood."""

import ast
import os
import re
import subprocess
from pathlib import Path

import graphql
import pytest
import yaml
from dagster_graphql.schema import create_schema

from macro_cycle.cycles import library
from macro_cycle.platform.settings import Settings

OPS = Path(__file__).resolve().parents[2] / ".ops"
PIPELINE = OPS / ".kubeflow" / "macro_cycle_hmm_pipeline.yaml"
DAG = OPS / ".airflow" / "macro_cycle_daily.py"


def test_the_compiled_pipeline_takes_what_the_platform_s_command_takes():
    compiled, *_ = yaml.safe_load_all(PIPELINE.read_text())
    assert compiled["pipelineInfo"]["name"] == "macro-cycle-hmm"
    inputs = compiled["root"]["inputDefinitions"]["parameters"]
    assert {"n_regimes", "series_ids", "start_date", "mlflow_tracking_uri", "deploy"} <= set(inputs)
    assert all(parameter["isOptional"] for parameter in inputs.values())


def test_a_step_installs_nothing_and_runs_in_a_pinned_image():
    compiled, *_ = yaml.safe_load_all(PIPELINE.read_text())
    for name, executor in compiled["deploymentSpec"]["executors"].items():
        assert re.fullmatch(r"macro-cycle-kubeflow:\d+\.\d+\.\d+", executor["container"]["image"]), name
        assert "pip install" not in " ".join(executor["container"]["command"]), name


@pytest.mark.parametrize("file", [DAG, OPS / ".kubeflow" / "pipeline.py"], ids=lambda path: path.stem)
def test_no_logic_of_the_platform_is_repeated(file):
    imported = {
        (node.module or "") if isinstance(node, ast.ImportFrom) else alias.name
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert not {name.partition(".")[0] for name in imported} & {"macro_cycle", "numpy", "pandas", "scipy", "mlflow"}


def documents() -> dict[str, str]:
    """The GraphQL documents of the DAG by name."""
    assigned = [node for node in ast.parse(DAG.read_text()).body if isinstance(node, ast.Assign)]
    texts = {node.targets[0].id: node.value.value for node in assigned if isinstance(node.value, ast.Constant)}
    return {name: text for name, text in texts.items() if isinstance(text, str) and "{" in text}


@pytest.mark.parametrize("name", documents())
def test_dagster_understands_what_the_dag_asks(name):
    schema = create_schema().graphql_schema
    assert graphql.validate(schema, graphql.parse(documents()[name])) == []


def test_a_document_that_dagster_does_not_understand_is_found():
    assert graphql.validate(create_schema().graphql_schema, graphql.parse("{ runOrErrors { id } }"))


def test_the_dag_names_a_job_and_an_asset_of_each_cycle():
    from macro_cycle.definitions import defs

    source = DAG.read_text()
    job, asset = re.search(r'JOB, NEWEST_ASSET = "(\S+)", "(\w+)"', source).groups()  # type: ignore[union-attr]
    cycles = re.search(r'"MACRO_CYCLE_CYCLES", "(\S+)"\)', source)[1].split(",")  # type: ignore[index]
    assert cycles == list(library(Settings()).found)
    assets = [spec.key.path for spec in defs.resolve_all_asset_specs()]
    for cycle in cycles:
        assert defs.get_job_def(job.format(cycle=cycle))
        assert [cycle, asset] in assets


@pytest.mark.slow
@pytest.mark.parametrize(("folder", "variable"), [(".kubeflow", "KFP_PYTHON"), (".airflow", "AIRFLOW")])
def test_the_real_thing_runs_it(folder, variable):
    if variable not in os.environ:
        pytest.skip(f"{variable} is not set: {OPS / folder / 'check.sh'} makes an environment and runs it")
    subprocess.run([str(OPS / folder / "check.sh")], check=True)
