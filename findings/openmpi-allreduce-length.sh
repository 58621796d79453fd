#!/usr/bin/env bash
# MPI_Allreduce of the same numbers by the same three processes has other bits when more numbers travel with them (Open MPI 4.1.4).
#
# A sum of floats depends on its order, and the guess is that the order depends on the number of processes alone: then a job repeats its bits
# however the caller cuts an array into messages. Open MPI chooses an algorithm by the message's length, MPICH 4.0.2 does not up to this
# length, so that bits change with the cut and with the library; a job that is run again repeats them.
# What must have the same bits everywhere gathers its parts and adds them in an order of its own, or adds integers.
#
# Seen with Debian 12's openmpi-bin 4.1.4-3+b1 and mpich 4.0.2-3+b1, three processes of one machine, MPI_IN_PLACE. Needs mpicc.openmpi,
# mpicc.mpich and a C compiler; without them, or with other versions, it says so and judges nothing. Fails if the behaviour is another.
set -eu -o pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

for library in openmpi mpich; do
  command -v "mpicc.$library" >/dev/null && command -v "mpirun.$library" >/dev/null || { echo "not judged: $library is not installed"; exit 0; }
done
mpirun.openmpi --version | grep -q '4\.1\.4' || { echo "not judged: this is not Open MPI 4.1.4"; exit 0; }
mpirun.mpich --version | grep -q '4\.0\.2' || { echo "not judged: this is not MPICH 4.0.2"; exit 0; }

cat >sum.c <<'C'
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

enum { LONGEST = 73728 };

/* Each rank's numbers, spread over some decades: the same in every run. */
static float value(int rank, int at)
{
    unsigned x = (unsigned)at * 2654435761u + (unsigned)rank * 40503u + 1u;
    x ^= x >> 15, x *= 2246822519u, x ^= x >> 13, x *= 3266489917u, x ^= x >> 16;
    float power[] = { 1e-3f, 1e-2f, 1e-1f, 1.0f, 1e1f, 1e2f, 1e3f };
    return ((float)(x & 0xffff) / 65536.0f - 0.5f) * power[(x >> 16) % 7];
}

int main(int argc, char **argv)
{
    static float first[1152], sums[LONGEST];
    int rank, size, lengths[] = { 1152, LONGEST };
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    for (int l = 0; l < 2; l++) {
        int n = lengths[l], other = 0;
        for (int i = 0; i < n; i++) sums[i] = value(rank, i);
        MPI_Allreduce(MPI_IN_PLACE, sums, n, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
        if (l == 0) for (int i = 0; i < 1152; i++) first[i] = sums[i];
        for (int i = 0; i < 1152; i++) other += sums[i] != first[i];
        if (rank == 0 && l == 1) printf("%d ranks, of the first 1152 sums in a message of %d %d have other bits than in one of 1152\n", size, n, other);
    }
    MPI_Finalize();
    return 0;
}
C
for library in openmpi mpich; do
  "mpicc.$library" -O2 -o "sum.$library" sum.c
  options=()
  [ "$library" = mpich ] || options=(--oversubscribe --bind-to none)
  for turn in 1 2; do
    OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 timeout 120 "mpirun.$library" "${options[@]}" -n 3 "./sum.$library" |
      tr -d '\r' | sed "s/^/$library, turn $turn: /"
  done
done | tee seen

diff seen - <<'EXPECTED' || { echo "changed"; exit 1; }
openmpi, turn 1: 3 ranks, of the first 1152 sums in a message of 73728 91 have other bits than in one of 1152
openmpi, turn 2: 3 ranks, of the first 1152 sums in a message of 73728 91 have other bits than in one of 1152
mpich, turn 1: 3 ranks, of the first 1152 sums in a message of 73728 0 have other bits than in one of 1152
mpich, turn 2: 3 ranks, of the first 1152 sums in a message of 73728 0 have other bits than in one of 1152
EXPECTED
echo "as stated: with Open MPI a sum's bits depend on how many other numbers travel with it"
