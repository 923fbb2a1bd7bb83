#!/usr/bin/env bash
# Runs every fuzz target for FUZZ_SECONDS (default 20) each, or those that are named, and says what came of them.
# Exit status 1 if there is a finding. Needs cargo-fuzz and a C++ compiler; see README.md.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${FUZZ_SECONDS:-20}
sanitizer=${FUZZ_SANITIZER:-address}
# cargo-fuzz needs flags that stable Rust keeps to itself.
if rustup toolchain list 2>/dev/null | grep -q ^nightly; then
    export RUSTUP_TOOLCHAIN=nightly
else
    export RUSTC_BOOTSTRAP=1
fi
command -v cargo-fuzz >/dev/null || { echo "cargo-fuzz is missing: cargo install cargo-fuzz --locked" >&2; exit 1; }

# The most bytes that a target reads: a little more than its format has.
max_length() {
    case $1 in
        time | schedule) echo 64 ;;
        host_name) echo 300 ;;
        tack | break_sig | key_file | ticket) echo 200 ;;
        memory_client | memory_server) echo 500 ;;
        extension | serverinfo) echo 1400 ;;
        *) echo 4096 ;;
    esac
}

logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
if [ $# -gt 0 ]; then targets=("$@"); else mapfile -t targets < <(cargo fuzz list); fi
cargo fuzz build --sanitizer "$sanitizer"

# One target takes one core.
fuzz() {
    echo "fuzzing $1 for $seconds s"
    mkdir -p "fuzz/corpus/$1"
    cargo fuzz run --sanitizer "$sanitizer" "$1" "fuzz/corpus/$1" "fuzz/seeds/$1" -- \
        -max_total_time="$seconds" -max_len="$(max_length "$1")" -timeout=5 -rss_limit_mb=1024 \
        -print_final_stats=1 >"$logs/$1" 2>&1 || touch "$logs/$1.failed"
}

cores=$(nproc)
for target in "${targets[@]}"; do
    while (($(jobs -pr | wc -l) >= cores)); do wait -n; done
    fuzz "$target" &
done
wait

failed=0
summary=""
for target in "${targets[@]}"; do
    findings=0
    if [ -e "$logs/$target.failed" ]; then
        findings=1
        failed=1
        cat "$logs/$target" >&2
    fi
    executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$logs/$target")
    summary+=$(printf '%-13s %12s %9s' "$target" "${executions:-none}" "$findings")$'\n'
done
printf '%-13s %12s %9s\n%s' target executions findings "$summary"
exit "$failed"
