#!/usr/bin/env bash
# Packs the tool and the example of ILGPU with the .NET runtime, for a machine that has neither SDK nor network: artifacts/device.tar.gz, which the
# scripts beside this one take in place of a build.
#   bench/device/pack.sh [RUNTIME]                 as in linux-x64, the default
set -eu -o pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd) runtime=${1:-linux-x64}
cd "$root"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for project in src/KsLottery.Cli examples/IlgpuRows; do
  dotnet publish -c Release -v q --nologo -r "$runtime" --self-contained -p:DebugType=none -p:RunAnalyzers=false -o "$work" "$project"
done
find "$work" -name '*.xml' -delete -o -name '*.pdb' -delete
echo "commit $(git rev-parse --short HEAD)$([ -z "$(git status --porcelain)" ] || echo ' with changes'), .NET $(dotnet --version)" >"$work/BUILT"
mkdir -p artifacts
tar -czf artifacts/device.tar.gz -C "$work" .
echo "artifacts/device.tar.gz: $(($(stat -c %s artifacts/device.tar.gz) / 1000000)) MB"
