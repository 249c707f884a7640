#!/bin/sh
# Run once, when the database is made: the platform owns its database, Grafana may read the warehouse.
set -eu
psql --set ON_ERROR_STOP=1 --set owner_password="$(cat /run/secrets/platform_password)" \
    --set reader_password="$(cat /run/secrets/grafana_reader_password)" --username "$POSTGRES_USER" --dbname postgres <<'SQL'
CREATE ROLE macro_cycle LOGIN PASSWORD :'owner_password';
CREATE ROLE grafana_reader LOGIN PASSWORD :'reader_password' CONNECTION LIMIT 10;
CREATE DATABASE macro_cycle OWNER macro_cycle;
REVOKE ALL ON DATABASE macro_cycle FROM PUBLIC;
GRANT CONNECT ON DATABASE macro_cycle TO grafana_reader;
\connect macro_cycle
SET ROLE macro_cycle;
CREATE SCHEMA warehouse;
GRANT USAGE ON SCHEMA warehouse TO grafana_reader;
ALTER DEFAULT PRIVILEGES IN SCHEMA warehouse GRANT SELECT ON TABLES TO grafana_reader;
SQL
