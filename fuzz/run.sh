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

failed=0
summary=""
for target in "${targets[@]}"; do
    log=$logs/$target
    findings=0
    mkdir -p "fuzz/corpus/$target"
    echo "fuzzing $target for $seconds s"
    cargo fuzz run --sanitizer "$sanitizer" "$target" "fuzz/corpus/$target" "fuzz/seeds/$target" -- \
        -max_total_time="$seconds" -max_len="$(max_length "$target")" -timeout=5 -rss_limit_mb=1024 \
        -print_final_stats=1 >"$log" 2>&1 || findings=1
    executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    if [ "$findings" -ne 0 ]; then
        failed=1
        cat "$log" >&2
    fi
    summary+=$(printf '%-13s %12s %9s' "$target" "${executions:-none}" "$findings")$'\n'
done
printf '%-13s %12s %9s\n%s' target executions findings "$summary"
exit "$failed"
