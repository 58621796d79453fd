#!/usr/bin/env bash
# Our training steps against libtorch's, each figure in a process of its own, in turns; medians of rounds.
#   bench/torch.sh [ROUNDS] [GROUP ...]     3 rounds of all groups: steps text large long tiny; three of `steps text` take about 5 minutes, of
#                                           `large long tiny` 6
# THREADS=2 for two threads (one, on processor CPU, by default); TOOL=PROGRAM measures that one; CHECK=1 first compares losses and gradients.
# DATA is the folder of corpora (../shared/data/corpora) for `text`, which needs Debian's python3-sentencepiece: bench/peers/real_text.py.
# libtorch 2.10 needs GLIBCXX_3.4.32, more than Debian 12 has. RUN_IN is a command before the peer's that brings a newer system, for example
#   RUN_IN="unshare --mount bench/peers/in-root.sh ROOT"     ROOT by `debootstrap --variant=minbase trixie ROOT`, 300 MB
# Never Debian's python3-torch, which calls a reference BLAS: what does not say that it is TorchSharp's libtorch is refused.
set -eu -o pipefail
rounds=${1:-3} threads=${THREADS:-1} root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
[ $# -gt 0 ] && shift
data=${DATA:-$root/../shared/data/corpora}
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$root"
for project in src/KsLottery.Cli bench/KsLottery.TorchPeers; do
    dotnet build -c Release -v q --nologo -p:RunAnalyzers="${ANALYZERS:-true}" "$project" >&2
done
tool=${TOOL:-"dotnet $root/src/KsLottery.Cli/bin/Release/net10.0/kslottery.dll"}
peer="${RUN_IN:-} dotnet $root/bench/KsLottery.TorchPeers/bin/Release/net10.0/KsLottery.TorchPeers.dll"
case $($peer serve < /dev/null) in
    "libtorch 2."*TorchSharp*) ;;
    *) echo "The peer is not TorchSharp's libtorch, or does not start: $peer serve. Set RUN_IN where the system's libstdc++ is older than GLIBCXX_3.4.32." >&2; exit 3 ;;
esac
if [ -n "${CHECK:-}" ]; then $peer check --threads "$threads"; fi
text=()
if [ -d "$data" ] && /usr/bin/python3 -c 'import sentencepiece' 2> /dev/null; then
    /usr/bin/python3 bench/peers/real_text.py "$data" "$folder" > "$folder/about.txt"
    text=(--text "$folder")
fi
echo "By \`${THREADS:+THREADS=$THREADS }${TOOL:+TOOL=kslottery }bench/torch.sh $rounds${*:+ $*}\`, commit $(git rev-parse --short HEAD), .NET $(dotnet --version), $threads of $(nproc) logical processors, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1); load $(cut -d' ' -f1 /proc/loadavg)${RUN_IN:+; the peer in another root}."
python3 bench/peers/torch_steps.py --ours "$tool" --peer "$peer" --threads "$threads" --rounds "$rounds" --cpu "${CPU:-1}" "${text[@]}" "$@"
if [ -f "$folder/about.txt" ]; then printf '\nReal text, '; paste -sd'|' "$folder/about.txt" | sed 's/|/\nand /'; else printf '\nNo real text: %s or python3-sentencepiece is missing.\n' "DATA"; fi
