"""The ids of the top share of |tuned - base| by NumPy in chunks: two histograms and a listing, in as little memory as the engine.

select_share.py MANIFEST COUNT IDS
"""
import sys
import time

import numpy as np

CHUNK = 1 << 22
manifest, wanted, target = sys.argv[1], int(sys.argv[2]), sys.argv[3]
parts = [line.split() for line in open(manifest)]
peak = 0


def look():
    global peak
    line = next(line for line in open("/proc/self/status") if line.startswith("RssAnon:"))
    peak = max(peak, int(line.split()[1]) * 1024)


def widen(bits):
    wide = bits.astype(np.uint32)
    wide <<= 16
    return wide.view(np.float32)


def chunks():
    first = 0
    for before, before_offset, after, after_offset, count in parts:
        count = int(count)
        a = np.memmap(before, np.uint16, "r", int(before_offset), (count,))
        b = np.memmap(after, np.uint16, "r", int(after_offset), (count,))
        for start in range(0, count, CHUNK):
            keys = np.abs(widen(b[start:start + CHUNK]) - widen(a[start:start + CHUNK])).view(np.uint32)
            yield first + start, keys
            look()
        first += count


def find(bins, rank):
    above = 0
    for place in range(len(bins) - 1, -1, -1):
        if above + bins[place] >= rank:
            return place, above
        above += bins[place]
    raise ValueError("fewer than asked for")


started, used = time.perf_counter(), time.process_time()
upper = np.zeros(1 << 16, np.int64)
for _, keys in chunks():
    upper += np.bincount(keys >> 16, minlength=1 << 16)
high, above = find(upper, wanted)
lower = np.zeros(1 << 16, np.int64)
for _, keys in chunks():
    lower += np.bincount(keys[keys >> 16 == high] & 0xFFFF, minlength=1 << 16)
low, inside = find(lower, wanted - above)
last, ties = np.uint32(high << 16 | low), wanted - above - inside
with open(target, "wb") as file:
    for first, keys in chunks():
        chosen = keys > last
        if ties > 0:
            equal = np.flatnonzero(keys == last)[:ties]
            chosen[equal] = True
            ties -= len(equal)
        (np.flatnonzero(chosen).astype(np.int64) + first).tofile(file)
print(f"| NumPy {np.__version__}, chunks of {CHUNK:,}, 1 thread | {time.perf_counter() - started:.2f} "
      f"| {time.process_time() - used:.2f} | {peak / 1e6:.0f} |")
