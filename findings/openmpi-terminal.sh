#!/usr/bin/env bash
# A process that Open MPI's mpirun starts has a terminal for its standard output, though mpirun's own goes into a file.
#
# The guess is that what is redirected stays redirected. mpirun 4.1.4 gives each local process a pseudo-terminal and copies from it, so that
# isatty says yes in a batch job: programs colour their logs and lay tables out for a window. It is so for standard output alone, not for
# standard error, and MPICH's mpirun hands on a pipe. Whoever asks isatty asks for OMPI_COMM_WORLD_SIZE as well.
#
# Seen with Debian 12's openmpi-bin 4.1.4-3+b1 and mpich 4.0.2-3+b1. Without them, or with other versions, it says so and judges nothing.
# Fails if the behaviour is another.
set -eu -o pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

command -v mpirun.openmpi >/dev/null && command -v mpirun.mpich >/dev/null || { echo "not judged: Open MPI or MPICH is not installed"; exit 0; }
mpirun.openmpi --version | grep -q '4\.1\.4' || { echo "not judged: this is not Open MPI 4.1.4"; exit 0; }
mpirun.mpich --version | grep -q '4\.0\.2' || { echo "not judged: this is not MPICH 4.0.2"; exit 0; }

cat >rank.sh <<'SH'
for descriptor in 0 1 2; do [ -t $descriptor ] && echo "descriptor $descriptor: a terminal" || echo "descriptor $descriptor: none"; done
SH
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
for library in openmpi mpich; do
  timeout 60 "mpirun.$library" -n 1 sh rank.sh >"$library" 2>&1 </dev/null
  tr -d '\r' <"$library" | sed "s/^/$library, /"
done | tee seen

diff seen - <<'EXPECTED' || { echo "changed"; exit 1; }
openmpi, descriptor 0: none
openmpi, descriptor 1: a terminal
openmpi, descriptor 2: none
mpich, descriptor 0: none
mpich, descriptor 1: none
mpich, descriptor 2: none
EXPECTED
echo "as stated: under Open MPI a redirected standard output is a terminal"
