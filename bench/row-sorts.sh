#!/usr/bin/env bash
# The row test against Highway's vqsort of both rows and a merge, in every regime, type and width, one thread: programs take turns on
# the same rows; medians of the ratios of rounds, and the least.
#   bench/row-sorts.sh [SECONDS] [WORD ...]     0.03 for each of eight turns of a cell; WORDs: only these types, regimes or widths
# CPU=1 names the processor to run on; BEFORE=KsLottery.Bench.dll another build of this, measured beside it.
# Needs g++ and libhwy-dev. Ends with 1 where sums of h differ.
set -eu -o pipefail
seconds=${1:-0.03} cpu=${CPU:-1} root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
[ $# -gt 0 ] && shift
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
dotnet build -c Release -v q --nologo -p:RunAnalyzers="${ANALYZERS:-true}" "$root/bench/KsLottery.Bench" >&2
bench="dotnet $root/bench/KsLottery.Bench/bin/Release/net10.0/KsLottery.Bench.dll"
g++ -O3 -march=native -std=c++17 -o "$folder/peer" "$root/bench/peers/row_sorts.cpp" -lhwy_contrib -lhwy
echo "By \`bench/row-sorts.sh $seconds${*:+ $*}\`, commit $(git -C "$root" rev-parse --short HEAD), .NET $(dotnet --version), $(g++ --version | head -n 1), libhwy $(dpkg-query -W -f '${Version}' libhwy-dev 2> /dev/null || echo unknown); processor $cpu of $(nproc), $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1); load $(cut -d' ' -f1 /proc/loadavg)."
programs=("own=$bench rows" "vqsort=$folder/peer")
[ -z "${BEFORE:-}" ] || programs+=("before=dotnet $BEFORE rows")
taskset -c "$cpu" $bench row-sorts "$folder" "$seconds" "${#programs[@]}" "${programs[@]}" "$@"
