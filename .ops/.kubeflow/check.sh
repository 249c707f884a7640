#!/usr/bin/env bash
# Compile the pipeline, compare it with the committed one, and run it: in an environment of its own, as kfp needs.
# KFP_PYTHON names an interpreter that has kfp already; else one is made, which needs a package index.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [ -z "${KFP_PYTHON:-}" ]; then
    python3 -m venv "$work/kfp"
    "$work/kfp/bin/pip" install --quiet --requirement .ops/.kubeflow/requirements.txt
    KFP_PYTHON=$work/kfp/bin/python
fi
cp .ops/.kubeflow/macro_cycle_hmm_pipeline.yaml "$work/committed.yaml"
"$KFP_PYTHON" .ops/.kubeflow/pipeline.py
diff "$work/committed.yaml" .ops/.kubeflow/macro_cycle_hmm_pipeline.yaml
"$KFP_PYTHON" .ops/.kubeflow/run_locally.py --platform-python .venv/bin/python \
    --n-regimes 3 --series-ids INDPRO UNRATE PAYEMS --start-date 1990-01-01
"$KFP_PYTHON" .ops/.kubeflow/run_locally.py --platform-python .venv/bin/python --cycle br
