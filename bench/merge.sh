#!/usr/bin/env bash
# Merges two patches into a BF16 base: the tool against copying and flushing the base on the same disk, and NumPy doing the same.
#   bench/merge.sh [MILLIONS] [SHARE] [ROUNDS]     1100 (a base of 2.2 GB and twice that beside it in the temporary folder), 0.1, 3
# Needs a python3 with NumPy (PYTHON names another). Medians of rounds that take turns. Ends with 1 where results differ.
# Before each measured command the disk takes all that waits for it, the removal of the last output too, and has PAUSE seconds of rest (8).
# KSLOTTERY_TOOL names the tool, such as one that is packed or compiled ahead of time; without it the portable one is built.
set -eu -o pipefail
millions=${1:-1100} share=${2:-0.1} rounds=${3:-3} root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd) python=${PYTHON:-python3}
pause=${PAUSE:-8}
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
if [ -n "${KSLOTTERY_TOOL:-}" ]; then
    tool=("$KSLOTTERY_TOOL")
else
    dotnet build -c Release -v q --nologo -p:RunAnalyzers="${ANALYZERS:-true}" "$root/src/KsLottery.Cli" >&2
    tool=(dotnet "$root/src/KsLottery.Cli/bin/Release/net10.0/kslottery.dll")
fi
"$python" "$root/bench/peers/merge_patches.py" "$folder" "$millions" "$share"
sync

# The anonymous kilobytes of a process as "now"; fails when it is over. No program is started to look, and none to wait: they would take time
# from what is measured.
exec {never}<> <(:)
look() {
    local lines line
    now=
    mapfile -t lines 2> /dev/null < "/proc/$1/status" || return 1
    for line in "${lines[@]}"; do
        case $line in RssAnon:*) now=${line//[^0-9]/} ;; esac
    done
    [ -n "$now" ]
}

# Runs a command; prints seconds by the clock and of processors, and the most anonymous megabytes at any moment.
measure() {
    local began used peak=0 now pid
    began=$(date +%s.%N) used=$(awk '{print $16 + $17}' /proc/$$/stat)
    "$@" > /dev/null &
    pid=$!
    while look "$pid"; do
        if [ "$now" -gt "$peak" ]; then peak=$now; fi
        read -r -t 0.05 -u "$never" || true
    done 2> /dev/null
    wait "$pid"
    echo "$(date +%s.%N) $began $(awk '{print $16 + $17}' /proc/$$/stat) $used $peak $(getconf CLK_TCK)" \
        | awk '{printf "%.2f %.2f %.0f\n", $1 - $2, ($3 - $4) / $6, $5 * 1024 / 1e6}'
}

# Blocks of a removed file are given back to the disk behind its removal, and would be in the way of whatever comes next.
rest() { sync && sleep "$pause"; }

copy() { cp --reflink=never "$folder/base.safetensors" "$folder/copy.safetensors" && sync "$folder/copy.safetensors"; }

for ((round = 0; round < rounds; round++)); do
    rm -rf "$folder/copy.safetensors" "$folder/numpy.safetensors" "$folder/merged"
    rest
    measure copy >> "$folder/copy.txt"
    rm "$folder/copy.safetensors"
    rest
    measure "${tool[@]}" merge "$folder/base.safetensors" "$folder/a.safetensors" "$folder/b.safetensors" --how add --out "$folder/merged" \
        --quiet >> "$folder/own.txt"
    rest
    "$python" "$root/bench/peers/merge.py" merge "$folder" "$folder/numpy.safetensors" >> "$folder/numpy.txt"
    "$python" "$root/bench/peers/merge.py" same "$folder/merged/base.safetensors" "$folder/numpy.safetensors" \
        || { echo "the results differ" >&2; exit 1; }
done

median() { cut -d' ' -f"$2" "$folder/$1.txt" | sort -g | sed -n "$(((rounds + 1) / 2))p"; }

echo "By \`bench/merge.sh $millions $share $rounds\`, commit $(git -C "$root" rev-parse --short HEAD), .NET $(dotnet --version); $(nproc) logical processors, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1); load $(cut -d' ' -f1 /proc/loadavg); $pause s of rest before each."
echo
echo "| | s by the clock | times copying | s of processors | anonymous MB |"
echo "|---|---:|---:|---:|---:|"
for one in "copy:cp and sync of the base" "own:kslottery merge --how add" "numpy:NumPy in chunks, 1 thread"; do
    key=${one%%:*}
    echo "| ${one#*:} | $(median "$key" 1) | $(awk "BEGIN {printf \"%.2f\", $(median "$key" 1) / $(median copy 1)}") | $(median "$key" 2) | $(median "$key" 3) |"
done
echo
echo "The tool and NumPy write the same values."
