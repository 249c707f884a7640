#!/bin/sh
# MLflow's server of the containers: MLFLOW_BACKEND_STORE_URI (a secret) is its database; it hands out the artifacts
# itself, from a volume or from MLFLOW_ARTIFACTS_DESTINATION, an object store that KServe reads too.
# The hosts it answers to are the proxy's and the stack's own: a page that only resolves here gets nothing.
set -eu
exec mlflow server \
    --host 0.0.0.0 \
    --port 5000 \
    --workers 1 \
    --app-name macro-cycle \
    --artifacts-destination "${MLFLOW_ARTIFACTS_DESTINATION:-/var/lib/mlflow}" \
    --allowed-hosts "${MLFLOW_ALLOWED_HOSTS:-mlflow:5000,localhost:*,127.0.0.1:*}"
