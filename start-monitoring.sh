#!/usr/bin/env bash
# The platform with Prometheus, Grafana and a proxy, in containers. The first start makes passwords under
# .ops/.docker/secrets; `docker compose -f .ops/.docker/compose.yaml down` ends it, the data stay in volumes.
set -euo pipefail
cd "$(dirname "$0")"

compose=(docker compose -f .ops/.docker/compose.yaml)
secrets=.ops/.docker/secrets

fail() { echo "error: $1" >&2; exit 1; }
command -v docker >/dev/null || fail "Docker is not installed; without it: macro-cycle up"
docker compose version >/dev/null 2>&1 || fail "Docker has no compose plugin; install docker-compose-plugin"
docker info >/dev/null 2>&1 || fail "the Docker daemon does not answer"

# The folder is closed to others; the files in it are open to the containers' users, whom they are mounted for.
keep() { local file="$secrets/$1"; [ -s "$file" ] || (umask 022 && cat >"$file.new" && mv "$file.new" "$file"); }
password() { head -c 24 /dev/urandom | base64 | tr '+/' '-_' | tr -d '\n'; }
hashed() { docker run --rm --interactive caddy:2.10.0-alpine caddy hash-password <"$secrets/$1"; }

mkdir -p "$secrets" && chmod 0700 "$secrets"
for name in postgres_password platform_password grafana_reader_password grafana_admin_password proxy_admin proxy_viewer; do
    password | keep "$name"
done
at="macro_cycle:$(cat $secrets/platform_password)@postgres:5432/macro_cycle"
printf 'postgresql://%s' "$at" | keep MACRO_CYCLE_DATABASE_URL
printf 'postgresql+psycopg2://%s?options=-csearch_path%%3Dmlflow' "$at" | keep MLFLOW_BACKEND_STORE_URI
[ -s "$secrets/proxy_users" ] ||
    printf 'admin %s\nviewer %s\n' "$(hashed proxy_admin)" "$(hashed proxy_viewer)" | keep proxy_users

"${compose[@]}" up --detach --build --wait "$@"
host=${SITE_HOST:-localhost}
cat <<SAID
Dagster      https://$host:3000
Grafana      https://$host:3001   (moved: Dagster has 3000)
Prometheus   https://$host:9090
MLflow       https://$host:55000
page         https://$host:8050
predictions  https://$host:8080/v1/models/macro-cycle-hmm:predict
Log in as admin or viewer; their passwords are in $secrets/proxy_admin and $secrets/proxy_viewer.
SAID
