#!/bin/sh
# A secret mounted as /run/secrets/NAME in capitals becomes the variable NAME of this process alone.
set -eu
for file in /run/secrets/[A-Z]*; do
    [ -f "$file" ] || continue
    export "$(basename "$file")=$(cat "$file")"
done
exec "$@"
