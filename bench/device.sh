#!/usr/bin/env bash
# Proves and measures a device, and writes what came out as a page of bench/results.
#   bench/device.sh DEVICE FILE.md        as in: bench/device.sh cuda:0 bench/results/NVIDIA-H100/devices.md
# Takes every check of `kslottery verify`, gradients included, its table of speeds with our own products and with the native library's, what the device
# can run, and, where PyTorch is, the row test as sorting in PyTorch and a model's steps. Ends with 1 where a check failed; the page is written all the same.
set -u -o pipefail
[ $# -eq 2 ] || { sed -n '2,5p' "$0" >&2; exit 1; }
device=$1 page=$2 root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd) status=0
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
dotnet build -c Release -v q --nologo "$root/src/KsLottery.Cli" >&2 || exit 1
mkdir -p "$(dirname "$page")"
temporary=$page.tmp.$$
trap 'mv "$temporary" "$page"' EXIT  # what there is, if it is cut off
trap 'exit 130' INT TERM

show() { # setting or "", command as a reader types it, the program that runs it...
  local setting=$1 said=$2 code=0; shift 2
  echo "$said" >&2
  printf '\n`%s%s`\n\n```\n' "${setting:+$setting }" "$said" >>"$temporary"
  env ${setting:+"$setting"} "$@" >>"$temporary" || code=$?
  printf '```\n' >>"$temporary"
  [ "$code" -eq 0 ] || { printf '\nIt ended with exit code %s.\n' "$code" >>"$temporary"; echo "exit code $code" >&2; status=1; }
}
tool() { local setting=$1; shift; show "$setting" "kslottery $*" dotnet "$root/src/KsLottery.Cli/bin/Release/net10.0/kslottery.dll" "$@"; }

{
  echo "# $device, measured"
  echo
  echo "By \`bench/device.sh $device\`, commit $(git -C "$root" rev-parse --short HEAD), .NET $(dotnet --version); $(nproc) logical processors, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)."
} >"$temporary"
tool "" devices
tool "" verify --device "$device"
tool "" verify grad --device "$device"
tool "" verify perf --device "$device"
tool KSLOTTERY_GEMM=own verify perf --device "$device" --filter matmul
[[ $device != cuda:* ]] || tool KSLOTTERY_GEMM=cublas-bf16 verify perf --device "$device" --filter matmul
[ "$device" = cpu ] || tool "" verify support --device "$device"
if python3 -c 'import torch, numpy' 2>/dev/null; then
  on=cpu
  [[ $device != cuda:* ]] || on=cuda
  show "" "python3 bench/peers/torch_sort.py --torch $on --device $device" python3 "$root/bench/peers/torch_sort.py" --torch "$on" --device "$device"
  show "" "python3 bench/peers/llama_peers.py --threads $(nproc) --torch $on --device $device" \
    python3 "$root/bench/peers/llama_peers.py" --threads "$(nproc)" --torch "$on" --device "$device"
else printf '\nNo PyTorch was there to compare with (`bench/peers`).\n' >>"$temporary"
fi
exit "$status"
