#!/usr/bin/env python3
"""How long short commands take as whole processes, tools in turn, so that all meet the same machine.

    python3 bench/start-up.py [--rounds 41] NAME=COMMAND...

for instance  portable='dotnet src/KsLottery.Cli/bin/Release/net10.0/kslottery.dll' native=out/kslottery
Prints the smallest and the median time on the clock and of the processor in ms, and the ratios of the smallest to the first tool's.
"""
import argparse
import json
import os
import random
import resource
import shlex
import statistics
import struct
import subprocess
import tempfile
import time


def write_matrix(path, rows, width, seed):
    values = random.Random(seed)
    header = json.dumps({"model.embed_tokens.weight": {"dtype": "F32", "shape": [rows, width], "data_offsets": [0, 4 * rows * width]}})
    header += " " * (-len(header) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(header)) + header.encode())
        file.write(struct.pack(f"<{rows * width}f", *(values.gauss(0, 1) for _ in range(rows * width))))


def run(command):
    before, start = processor_time(), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    clock = time.perf_counter() - start
    return 1e3 * clock, 1e3 * (processor_time() - before)


def processor_time():
    children = resource.getrusage(resource.RUSAGE_CHILDREN)  # os.times counts in hundredths of a second
    return children.ru_utime + children.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=41)
    parser.add_argument("tools", nargs="+", metavar="NAME=COMMAND")
    options = parser.parse_args()
    tools = {name: shlex.split(command) for name, command in (tool.split("=", 1) for tool in options.tools)}
    with tempfile.TemporaryDirectory() as folder:
        pair = [os.path.join(folder, name) for name in ("before.safetensors", "after.safetensors")]
        for seed, path in enumerate(pair):
            write_matrix(path, 64, 64, seed)
        print("| command | tool | clock, ms (smallest, median) | × | processor, ms (smallest, median) | × |")
        print("|---|---|---:|---:|---:|---:|")
        for what, arguments in (("--version", ["--version"]), ("find, 64 × 64", ["find", *pair])):
            times = {name: [] for name in tools}
            for _ in range(options.rounds):
                for name, command in tools.items():
                    times[name].append(run(command + arguments))
            first = None
            for name, taken in times.items():
                clock, processor = zip(*taken)
                first = first or (min(clock), min(processor))
                print(f"| {what} | {name} | {min(clock):.1f}, {statistics.median(clock):.1f} | {min(clock) / first[0]:.2f} "
                      f"| {min(processor):.1f}, {statistics.median(processor):.1f} | {min(processor) / first[1]:.2f} |")


main()
