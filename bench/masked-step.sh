#!/usr/bin/env bash
# A training step inside a mask of 1 % of all elements against the full step, in one run each of models of 15 M and 110 M parameters, and
# weight gradients of some elements alone against whole ones at the shapes of such layers.
#   bench/masked-step.sh [SECONDS] [THREADS]     20, one for each processor
set -eu -o pipefail
seconds=${1:-20} threads=${2:-$(nproc)} root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
for project in src/KsLottery.Cli bench/KsLottery.Bench; do
  dotnet build -c Release -v q --nologo -p:RunAnalyzers="${ANALYZERS:-true}" "$root/$project" >&2
done
echo "By \`bench/masked-step.sh $seconds $threads\`, commit $(git -C "$root" rev-parse --short HEAD), .NET $(dotnet --version); $(nproc) logical processors, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1); load $(cut -d' ' -f1 /proc/loadavg)."
large=(--width 768 --layers 12 --heads 12 --feed-forward 2048)
for shape in "" "${large[*]}"; do
  printf '\n```\n'
  # shellcheck disable=SC2086
  dotnet "$root/src/KsLottery.Cli/bin/Release/net10.0/kslottery.dll" bench model $shape --work "full step" --work "mask step" --seconds "$seconds" --threads "$threads"
  printf '```\n'
done
printf '\nWeight gradients, one thread, processor time; '
dotnet "$root/bench/KsLottery.Bench/bin/Release/net10.0/KsLottery.Bench.dll" sampled
