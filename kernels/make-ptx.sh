#!/usr/bin/env bash
# Makes the PTX texts that CUDA devices are given from the C texts of all kernels, into kernels/ptx.tar.gz, which the build embeds, and lists their
# hashes in kernels/ptx.sha256, so that a diff shows which changed. Needs clang (14 or newer), GNU tar and gzip, no CUDA toolkit.
#   kernels/make-ptx.sh               every kernel of the built catalog whose C text changed
#   kernels/make-ptx.sh FILE.cu OUT   one text
# Every text begins with the SHA-256 of the C text that it was made from, so that a test can tell a stale one. The same texts make the same bytes.
set -eu -o pipefail
clang=${CLANG:-clang}
command -v "$clang" >/dev/null || { echo "no $clang: install clang 14 or newer, or name it with CLANG" >&2; exit 1; }

hash_of() { sha256sum <"$1" | cut -d' ' -f1; }

translate() { # C text, PTX text
  # Compute capability 7.0 (Volta), the oldest with shuffles that name their lanes' mask; PTX 6.0, which drivers since CUDA 9.0 read.
  # No contraction, IEEE division and square root, subnormals kept, no library: what the source says and nothing else.
  # Addresses of shared memory have 32 bits, as nvcc's texts have them: half the arithmetic.
  local made
  made=$(mktemp)
  "$clang" -x cuda --cuda-gpu-arch=sm_70 -Xclang -target-feature -Xclang +ptx60 --cuda-device-only -nocudainc -nocudalib \
    -Xclang -fcuda-short-ptr -mllvm -nvptx-short-ptr -O3 -ffp-contract=off -Wall -Werror -Wno-unused -Wno-unknown-cuda-version -S -o "$made" "$1"
  { echo "// SHA-256 of the C text: $(hash_of "$1")"; cat "$made"; } >"$2.tmp"
  mv "$2.tmp" "$2"
  rm -f "$made"
}

if [ $# -eq 2 ]; then translate "$1" "$2"; exit; fi
[ $# -eq 0 ] || { sed -n '2,6p' "$0" >&2; exit 1; }

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
archive=$root/kernels/ptx.tar.gz list=$root/kernels/ptx.sha256
export LC_ALL=C  # the archive's order is that of the names' bytes
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/c" "$work/ptx"
dotnet run -c Release --project "$root/src/KsLottery.Cli" -- devices --kernels "$work/c" >/dev/null
[ ! -f "$archive" ] || tar -xzf "$archive" -C "$work/ptx"
made=0 gone=0
for text in "$work"/c/*.cu; do
  ptx=$work/ptx/$(basename "$text" .cu).ptx
  if [ -f "$ptx" ] && [ "$(head -n 1 "$ptx")" = "// SHA-256 of the C text: $(hash_of "$text")" ]; then continue; fi
  translate "$text" "$ptx"
  made=$((made + 1))
done
for ptx in "$work"/ptx/*.ptx; do
  [ -f "$work/c/$(basename "$ptx" .ptx).cu" ] || { rm "$ptx"; gone=$((gone + 1)); }
done
if [ $((made + gone)) -gt 0 ] || [ ! -f "$list" ]; then
  (cd "$work/ptx" && tar --format=ustar --mtime=@0 --mode=644 --owner=0 --group=0 --numeric-owner -cf - -- *.ptx) | gzip -9n >"$work/archive"
  {
    echo "# Written by make-ptx.sh: kernel, SHA-256 of its PTX text, SHA-256 of the C text that it was made from"
    echo "ptx.tar.gz $(hash_of "$work/archive")"
    for ptx in "$work"/ptx/*.ptx; do
      name=$(basename "$ptx" .ptx)
      echo "$name $(hash_of "$ptx") $(hash_of "$work/c/$name.cu")"
    done
  } >"$work/list"
  mv "$work/archive" "$archive"
  mv "$work/list" "$list"
fi
echo "$made of $(ls "$work/c" | wc -l) texts made anew"
