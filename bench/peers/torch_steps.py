#!/usr/bin/env python3
"""Times our steps and a peer's in turns, each figure in a process of its own, and prints a table; bench/torch.sh calls it.

    python3 bench/peers/torch_steps.py --ours "dotnet kslottery.dll" --peer "dotnet KsLottery.TorchPeers.dll" [--threads 1] [--rounds 3] [--text DIR] [GROUP ...]

GROUP is steps, text, large, long or tiny; all by default. DIR holds what bench/peers/real_text.py wrote. With one thread everything is pinned to --cpu.
The peer gets the same options, the name of a work on its input, and answers with seconds and the most bytes that were resident.
"""
import argparse
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

LARGE = ["--width", "768", "--layers", "12", "--heads", "12", "--feed-forward", "2048", "--batch", "2"]
LONG = ["--length", "2048", "--batch", "1"]
TINY = ["--width", "64", "--layers", "5", "--heads", "8", "--feed-forward", "172", "--vocabulary", "512", "--length", "64", "--batch", "16"]
# Group: what its rows are called, the works, the options of both, seconds to measure ours; a tiny step takes seconds to get its best code.
GROUPS = {
    "steps": [("15.2 M", ["forward", "full step", "embedding step", "ticket step"], [], 2)],
    "text": [("15.2 M, real text, the ticket found", ["ticket step"], ["--tokens", "found.txt"], 4),
             ("15.2 M, real text, its rows of no prompt", ["ticket step"], ["--tokens", "words.txt"], 4)],
    "large": [("110 M, 2 x 256", ["full step"], LARGE, 2)],
    "long": [("15.2 M, 1 x 2048", ["full step"], LONG, 2)],
    "tiny": [("5 x 64, 16 x 64", ["full step"], TINY, 8)],
}


def ours(command, work, options, seconds, threads):
    """Seconds, and the most bytes that the process had in memory."""
    process = subprocess.Popen([*command, "bench", "model", "--device", "cpu", "--threads", str(threads), "--seconds", str(seconds), "--json", "--quiet", "--work", work,
                                *options], text=True, stdout=subprocess.PIPE)
    said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"ours ended with {process.returncode}: {shlex.join(process.args)}")
    return json.loads(said)["figures"][0]["seconds"], used.ru_maxrss * 1024


def theirs(command, work, options, threads, environment):
    """What the peer is, seconds, and the most bytes that it had in memory."""
    process = subprocess.run([*command, "serve", "--threads", str(threads), *options], env=environment, input=work + "\n", text=True, stdout=subprocess.PIPE)
    lines = process.stdout.splitlines()
    if process.returncode != 0 or len(lines) != 2:
        sys.exit(f"the peer ended with {process.returncode}: {shlex.join(process.args)}")
    seconds, peak = lines[1].split()
    return lines[0], float(seconds), int(peak)


def median(values):
    return sorted(values)[len(values) // 2]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ours", required=True)
    parser.add_argument("--peer", required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cpu", default="1")
    parser.add_argument("--text", type=Path)
    parser.add_argument("groups", nargs="*", choices=[[], *GROUPS], metavar="GROUP")
    a = parser.parse_args()
    pin = ["taskset", "-c", a.cpu] if a.threads == 1 else []
    environment = {**os.environ, "OMP_NUM_THREADS": str(a.threads), "OMP_WAIT_POLICY": os.environ.get("OMP_WAIT_POLICY", "active")}
    rows = [(f"{name}, {work}", work, [str(a.text / o) if o.endswith(".txt") else o for o in options], seconds)
            for group in a.groups or GROUPS if group != "text" or a.text for name, works, options, seconds in GROUPS[group] for work in works]
    measured, version = {name: [] for name, *_ in rows}, ""
    for _ in range(a.rounds):
        for name, work, options, seconds in rows:
            own = ours([*pin, *shlex.split(a.ours)], work, options, seconds, a.threads)
            version, *peer = theirs([*pin, *shlex.split(a.peer)], work, options, a.threads, environment)
            measured[name].append((*own, *peer))
            print(f"{name}: {1e3 * own[0]:.0f} and {1e3 * peer[0]:.0f} ms", file=sys.stderr, flush=True)
    print(f"The peer is {version}.\n")
    print("| | ours, ms | libtorch, ms | libtorch / ours | in the rounds | ours, MiB | libtorch, MiB |\n|---|---:|---:|---:|---:|---:|---:|")
    for name, figures in measured.items():
        own, own_peak, peer, peer_peak = (median(column) for column in zip(*figures))
        ratios = [f[2] / f[0] for f in figures]
        print(f"| {name} | {1e3 * own:,.1f} | {1e3 * peer:,.1f} | {median(ratios):.2f} | {min(ratios):.2f}-{max(ratios):.2f} | "
              f"{own_peak / 2 ** 20:,.0f} | {peer_peak / 2 ** 20:,.0f} |")


if __name__ == "__main__":
    main()
