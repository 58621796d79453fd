#!/usr/bin/env python3
"""Times SciPy, the best NumPy formulation and our kernel on the same rows in the same run, one pinned thread each.

    /usr/bin/python3 bench/peers/ks_peers.py [--width 4096] [--rows 4096] [--peer-rows 300]

Needs Debian's python3-scipy and python3-numpy, and the .NET SDK. Prints a table of rows per second (medians) and ratios, and fails
when any D differs: SciPy's and NumPy's D times d must equal our h in every row that they ran.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.pop("OPENBLAS_CORETYPE", None)

import numpy as np
import scipy
from scipy import stats

ROOT = Path(__file__).resolve().parents[2]
REGIMES = ["unrelated", "noise-1e-3", "noise-1e-6", "ninety-percent-identical-rows", "few-values", "lognormal"]


def make(regime, rows, width, rng):
    """Two F32 matrices of the same shape."""
    before = (rng.standard_normal((rows, width)) * 0.02).astype(np.float32)
    other = (rng.standard_normal((rows, width)) * 0.02).astype(np.float32)
    if regime == "unrelated":
        return before, other
    if regime.startswith("noise-"):
        return before, before + other * np.float32(float(regime[6:]))
    if regime == "ninety-percent-identical-rows":
        after = before.copy()
        after[::10] = other[::10]
        return before, after
    if regime == "few-values":
        return (rng.integers(0, 16, (rows, width)).astype(np.float32), rng.integers(0, 16, (rows, width)).astype(np.float32))
    return np.exp(before * 150).astype(np.float32), np.exp(other * 150).astype(np.float32)


def write_safetensors(path, rows):
    """The format by hand: 8-byte length, JSON header padded to 8, the bytes."""
    header = json.dumps({"rows": {"dtype": "F32", "shape": list(rows.shape), "data_offsets": [0, rows.nbytes]}}).encode()
    header += b" " * (-len(header) % 8)
    with open(path, "wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        rows.tofile(file)


def numpy_counts(before, after):
    """Two sorts along the rows, then for each value of one side how many of the other are at most as large."""
    x, y = np.sort(before, axis=1), np.sort(after, axis=1)
    index = np.arange(1, before.shape[1] + 1)
    counts = np.empty(len(x), np.int64)
    for i in range(len(x)):
        # At the last of equal values the index is the full count; earlier ones only understate the difference.
        up = (index - y[i].searchsorted(x[i], "right")).max()
        down = (index - x[i].searchsorted(y[i], "right")).max()
        counts[i] = max(up, down, 0)
    return counts


def scipy_counts(before, after):
    return np.array([round(stats.ks_2samp(b, a).statistic * len(b)) for b, a in zip(before, after)])


def median_rate(function, before, after, repetitions):
    rates = []
    for _ in range(repetitions):
        start = time.perf_counter()
        counts = function(before, after)
        rates.append(len(before) / (time.perf_counter() - start))
    return float(np.median(rates)), counts


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--width", type=int, default=4096)
    parser.add_argument("--rows", type=int, default=4096)
    parser.add_argument("--peer-rows", type=int, default=300)
    options = parser.parse_args()

    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})  # inherited by what is started below
    bench = ROOT / "bench" / "KsLottery.Bench"
    subprocess.run(["dotnet", "build", "-c", "Release", "-v", "q", "--nologo", str(bench)], check=True, stdout=subprocess.DEVNULL)
    tool = bench / "bin" / "Release" / "net10.0" / "KsLottery.Bench.dll"

    print(f"SciPy {scipy.__version__}, NumPy {np.__version__}, one pinned thread, F32, d = {options.width}; rows/s, medians\n")
    print("| regime | ours | kernel | NumPy | ratio | SciPy | ratio |")
    print("|---|---:|---|---:|---:|---:|---:|")
    rng = np.random.default_rng(20240204)
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for regime in REGIMES:
            before, after = make(regime, options.rows, options.width, rng)
            write_safetensors(folder / "base.safetensors", before)
            write_safetensors(folder / "tuned.safetensors", after)
            few = slice(0, options.peer_rows)
            numpy_rate, numpy_h = median_rate(numpy_counts, before[few], after[few], 5)
            scipy_rate, scipy_h = median_rate(scipy_counts, before[few], after[few], 3)
            environment = dict(os.environ, DOTNET_TieredPGO="0", DOTNET_TC_QuickJit="0")
            command = ["dotnet", str(tool), "pair", "base.safetensors", "tuned.safetensors", "counts"]
            line = subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, text=True).stdout
            kernel, rate, _, _ = line.split()
            ours = np.loadtxt(folder / "counts", dtype=np.int64)[few]
            wrong += int((ours != numpy_h).sum() + (ours != scipy_h).sum())
            rate = float(rate)
            print(f"| {regime} | {rate:,.0f} | {kernel} | {numpy_rate:,.0f} | {rate / numpy_rate:.0f} x | {scipy_rate:,.0f} | {rate / scipy_rate:.0f} x |", flush=True)
    print(f"\n{'every h equal' if wrong == 0 else f'{wrong} rows differ'} in {options.peer_rows} rows of each regime, three ways")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
