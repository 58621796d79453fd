#!/usr/bin/env bash
# Runs the files of examples/slurm as they stand, on a Slurm of one node that lives as long as this script: as root, without systemd, on loopback.
#   tests/slurm.sh KSLOTTERY_DLL       prints a line `ok` or `FAILED` for each check; takes Debian's slurm-wlm and munge
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
mkdir "$work"/{state,spool,bin}
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
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd.log
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
  munged --key-file="$work/munge.key" --socket="$work/munge.socket" --pid-file="$work/munged.pid" --log-file="$work/munged.log" \
    --seed-file="$work/munged.seed" --force && slurmctld -i && slurmd -N "$node" || { cat "$work"/*.log; return 1; }
  for _ in $(seq 100); do [ "$(sinfo -h -o %T)" != idle ] || return 0; sleep 0.1; done
  sinfo; tail "$work/slurmctld.log" "$work/slurmd.log"; return 1
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
