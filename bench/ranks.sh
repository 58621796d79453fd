#!/usr/bin/env bash
# Two ranks of one thread against one process of two threads, by turns: `find` over ROWS x 1024 BF16, processor time and time by the clock;
# and steps of a model of 5 M parameters, tokens a second as the median of their metrics has them.
#   bench/ranks.sh FOLDER [ROWS] [REPETITIONS]      FOLDER gets the pair, 4 KiB a row (8 GB for 2 million rows); nothing of it is taken away. ROWS 0: steps alone
# Takes Debian's openmpi-bin or mpich (MPI=mpich chooses), and NumPy (PYTHON=/usr/bin/python3). For a quiet machine of two processors.
set -eu -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
folder=$(realpath -m "$1") rows=${2:-2000000} repetitions=${3:-5} mpi=${MPI:-openmpi}
dotnet build -c Release -v q --nologo src/KsLottery.Cli
tool=(dotnet exec "$PWD/src/KsLottery.Cli/bin/Release/net10.0/kslottery.dll")
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
mkdir -p "$folder"
[ "$rows" = 0 ] || [ -e "$folder/tuned.safetensors" ] || "${PYTHON:-python3}" - "$folder" "$rows" <<'P'
import json, struct, sys
import numpy as np
folder, rows = sys.argv[1], int(sys.argv[2])
header = json.dumps({"model.embed_tokens.weight": {"dtype": "BF16", "shape": [rows, 1024], "data_offsets": [0, rows * 2048]}}).encode()
header += b" " * (-len(header) % 8)
with open(f"{folder}/base.safetensors", "wb") as a, open(f"{folder}/tuned.safetensors", "wb") as b:
    for f in (a, b): f.write(struct.pack("<Q", len(header)) + header)
    random = np.random.default_rng(1)
    for first in range(0, rows, 8192):
        x = random.standard_normal((min(8192, rows - first), 1024), dtype=np.float32)
        for f, y in ((a, x), (b, x + np.float32(1e-2) * random.standard_normal(x.shape, dtype=np.float32))):
            f.write((y.view(np.uint32) >> 16).astype("<u2").tobytes())
P
find=(find "$folder/base.safetensors" "$folder/tuned.safetensors" --top 100 --quiet)
ranks() { # number, command...
  local n=$1
  shift
  case $mpi in
    openmpi) mpirun.openmpi --oversubscribe --bind-to none -n "$n" "${tool[@]}" "$@" --threads 1 ;;
    *) mpirun.mpich -n "$n" "${tool[@]}" "$@" --threads 1 ;;
  esac
}
one() { "${tool[@]}" "${@:2}" --threads "$1"; }
TIMEFORMAT='%R %U %S'
measure() { # what, command...
  local what=$1; shift
  { time "$@" >"$folder/out" 2>"$folder/err"; } 2>"$folder/time" || { cat "$folder/err"; exit 1; }
  awk -v what="$what" '{ printf "%-32s %8.2f s by the clock %8.2f s of processors\n", what, $1, $2 + $3 }' "$folder/time"
}
[ "$rows" = 0 ] || for _ in $(seq "$repetitions"); do
  measure "one process of two threads" one 2 "${find[@]}"
  measure "two ranks of one thread ($mpi)" ranks 2 "${find[@]}"
done

cat docs/*.md >"$folder/text.txt"
train=(pretrain --text "$folder/text.txt" --vocabulary 2000 --width 256 --layers 6 --heads 8 --length 256 --batch 16 --micro-batch 2048
  --steps 20 --eval-share 0.01 --quiet --out)
for i in $(seq "$repetitions"); do
  rm -rf "$folder/one-$i" "$folder/two-$i"
  one 2 "${train[@]}" "$folder/one-$i" >/dev/null
  ranks 2 "${train[@]}" "$folder/two-$i" | grep '^ranks' | uniq
  cmp "$folder/one-$i/model.safetensors" "$folder/two-$i/model.safetensors"
done
python3 - "$folder" "$repetitions" "$mpi" <<'P'
import json, statistics, sys
folder, repetitions, mpi = sys.argv[1], int(sys.argv[2]), sys.argv[3]
def speeds(name):
    return [statistics.median(json.loads(line)["tokens_per_second"] for line in list(open(f"{folder}/{name}-{i + 1}/metrics.jsonl"))[5:])
            for i in range(repetitions)]
one, two = speeds("one"), speeds("two")
print(f"one process of two threads       {statistics.median(one):8.0f} tokens/s")
print(f"two ranks of one thread ({mpi}) {statistics.median(two):8.0f} tokens/s, "
      f"{statistics.median(a / b for a, b in zip(one, two)):.2f} times the time of a step")
P
