#!/usr/bin/env bash
# A real Airflow runs the DAG against a stack of its own; Dagster's record must hold the run that it asked for.
# AIRFLOW names a program `airflow` that is installed already; else an environment is made, which needs a package index.
set -euo pipefail
cd "$(dirname "$0")/../.."
source .ci/isolated
work=$(mktemp -d)
export MACRO_CYCLE_HOME=$work/home
platform() { .venv/bin/python -W ignore -c 'from macro_cycle.cli import main; main()' "$@"; }
finish() { platform down; rm -rf "$work"; }
trap finish EXIT

if [ -z "${AIRFLOW:-}" ]; then
    python3 -m venv "$work/airflow"
    "$work/airflow/bin/pip" install --quiet --requirement .ops/.airflow/requirements.txt
    AIRFLOW=$work/airflow/bin/airflow
fi
platform up
export AIRFLOW_HOME=$work/airflow-home AIRFLOW__CORE__DAGS_FOLDER=$PWD/.ops/.airflow AIRFLOW__CORE__LOAD_EXAMPLES=False
export DAGSTER_URL=http://127.0.0.1:$MACRO_CYCLE_DAGSTER__PORT
env --unset=PYTHONPATH "$AIRFLOW" db migrate >"$work/airflow.log" 2>&1
env --unset=PYTHONPATH "$AIRFLOW" dags test macro_cycle_daily >>"$work/airflow.log" 2>&1 || { tail -40 "$work/airflow.log"; exit 1; }
curl -fsS "$DAGSTER_URL/graphql" -H 'Content-Type: application/json' \
    -d '{"query": "{ runsOrError(limit: 20) { ... on Runs { results { jobName status tags { key value } } } } }"}' |
    .venv/bin/python -c '
import json, sys
runs = json.load(sys.stdin)["data"]["runsOrError"]["results"]
asked = {run["jobName"]: run["status"] for run in runs if any(tag["key"] == "airflow/run_id" for tag in run["tags"])}
assert asked == {"us_whole_graph": "SUCCESS", "br_whole_graph": "SUCCESS"}, runs
print("Airflow had Dagster run the whole graph of each cycle once, and both succeeded")
'
