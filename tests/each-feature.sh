#!/bin/sh
# Runs a cargo command for each library crate without its features, and with each feature alone.
# tests/each-feature.sh test --locked
set -eu
cd "$(dirname "$0")/.."
cargo=${CARGO:-cargo}
command=$1
shift

runs=$("$cargo" metadata --locked --no-deps --format-version 1 | python3 -c '
import json, sys
for package in json.load(sys.stdin)["packages"]:
    if any("lib" in target["kind"] for target in package["targets"]):
        for feature in ["", *sorted(package["features"].keys() - {"default"})]:
            print(package["name"], feature)
')
test -n "$runs"
printf '%s\n' "$runs" | while read -r crate feature; do
    printf '\n-- %s: %s\n' "$crate" "${feature:-no features}"
    "$cargo" "$command" --package "$crate" --no-default-features --features "$feature" "$@" </dev/null
done
