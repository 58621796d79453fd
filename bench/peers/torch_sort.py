#!/usr/bin/env python3
"""Times the row test as sorting in PyTorch and as our kernels, on the same device in the same run.

    python3 bench/peers/torch_sort.py [--torch cuda] [--device cuda:0] [--rows 4096] [--rounds 3]

Needs PyTorch (Debian: python3-torch, on the processor alone) and the .NET SDK, or a built tool that KSLOTTERY_PROGRAM names. PyTorch sorts both rows
together along the rows, sums up signs and takes the largest sum at the end of each run of equal values. Rows of both lie in the device's memory. Prints
rows per second (medians of rounds in turns), our multiple of PyTorch's, and the share of what PyTorch reads at that our rows are tested at; fails where
PyTorch's h differs from one that NumPy counts.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import torch

ROOT = Path(__file__).resolve().parents[2]
TYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
WIDTHS = [288, 1024, 4096, 8192]


def counts(before, after):
    """h of each row pair."""
    width = before.shape[1]
    values, places = torch.sort(torch.cat([before, after], 1), 1)
    differences = torch.where(places < width, 1, -1).to(torch.int32).cumsum(1, dtype=torch.int32).abs()
    differences[:, :-1][values[:, 1:] == values[:, :-1]] = 0
    return differences.amax(1)


def exact(before, after):
    """h of one row pair, by definition."""
    both = np.concatenate([before, after])
    return int(np.abs(np.searchsorted(np.sort(before), both, "right") - np.searchsorted(np.sort(after), both, "right")).max())


def wait(where):
    if where != "cpu":
        torch.cuda.synchronize()


def rate(before, after, where):
    wait(where)
    start = time.perf_counter()
    outcome = counts(before, after)
    wait(where)
    return len(before) / (time.perf_counter() - start), outcome


def read_speed(where):
    """Bytes per second at which PyTorch sums up what no cache holds."""
    values = torch.ones(1 << (28 if where != "cpu" else 26), device=where)
    times = []
    for _ in range(6):
        wait(where)
        start = time.perf_counter()
        values.sum()
        wait(where)
        times.append(time.perf_counter() - start)
    return values.numel() * 4 / statistics.median(times[1:])


def ours(tool, device, name):
    """Rows per second of our kernels, by what is measured."""
    command = [*tool, "verify", "perf", "--device", device, "--filter", name, "--seconds", "0.2", "--json", "--quiet"]
    figures = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)["figures"]
    return {f["name"]: f["rows_per_second"] for f in figures if "rows_per_second" in f}


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--torch", default="cuda" if torch.cuda.is_available() else "cpu")
    options.add_argument("--device", default=None)
    options.add_argument("--rows", type=int, default=4096)
    options.add_argument("--rounds", type=int, default=3)
    options = options.parse_args()
    device = options.device or ("cuda:0" if options.torch == "cuda" else "cpu")
    tool = os.environ.get("KSLOTTERY_PROGRAM", "").split()
    if not tool:
        subprocess.run(["dotnet", "build", "-c", "Release", "-v", "q", "--nologo", str(ROOT / "src/KsLottery.Cli")], check=True, stdout=sys.stderr)
        tool = ["dotnet", str(ROOT / "src/KsLottery.Cli/bin/Release/net10.0/kslottery.dll")]
    torch.set_num_threads(os.cpu_count())
    generator = torch.Generator().manual_seed(1)
    where = torch.cuda.get_device_name() if options.torch == "cuda" else f"the processor, {torch.get_num_threads()} threads"
    print(f"PyTorch {torch.__version__} on {where}, kslottery on {device}; unrelated rows, {options.rows} of them for PyTorch.")
    reads = read_speed(options.torch)
    print(f"PyTorch reads {reads / 1e9:,.0f} GB/s, in a sum of F32.\n", flush=True)
    print("| rows | PyTorch rows/s | kslottery rows/s | ratio | GB/s | of PyTorch's reads |\n|---|---:|---:|---:|---:|---:|", flush=True)
    for name, stored in TYPES.items():
        peers, own = {}, {}
        for _ in range(options.rounds):
            for width in WIDTHS:
                before, after = (torch.randn(options.rows, width, generator=generator).mul(0.02).to(stored) for _ in range(2))
                rows = [before.to(options.torch), after.to(options.torch)]
                _, outcome = rate(*rows, options.torch)
                for i in range(min(options.rows, 20)):
                    h = exact(before[i].float().numpy(), after[i].float().numpy())
                    if int(outcome[i]) != h:
                        sys.exit(f"{name} d={width}, row {i}: PyTorch's h is {int(outcome[i])}, NumPy's {h}")
                peers.setdefault(width, []).append(rate(*rows, options.torch)[0])
            for label, speed in ours(tool, device, f"rows {name} unrelated").items():
                own.setdefault(label, []).append(speed)
        for width, speeds in peers.items():
            peer, mine = statistics.median(speeds), statistics.median(own[f"rows {name} unrelated d={width}"])
            read = mine * 2 * width * (4 if name == "F32" else 2)
            print(f"| {name} d={width} | {peer:,.0f} | {mine:,.0f} | {mine / peer:.1f} | {read / 1e9:,.1f} | {read / reads:.0%} |", flush=True)


if __name__ == "__main__":
    main()
