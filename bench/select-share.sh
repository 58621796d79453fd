#!/usr/bin/env bash
# Selects the top share of |tuned - base| of a pair of BF16 checkpoints made on the fly: the engine's two passes against a plain read of
# both, and the same ids by C++ nth_element and by NumPy in chunks.
#   bench/select-share.sh [MILLIONS] [SHARE] [THREADS]     1100 (two times 2.2 GB in the temporary folder), 1%, one for each processor
# Needs g++ and a python3 with NumPy (PYTHON names another). Ends with 1 where ids differ.
set -eu -o pipefail
millions=${1:-1100} share=${2:-1%} threads=${3:-$(nproc)} root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
dotnet build -c Release -v q --nologo -p:RunAnalyzers="${ANALYZERS:-true}" "$root/bench/KsLottery.Bench" >&2
bench=(dotnet "$root/bench/KsLottery.Bench/bin/Release/net10.0/KsLottery.Bench.dll" select)
g++ -O3 -march=native -std=c++17 -o "$folder/peer" "$root/bench/peers/select_share.cpp"
"${bench[@]}" make "$folder" "$millions"
echo "By \`bench/select-share.sh $millions $share $threads\`, commit $(git -C "$root" rev-parse --short HEAD), .NET $(dotnet --version), $(g++ --version | head -n 1); $(nproc) logical processors, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1); load $(cut -d' ' -f1 /proc/loadavg)."
echo
"${bench[@]}" run "$folder" "$share" "$folder/own.ids" "$threads"
count=$(($(stat -c %s "$folder/own.ids") / 8))
echo
echo "| peer | s by the clock | s of processors | MB of scores or chunks |"
echo "|---|---:|---:|---:|"
"${PYTHON:-python3}" "$root/bench/peers/select_share.py" "$folder/manifest.txt" "$count" "$folder/numpy.ids"
"$folder/peer" "$folder/manifest.txt" "$count" "$folder/peer.ids"
echo
for peer in numpy peer; do cmp "$folder/own.ids" "$folder/$peer.ids" || exit 1; done
echo "All three name the same $count ids."
