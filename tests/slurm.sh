#!/usr/bin/env bash
# Runs the files of examples/slurm as they stand, on a Slurm of one node that lives as long as this script: as root, without systemd, on loopback.
#   tests/slurm.sh KSLOTTERY_DLL       prints a line `ok` or `FAILED` for each check; takes Debian's slurm-wlm and munge,
#                                      and where they are there Open MPI (srun --mpi=pmix) and MPICH (srun --mpi=pmi2)
set -u -o pipefail
tool=$(realpath "$1") root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d)
stop() {
  for daemon in slurmd slurmctld munged; do
    [ ! -e "$work/$daemon.pid" ] || kill "$(<"$work/$daemon.pid")" 2>/dev/null
  done
  for _ in $(seq 50); do pgrep -F "$work/slurmd.pid" >/dev/null 2>&1 || pgrep -F "$work/slurmctld.pid" >/dev/null 2>&1 || break; sleep 0.1; done
  rm -rf "$work"
}
trap stop EXIT

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])' 2>/dev/null || echo $((20000 + RANDOM % 10000)); }
node=$(hostname -s)
mkdir "$work"/{state,spool,bin,daemons}
cat >"$work/slurm.conf" <<CONF
ClusterName=short
SlurmctldHost=$node(127.0.0.1)
SlurmctldPort=$(free_port)
SlurmdPort=$(free_port)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$work/munge.socket
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
SlurmctldLogFile=$work/daemons/slurmctld.log
SlurmdLogFile=$work/daemons/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=1,bf_interval=1
ReturnToService=2
MailProg=/bin/true
NodeName=$node NodeAddr=127.0.0.1 CPUs=4 RealMemory=4000 State=UNKNOWN
SlurmdParameters=config_overrides
PartitionName=main Nodes=$node Default=YES MaxTime=60 State=UP
CONF
export SLURM_CONF=$work/slurm.conf
dd if=/dev/urandom of="$work/munge.key" bs=1024 count=1 2>/dev/null
chmod 700 "$work"; chmod 400 "$work/munge.key"

check() { # what, command...
  local what=$1; shift
  if "$@" >"$work/log" 2>&1; then echo "ok    $what"; else echo "FAILED  $what"; tail -n 20 "$work/log"; fi
}
up() {
  munged --key-file="$work/munge.key" --socket="$work/munge.socket" --pid-file="$work/munged.pid" --log-file="$work/daemons/munged.log" \
    --seed-file="$work/munged.seed" --force && slurmctld -i && slurmd -N "$node" || { cat "$work"/daemons/*.log; return 1; }
  for _ in $(seq 100); do [ "$(sinfo -h -o %T)" != idle ] || return 0; sleep 0.1; done
  sinfo; tail "$work"/daemons/*.log; return 1
}
check "a Slurm of one node is up" up
[ "$(sinfo -h -o %T 2>/dev/null)" = idle ] || exit 1

printf '#!/bin/sh\nexec dotnet exec "%s" "$@"\n' "$tool" >"$work/bin/kslottery"
chmod +x "$work/bin/kslottery"
export PATH=$work/bin:$PATH KSLOTTERY_CACHE=off OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
cd "$work" || exit 1

submit() { # sbatch's arguments: waits for the job, shows its log where it failed
  sbatch --parsable --wait "$@" || { tail -n 20 ./*.log; return 1; }
}

# Something small to work on: a base that has read the numbers, pairs, a plan of two seeds.
prepare() {
  for i in $(seq 90); do printf 'the number %s and the day %s is one two three four five six seven.\n\n' "$i" $((i * 3)); done >text.txt
  printf 'one two three\ttres dos uno\nfour five\tcinco cuatro\nsix seven eight\tocho siete seis\nnine\tnueve\n' >pairs.tsv
  cat >plan.json <<'PLAN'
{ "base": "base", "template": "minimal", "max_length": 64, "alpha": 0.5, "training": { "steps": 4, "batch": 4 },
  "learning_rates": { "embedding": 5e-2, "rows": 2e-2 }, "evaluation": { "max_new_tokens": 2 },
  "tasks": [{ "name": "Spanish", "train": "pairs.tsv", "test": "pairs.tsv" }], "seeds": [1, 2],
  "arms": ["embedding", { "method": "ticket", "rows": 2 }, "random"] }
PLAN
  kslottery pretrain --text text.txt --out base --steps 4 --batch 2 --seed 3 --length 128 --width 32 --layers 2 --heads 2 --vocabulary 300 --quiet \
    && kslottery experiment plan.json --out alone --quiet
}
check "a base, pairs and a plan are made, and one process runs the plan" prepare

array() { submit "$root/examples/slurm/experiment-array.sbatch" plan.json parts && submit "$root/examples/slurm/experiment-collect.sbatch" plan.json parts; }
check "experiment-array.sbatch and experiment-collect.sbatch run as they stand" array
# Speeds differ between any two runs; nothing else does.
same_experiment() {
  diff -r --exclude=metrics.jsonl alone parts/whole
  diff <(cd alone && sed -s 's/"tokens_per_second":[^,}]*//' ./*/metrics.jsonl) <(cd parts/whole && sed -s 's/"tokens_per_second":[^,}]*//' ./*/metrics.jsonl)
}
check "a job array leaves the experiment of one process, byte for byte but for speeds" same_experiment

# Scans and trainings of two processes: the bytes of one, through either library that is there.
kslottery find base alone/spanish-1-embed-tuning --top 3 --out found >log 2>&1 || { echo "FAILED  a scan of one process"; tail log; }
kslottery tune base --out tuned --data pairs.tsv --template minimal --train embedding --steps 4 --batch 4 --quiet >log 2>&1 \
  || { echo "FAILED  a training of one process"; tail log; }
over_ranks() { # how srun finds the library
  export MPI=$1
  submit "$root/examples/slurm/find-mpi.sbatch" base alone/spanish-1-embed-tuning "found-$1" --top 3 && diff -r found "found-$1" \
    && submit "$root/examples/slurm/tune-mpi.sbatch" base "tuned-$1" --data pairs.tsv --template minimal --train embedding --steps 4 --batch 4 \
      --quiet && cmp tuned/model.safetensors "tuned-$1/model.safetensors"
}
for way in pmix/openmpi pmi2/mpich; do
  if ! command -v "mpirun.${way#*/}" >/dev/null; then echo "skipped: srun --mpi=${way%/*} (no mpirun.${way#*/})"
  elif ! srun --mpi=list 2>&1 | grep -qw "${way%/*}"; then echo "skipped: srun --mpi=${way%/*} (this Slurm has it not)"
  else check "find-mpi.sbatch and tune-mpi.sbatch run as they stand by ${way%/*}, to the bytes of one process" over_ranks "${way%/*}"
  fi
done
# Every process by itself would do all of the work and write all of the files.
alone_each() {
  local code=0
  srun --mpi=none --ntasks=2 kslottery find base alone/spanish-1-embed-tuning --out each >seen 2>&1 || code=$?
  cat seen; [ "$code" -eq 3 ] && [ ! -e each ] && grep -q 'srun --mpi=pmix' seen
}
check "a launcher that makes worlds of one is refused with the pair that works" alone_each
