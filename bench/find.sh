#!/usr/bin/env bash
# `find` of one pair of matrices as a whole process, against the slower of hashing both files with all cores and the scan alone.
#   bench/find.sh [ROWS] [WIDTH] [ROUNDS]     32000, 4096 (two times 262 MB of BF16 in the temporary folder), 9
# TOOL is the program that is measured; without it the portable build is. Needs a python3 with NumPy (PYTHON names another).
# Medians of rounds that take turns, files in the page cache.
set -eu -o pipefail
rows=${1:-32000} width=${2:-4096} rounds=${3:-9} root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd) python=${PYTHON:-python3}
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
if [ -n "${TOOL:-}" ]; then tool=("$TOOL")
else
    dotnet build -c Release -v q --nologo -p:RunAnalyzers="${ANALYZERS:-true}" "$root/src/KsLottery.Cli" >&2
    tool=(dotnet "$root/src/KsLottery.Cli/bin/Release/net10.0/kslottery.dll")
fi
"$python" "$root/bench/peers/find_pair.py" make "$folder" "$rows" "$width"
base=$folder/base.safetensors tuned=$folder/tuned.safetensors

timed() { # file, command...: seconds by the clock
    local to=$1 began; shift
    began=$(date +%s%N)
    "$@" > /dev/null
    awk "BEGIN {printf \"%.3f\n\", ($(date +%s%N) - $began) / 1e9}" >> "$folder/$to.txt"
}

for ((round = 0; round < rounds; round++)); do
    "$python" "$root/bench/peers/find_pair.py" hash "$(nproc)" "$base" "$tuned" >> "$folder/hash.txt"
    timed scan "${tool[@]}" find "$base" "$tuned" --all-tensors --quiet
    timed find "${tool[@]}" find "$base" "$tuned" --quiet
    timed version "${tool[@]}" --version
done

median() { sort -g "$folder/$1.txt" | sed -n "$(((rounds + 1) / 2))p"; }

echo "By \`${TOOL:+TOOL=kslottery }bench/find.sh $rows $width $rounds\`, commit $(git -C "$root" rev-parse --short HEAD), .NET $(dotnet --version); $(nproc) logical processors, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1); load $(cut -d' ' -f1 /proc/loadavg)."
echo
echo "| | s by the clock |"
echo "|---|---:|"
echo "| SHA-256 of all blocks of both files, all cores (hashlib) | $(median hash) |"
echo "| scan alone (\`find --all-tensors\`, whole process) | $(median scan) |"
echo "| \`find\`, whole process | $(median find) |"
echo "| \`--version\` | $(median version) |"
echo
awk "BEGIN {h = $(median hash); s = $(median scan); printf \"\`find\` takes %.2f times the slower of the first two.\n\", $(median find) / (h > s ? h : s)}"
