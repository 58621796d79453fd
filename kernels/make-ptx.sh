#!/usr/bin/env bash
# Makes the PTX texts that CUDA devices are given from the C texts of all kernels, into kernels/ptx: needs clang (14 or newer), no CUDA toolkit.
#   kernels/make-ptx.sh               every kernel of the built catalog whose C text changed
#   kernels/make-ptx.sh FILE.cu OUT   one text
# Every text begins with the SHA-256 of the C text that it was made from, so that a test can tell a stale one.
set -eu -o pipefail
clang=${CLANG:-clang}
command -v "$clang" >/dev/null || { echo "no $clang: install clang 14 or newer, or name it with CLANG" >&2; exit 1; }

translate() { # C text, PTX text
  # Compute capability 7.0 (Volta), the oldest with shuffles that name their lanes' mask; PTX 6.0, which drivers since CUDA 9.0 read.
  # No contraction, IEEE division and square root, subnormals kept, no library: what the source says and nothing else.
  # Addresses of shared memory have 32 bits, as nvcc's texts have them: half the arithmetic.
  local made
  made=$(mktemp)
  "$clang" -x cuda --cuda-gpu-arch=sm_70 -Xclang -target-feature -Xclang +ptx60 --cuda-device-only -nocudainc -nocudalib \
    -Xclang -fcuda-short-ptr -mllvm -nvptx-short-ptr -O3 -ffp-contract=off -Wall -Werror -Wno-unused -Wno-unknown-cuda-version -S -o "$made" "$1"
  { echo "// SHA-256 of the C text: $(sha256sum <"$1" | cut -d' ' -f1)"; cat "$made"; } >"$2.tmp"
  mv "$2.tmp" "$2"
  rm -f "$made"
}

if [ $# -eq 2 ]; then translate "$1" "$2"; exit; fi
[ $# -eq 0 ] || { sed -n '2,5p' "$0" >&2; exit 1; }

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
texts=$(mktemp -d)
trap 'rm -rf "$texts"' EXIT
dotnet run -c Release --project "$root/src/KsLottery.Cli" -- devices --kernels "$texts" >/dev/null
mkdir -p "$root/kernels/ptx"
made=0
for text in "$texts"/*.cu; do
  name=$(basename "$text" .cu)
  ptx=$root/kernels/ptx/$name.ptx
  if [ -f "$ptx" ] && [ "$(head -n 1 "$ptx")" = "// SHA-256 of the C text: $(sha256sum <"$text" | cut -d' ' -f1)" ]; then continue; fi
  translate "$text" "$ptx"
  made=$((made + 1))
done
for ptx in "$root"/kernels/ptx/*.ptx; do
  [ -f "$texts/$(basename "$ptx" .ptx).cu" ] || rm "$ptx"
done
echo "$made of $(ls "$texts" | grep -c '\.cu$') texts made anew"
