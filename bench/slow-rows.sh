#!/usr/bin/env bash
# Looks for rows that the row test is slow at: random regimes, and steps from the slowest, against the radix sort on the same rows, one
# thread; prints the slowest of each type and width, and the most bytes that an element took (docs/row-bound.md). Compares every outcome,
# and ends with 1 where one differs.
#   bench/slow-rows.sh [MINUTES] [SEED]     60 minutes, seed 1
# CPU=1 names the processor to run on.
set -eu -o pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
dotnet build -c Release -v q --nologo -p:RunAnalyzers="${ANALYZERS:-true}" "$root/bench/KsLottery.Bench" >&2
exec taskset -c "${CPU:-1}" dotnet "$root/bench/KsLottery.Bench/bin/Release/net10.0/KsLottery.Bench.dll" slow-rows "${1:-60}" "${2:-1}"
