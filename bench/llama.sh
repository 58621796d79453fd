#!/usr/bin/env bash
# Prompts and generation of our models against llama.cpp's (LLamaSharp 0.30), the same weights in F32 and BF16, both in one process, in turns;
# medians of rounds. Ours in BF16 are held against llama.cpp's of the same weights widened to F32 too.
#   bench/llama.sh [ROUNDS] [GROUP ...]     5 rounds of all groups: 15 110 (millions of parameters; 1 GB of temporary files)
# THREADS="1 2" are the numbers of threads (both, by default; one is pinned to processor CPU, or 1). PROMPT=256 and NEW=128 are tokens.
# CLOCK=processor takes the seconds that all threads spent, not the clock's: on a busy machine, with one thread.
# First both sides' logits are held against each other, all along; where they differ by more than rounding the script ends with 1.
set -eu -o pipefail
rounds=${1:-5} root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- 15 110
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
dotnet build -c Release -v q --nologo -p:RunAnalyzers="${ANALYZERS:-true}" "$root/bench/KsLottery.LlamaPeers" >&2
peers=(dotnet "$root/bench/KsLottery.LlamaPeers/bin/Release/net10.0/KsLottery.LlamaPeers.dll")
declare -A sizes=([15]="288 6 6 768 32000" [110]="768 12 12 2048 32000")  # width, layers, heads, feed-forward, vocabulary
echo "By \`${CLOCK:+CLOCK=$CLOCK }${THREADS:+THREADS=\"$THREADS\" }bench/llama.sh $rounds $*\`, commit $(git -C "$root" rev-parse --short HEAD), .NET $(dotnet --version), $(nproc) logical processors, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1); load $(cut -d' ' -f1 /proc/loadavg). A prompt of ${PROMPT:-256} tokens, ${NEW:-128} more one by one; tokens/s, and generation as a share of a plain read of the weights."
echo
echo "| parameters, threads | prompt, ours | llama.cpp | ours / llama.cpp | generation, ours | llama.cpp | ours / llama.cpp | llama.cpp in F32 | ours / that | of a read |"
echo "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
for group in "$@"; do
    for type in F32 BF16; do
        # shellcheck disable=SC2086 # five words
        "${peers[@]}" make "$folder/model" "$type" ${sizes[$group]}
        "${peers[@]}" gguf "$folder/model" "$folder/model.gguf"
        widened=()
        if [ "$type" != F32 ]; then
            widened=("$folder/widened.gguf")
            "${peers[@]}" gguf "$folder/model" "${widened[0]}" F32
        fi
        for threads in ${THREADS:-1 2}; do
            pin=()
            [ "$threads" != 1 ] || pin=(taskset -c "${CPU:-1}")
            "${pin[@]}" "${peers[@]}" compare "$folder/model" "$folder/model.gguf" "$threads" "${PROMPT:-256}" "${NEW:-128}" "$rounds" "${widened[@]}"
        done
    done
done
