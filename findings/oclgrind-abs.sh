#!/usr/bin/env bash
# oclgrind 21.10, as Debian 12 has it with LLVM 14, refuses every kernel with an absolute value, written as d < 0 ? -d : d, and says that the
# program has no kernel of the name (CL_INVALID_KERNEL_NAME, -46).
#
# Its compiler optimises first, and LLVM makes llvm.abs of that since version 12, which oclgrind does not know. The build succeeds and
# CL_PROGRAM_KERNEL_NAMES lists the kernel, so that the name, the build or the driver's loader is suspected; the reason goes to stderr alone.
# The build option -cl-opt-disable is the way out.
#
# Seen with oclgrind 21.10-3 of Debian 12. Needs oclgrind; without it, or with another version, it says so and judges nothing. Fails if the
# behaviour is another.
set -eu -o pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

command -v oclgrind-kernel >/dev/null || { echo "not judged: oclgrind is not installed"; exit 0; }
oclgrind-kernel --version 2>&1 | grep -q 'Oclgrind 21\.10' || { echo "not judged: this is not oclgrind 21.10"; exit 0; }

cat >abs.cl <<'CL'
__kernel void distances(__global int *out, int middle)
{
    int d = (int)get_global_id(0) - middle;
    out[get_global_id(0)] = d < 0 ? -d : d;
}
CL
cat >abs.sim <<'SIM'
abs.cl
distances
4 1 1
4 1 1
<size=16 fill=0 dump>
<size=4 int>
2
SIM
{ oclgrind-kernel abs.sim 2>&1 || true; } | grep -E 'Undefined|Failed|out\[' | tee seen
oclgrind-kernel --build-options -cl-opt-disable abs.sim 2>&1 | grep -E 'Undefined|Failed|out\[' | tee -a seen

diff seen - <<'EXPECTED' || { echo "changed"; exit 1; }
Undefined external function: llvm.abs.i32
Failed to create kernel distances
  out[0] = 2
  out[1] = 1
  out[2] = 0
  out[3] = 1
EXPECTED
echo "as stated: oclgrind's optimiser makes an absolute value that oclgrind does not know"
